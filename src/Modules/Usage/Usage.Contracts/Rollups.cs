using Licensing.Identity.Contracts;
using Licensing.Kernel;
using Licensing.Provisioning.Contracts;

namespace Licensing.Usage.Contracts;

/// <summary>The usage of one meter and SKU by one subscription over some days, aggregated as the meter says.</summary>
/// <param name="TenantId">Whose.</param>
/// <param name="SubscriptionId">By which subscription.</param>
/// <param name="Meter">The meter's key.</param>
/// <param name="Sku">The SKU; empty where the records named none.</param>
/// <param name="Region">The region; empty where the records named none.</param>
/// <param name="Quantity">Exact, never rounded.</param>
/// <param name="Records">How many records it stands for.</param>
public sealed record UsageTotal(
    OrganizationId TenantId, SubscriptionId SubscriptionId, string Meter, string Sku, string Region, Exact Quantity, long Records);

/// <summary>Reads usage aggregates; the cost does not depend on how many records there are.</summary>
public interface IUsageTotals
{
    /// <summary>Brings the rollups of these days up to every record that was acknowledged before the call.</summary>
    Task CatchUpAsync(Period period, CancellationToken ct);

    /// <summary>Totals of whole days for these tenants, ordered by tenant, subscription, meter, SKU, region; one ordered read.</summary>
    Task<IReadOnlyList<UsageTotal>> OfTenantsAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct);
}
