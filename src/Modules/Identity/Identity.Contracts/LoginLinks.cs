using Licensing.Kernel;

namespace Licensing.Identity.Contracts;

/// <summary>A one-time login link's token.</summary>
/// <param name="Token">Redeemed once at <c>POST /api/v1/auth/login-links/redeem</c>; shown only here.</param>
/// <param name="UserId">Whom it logs in.</param>
/// <param name="ExpiresAt">Good until here.</param>
public sealed record IssuedLoginLink(string Token, Guid UserId, DateTimeOffset ExpiresAt);

/// <summary>
/// Makes one-time login links for the caller of this request, under his permission (<c>identity.login_links.create</c>), within his scope
/// and never to someone who may do more than he.
/// </summary>
public interface ILoginLinks
{
    /// <summary>
    /// For the first administrator of <paramref name="tenant"/>. Refused as not found outside the caller's scope, and as a conflict where
    /// the tenant has no administrator.
    /// </summary>
    Task<Result<IssuedLoginLink>> ForTenantAsync(OrganizationId tenant, CancellationToken ct);
}
