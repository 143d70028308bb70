using Licensing.Identity.Contracts;
using Licensing.Kernel;

namespace Licensing.Catalog.Contracts;

/// <summary>A price of a list with whom it is for, as it can be kept: what is billed by it later does not follow a change of the list.</summary>
/// <param name="Region">Of a regional list; else null.</param>
/// <param name="TenantId">Of a tenant's list, or of one of its subscriptions; else null.</param>
/// <param name="SubscriptionId">Of a subscription's list: the value of its id; else null.</param>
/// <param name="Currency">What it is in.</param>
/// <param name="ValidFrom">First day of its list.</param>
/// <param name="Price">The price.</param>
public sealed record PinnedPrice(
    string? Region, OrganizationId? TenantId, Guid? SubscriptionId, Currency Currency, DateOnly ValidFrom, SkuPrice Price);

/// <summary>Keeps prices as they are at one instant, for work that takes longer than one transaction. No call checks the caller's scope.</summary>
public interface IPinnedPrices
{
    /// <summary>All prices in force on the first day of a period, those for everyone first, then by tenant; one read, streamed.</summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="ct">Gives up.</param>
    IAsyncEnumerable<PinnedPrice> InForceAsync(Period period, CancellationToken ct);

    /// <summary>The prices of some subscriptions' own lists in force on the first day of a period; one read.</summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="tenants">Whose the subscriptions are.</param>
    /// <param name="subscriptions">The values of their ids, whose type is of the module above.</param>
    /// <param name="ct">Gives up.</param>
    Task<IReadOnlyList<PinnedPrice>> OfSubscriptionsAsync(
        Period period, IReadOnlyCollection<OrganizationId> tenants, IReadOnlyCollection<Guid> subscriptions, CancellationToken ct);

    /// <summary>The prices of some tenants' lists, but for those of single subscriptions, in force on the first day of a period; one read.</summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="tenants">Whose.</param>
    /// <param name="ct">Gives up.</param>
    Task<IReadOnlyList<PinnedPrice>> OfTenantsAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct);

    /// <summary>A book of kept prices; it finds as the books of <see cref="IPriceBooks"/> do.</summary>
    /// <param name="prices">As they were told.</param>
    IPriceBook Open(IEnumerable<PinnedPrice> prices);
}
