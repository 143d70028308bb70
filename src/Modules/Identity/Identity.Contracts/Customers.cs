using Licensing.Kernel;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Contracts;

/// <param name="Held">By external id.</param>
/// <param name="HeldByOthers">Those that there are too, by external id: somebody else is changing something of theirs.</param>
public sealed record HeldTenants(IReadOnlyDictionary<string, OrganizationRef> Held, IReadOnlySet<string> HeldByOthers);

/// <summary>
/// Tenants for the doors whose callers know them by what the partner calls them. Works within the scope of the present request and by its
/// rules for who may open tenants; what is outside does not exist.
/// </summary>
public interface ICustomers
{
    /// <summary>
    /// The tenant that a partner calls so, or null. It stays as answered until the caller's transaction ends, and whoever else asks for
    /// the same tenant here waits so long: its changes come one after the other.
    /// </summary>
    /// <param name="partner">The partner's external id; null is any partner within the scope, and then two such tenants are none.</param>
    /// <param name="tenant">The tenant's external id.</param>
    /// <param name="ct">Gives up.</param>
    Task<OrganizationRef?> HoldAsync(string? partner, string tenant, CancellationToken ct);

    /// <summary>
    /// As the other, for several tenants of one partner by their external ids. Waits for nobody. Those that there are not are left out;
    /// where more than one partner is called so, all are.
    /// </summary>
    Task<HeldTenants> HoldAsync(string partner, IReadOnlyCollection<string> tenants, CancellationToken ct);

    /// <summary>The tenant of that number, or null. Open, suspended or not.</summary>
    Task<OrganizationRef?> FindAsync(int code, CancellationToken ct);

    /// <summary>As <see cref="FindAsync"/>, held as by <see cref="HoldAsync(string?, string, CancellationToken)"/>.</summary>
    Task<OrganizationRef?> HoldAsync(int code, CancellationToken ct);

    /// <summary>Tenants as customers of their partners, newest first; those that are closed are left out.</summary>
    /// <param name="code">Only the one of this number.</param>
    /// <param name="start">Which page.</param>
    /// <param name="ct">Gives up.</param>
    Task<Result<Page<CustomerRef>>> ListAsync(int? code, PageStart start, CancellationToken ct);

    /// <summary>
    /// The partner of that external id, or null where there is none, or more than one, within the scope. Whoever else asks for it here waits
    /// until the caller's transaction ends.
    /// </summary>
    Task<OrganizationRef?> HoldPartnerAsync(string partner, CancellationToken ct);

    /// <summary>Opens a tenant as <c>POST /api/v1/tenants</c> does, with the partner's country and currency. Saved, not committed.</summary>
    Task<Result<OrganizationRef>> OpenAsync(OrganizationId partner, string externalId, string displayName, CancellationToken ct);

    /// <summary>Gives a partner or tenant another display name; the same one, or one outside the scope, is left as it is.</summary>
    Task<Result<Done>> RenameAsync(OrganizationId id, string displayName, CancellationToken ct);
}

/// <summary>The people of customers, for doors through which partners open both at once. Works within the scope of the present request.</summary>
public interface ICustomerAccounts
{
    /// <summary>Opens a tenant with an administrator who may log in at once, by the rules and rights of both. Saved, not committed.</summary>
    /// <returns>Refused with pointers of <see cref="NewCustomer"/>'s properties in camelCase.</returns>
    Task<Result<OrganizationRef>> OpenAsync(NewCustomer customer, CancellationToken ct);

    /// <summary>
    /// Gives the tenant's first administrator a password and ends what he has open; refused where he may do more than the caller, as a conflict
    /// where there is none, and as too many when he has been told of so many within the hour that he could not be told of this one.
    /// </summary>
    Task<Result<Done>> SetPasswordAsync(OrganizationId tenant, string password, CancellationToken ct);

    /// <summary>
    /// Where one letter to a tenant goes now: its first administrator's address, else its contact's, else null. Counts it in the present
    /// transaction, and is null too when that address has got, or the caller or his organisation has had sent, too many within the hour.
    /// Not bound to the scope.
    /// </summary>
    Task<string?> SpendLetterAsync(OrganizationId tenant, CancellationToken ct);
}

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
