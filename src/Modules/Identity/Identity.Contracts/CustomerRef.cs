namespace Licensing.Identity.Contracts;

/// <summary>A tenant as its partner's customer.</summary>
/// <param name="Id">The tenant.</param>
/// <param name="Code">Its number.</param>
/// <param name="DisplayName">For people.</param>
/// <param name="ContactName">Whom to reach there.</param>
/// <param name="Email">His address.</param>
/// <param name="Phone">His number.</param>
/// <param name="Country">ISO 3166-1 alpha-2.</param>
/// <param name="Active">False while it is suspended.</param>
/// <param name="CreatedAt">When it was opened.</param>
public sealed record CustomerRef(
    OrganizationId Id, int Code, string DisplayName, string? ContactName, string? Email, string? Phone, string Country, bool Active,
    DateTimeOffset CreatedAt);
