namespace Licensing.Identity.Contracts;

/// <summary>A customer to be opened.</summary>
/// <param name="Partner">Whose.</param>
/// <param name="DisplayName">The tenant's.</param>
/// <param name="Country">ISO 3166-1 alpha-2.</param>
/// <param name="Email">The administrator's address, and the tenant's contact.</param>
/// <param name="Password">8 to 72 characters, more where the platform asks for more than its default.</param>
/// <param name="PersonName">The administrator's.</param>
/// <param name="Phone">As it was written.</param>
public sealed record NewCustomer(
    OrganizationId Partner, string DisplayName, string Country, string Email, string Password, string PersonName, string? Phone);
