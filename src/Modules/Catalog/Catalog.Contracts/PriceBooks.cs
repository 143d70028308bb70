using Licensing.Identity.Contracts;
using Licensing.Kernel;

namespace Licensing.Catalog.Contracts;

/// <summary>A list of prices with a scope, a currency and a validity.</summary>
public readonly record struct PriceListId(Guid Value) : IId<PriceListId>;

/// <summary>The price of one SKU as it applies to one subscription.</summary>
/// <param name="PriceListId">Where it comes from.</param>
/// <param name="Sku">The SKU.</param>
/// <param name="Meter">The meter it counts by.</param>
/// <param name="Name">For people.</param>
/// <param name="Price">The model and its numbers.</param>
public sealed record SkuPrice(PriceListId PriceListId, string Sku, string Meter, string Name, Price Price);

/// <summary>A price that applies.</summary>
/// <param name="Price">What it is.</param>
/// <param name="Currency">What it is in.</param>
public readonly record struct FoundPrice(SkuPrice Price, Currency Currency);

/// <summary>
/// Finds prices. A book is a snapshot: a change while a run reads it does not reach that run's chunk. No call checks the caller's scope; the asking
/// slice does.
/// </summary>
public interface IPriceBooks
{
    /// <summary>
    /// The prices in force on the first day of <paramref name="period"/>: all global and regional lists, and those of
    /// <paramref name="tenants"/> and their subscriptions; in one read.
    /// </summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="tenants">Whose own lists are read too.</param>
    Task<IPriceBook> OpenAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct);
}

/// <summary>Prices in memory.</summary>
public interface IPriceBook
{
    /// <summary>
    /// The most specific price: global &lt; region &lt; tenant &lt; subscription; of one scope that in <paramref name="currency"/>, else that in
    /// <paramref name="other"/>; null where none is in force.
    /// </summary>
    /// <param name="sku">The SKU.</param>
    /// <param name="meter">The meter's key.</param>
    /// <param name="currency">What is billed in.</param>
    /// <param name="other">What a price may be in besides; prices in others are none.</param>
    /// <param name="region">Where it was used; null where that is not known.</param>
    /// <param name="tenant">Who used it.</param>
    /// <param name="subscription">By which subscription: the value of its id, whose type is of the module above.</param>
    FoundPrice? Find(string sku, string meter, Currency currency, Currency other, string? region, OrganizationId tenant, Guid subscription);
}
