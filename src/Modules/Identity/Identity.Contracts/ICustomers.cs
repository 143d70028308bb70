using Licensing.Kernel;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Contracts;

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

    /// <summary>
    /// As <see cref="HoldPartnerAsync"/>, where the partner is called otherwise than <paramref name="displayName"/>, also when the wait is
    /// over; null, and nothing held, where it is called so already. Of several partners of that external id it is the one that has the tenant;
    /// null where none of them has it.
    /// </summary>
    /// <param name="partner">The partner's external id.</param>
    /// <param name="tenant">The external id of a tenant that it has or is to have.</param>
    /// <param name="displayName">How it is to be called.</param>
    /// <param name="ct">Gives up.</param>
    Task<OrganizationRef?> HoldPartnerToRenameAsync(string partner, string tenant, string displayName, CancellationToken ct);

    /// <summary>Opens a tenant as <c>POST /api/v1/tenants</c> does, with the partner's country and currency. Saved, not committed.</summary>
    Task<Result<OrganizationRef>> OpenAsync(OrganizationId partner, string externalId, string displayName, CancellationToken ct);

    /// <summary>Gives a partner or tenant another display name; the same one, or one outside the scope, is left as it is.</summary>
    Task<Result<Done>> RenameAsync(OrganizationId id, string displayName, CancellationToken ct);
}
