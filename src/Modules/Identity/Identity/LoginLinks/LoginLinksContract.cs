using Licensing.Identity.Contracts;

namespace Licensing.Identity.LoginLinks;

/// <summary><see cref="CreateLoginLink"/> for other modules' doors.</summary>
internal sealed class LoginLinksContract(ISender sender) : ILoginLinks
{
    public Task<Result<IssuedLoginLink>> ForTenantAsync(OrganizationId tenant, CancellationToken ct) =>
        sender.Send(new CreateLoginLink.Command(OrganizationId: tenant), ct);
}
