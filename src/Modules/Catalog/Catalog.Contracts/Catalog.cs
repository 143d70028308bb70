using System.Text.Json.Serialization;
using Licensing.Kernel;

namespace Licensing.Catalog.Contracts;

/// <summary>Something sold, with features and the rules of their quantities.</summary>
public readonly record struct ProductId(Guid Value) : IId<ProductId>;

/// <summary>An offer of a product, with versions.</summary>
public readonly record struct PlanId(Guid Value) : IId<PlanId>;

/// <summary>One published, immutable state of a plan; subscriptions keep theirs until moved.</summary>
public readonly record struct PlanVersionId(Guid Value) : IId<PlanVersionId>;

/// <summary>How usage of one kind is counted.</summary>
public readonly record struct MeterId(Guid Value) : IId<MeterId>;

/// <summary>A list of prices with a scope, a currency and a validity.</summary>
public readonly record struct PriceListId(Guid Value) : IId<PriceListId>;

/// <summary>How the quantities of a meter become one number.</summary>
public enum MeterAggregation
{
    /// <summary>Added up; negative corrections allowed.</summary>
    [JsonStringEnumMemberName("sum")]
    Sum,
    /// <summary>Records counted.</summary>
    [JsonStringEnumMemberName("count")]
    Count,
    /// <summary>The largest.</summary>
    [JsonStringEnumMemberName("max")]
    Max,
    /// <summary>The one with the latest start.</summary>
    [JsonStringEnumMemberName("last")]
    Last,
    /// <summary>Distinct values of the record's resource.</summary>
    [JsonStringEnumMemberName("unique")]
    Unique,
}

/// <param name="Id">Its id.</param>
/// <param name="Key">Stable key that records name, unique.</param>
/// <param name="Unit">For people, e.g. "GB-Hours".</param>
/// <param name="Aggregation">How its quantities add up.</param>
public sealed record MeterRef(MeterId Id, string Key, string Unit, MeterAggregation Aggregation)
{
    /// <summary>Keys that its records may have as dimensions; empty: any.</summary>
    public IReadOnlyList<string> Dimensions { get; init; } = [];
}

/// <summary>A published plan version, whole.</summary>
/// <param name="Id">The version.</param>
/// <param name="PlanId">Its plan.</param>
/// <param name="PlanKey">The plan's stable key.</param>
/// <param name="Version">1, 2, …</param>
/// <param name="Name">For people.</param>
/// <param name="Product">Key of the product it sells; its rules hold for the quantities.</param>
/// <param name="Currency">What it is priced in.</param>
/// <param name="Charges">Its own charges.</param>
/// <param name="UsesPriceLists">Whether usage with a SKU is priced from the price lists.</param>
/// <param name="TrialDays">Days from the start that are not billed.</param>
/// <param name="Terms">The life of its subscriptions.</param>
public sealed record PlanVersionRef(
    PlanVersionId Id, PlanId PlanId, string PlanKey, int Version, string Name, string Product, Currency Currency,
    IReadOnlyList<PlanCharge> Charges, bool UsesPriceLists, int TrialDays, PlanTermsRef Terms)
{
    /// <summary>False where it charges nothing by itself and by no list: such a plan can be bought in any currency.</summary>
    public bool IsPriced => Charges.Count > 0 || UsesPriceLists;
}

/// <summary>
/// One charge of a plan version. Exactly one of <paramref name="Feature"/> and <paramref name="Meter"/> is given for every model
/// but <c>flat</c>, which has neither.
/// </summary>
/// <param name="Key">Unique within the version; invoice lines name it.</param>
/// <param name="Name">For people.</param>
/// <param name="Feature">Charged on the subscription's quantity of this feature, prorated by days.</param>
/// <param name="Meter">Charged on the period's usage of this meter.</param>
/// <param name="Price">The model and its numbers.</param>
/// <param name="InAdvance">Billed with the period it is for (true) or after it (false); usage is always after.</param>
public sealed record PlanCharge(string Key, string Name, string? Feature, string? Meter, Price Price, bool InAdvance = false);

/// <summary>The price of one SKU as it applies to one subscription.</summary>
/// <param name="PriceListId">Where it comes from.</param>
/// <param name="Sku">The SKU.</param>
/// <param name="Meter">The meter it counts by.</param>
/// <param name="Name">For people.</param>
/// <param name="Price">The model and its numbers.</param>
public sealed record SkuPrice(PriceListId PriceListId, string Sku, string Meter, string Name, Price Price);

/// <summary>Reads published plans and meters, which never change, so that answers may be kept; and rules, which may change.</summary>
public interface ICatalog
{
    /// <summary>The version, or null.</summary>
    Task<PlanVersionRef?> FindPlanVersionAsync(PlanVersionId id, CancellationToken ct);

    /// <summary>Those that exist, in one read.</summary>
    Task<IReadOnlyDictionary<PlanVersionId, PlanVersionRef>> FindPlanVersionsAsync(IReadOnlyCollection<PlanVersionId> ids, CancellationToken ct);

    /// <summary>The newest published version of a plan that is not retired, or null.</summary>
    Task<PlanVersionRef?> CurrentVersionAsync(PlanId plan, CancellationToken ct);

    /// <summary>The newest published versions of those plans that have one and are not retired, in one read.</summary>
    Task<IReadOnlyDictionary<PlanId, PlanVersionRef>> CurrentVersionsAsync(IReadOnlyCollection<PlanId> plans, CancellationToken ct);

    /// <summary>The newest versions of the plans of a product that are on sale, the oldest plan first.</summary>
    Task<IReadOnlyList<PlanVersionRef>> OnSaleAsync(string product, CancellationToken ct);

    /// <summary>All meters by key.</summary>
    Task<IReadOnlyDictionary<string, MeterRef>> MetersAsync(CancellationToken ct);

    /// <summary>The features and rules of a product by its key, or null; a change of them is seen everywhere within five seconds.</summary>
    Task<ProductRules?> RulesAsync(string product, CancellationToken ct);
}

/// <summary>Finds prices. A book is a snapshot: a change while a run reads it does not reach that run's chunk.</summary>
public interface IPriceBooks
{
    /// <summary>
    /// The prices in force on the first day of <paramref name="period"/>: all global and regional lists, and those of
    /// <paramref name="tenants"/> (their organisation ids) and their subscriptions; in one read.
    /// </summary>
    Task<IPriceBook> OpenAsync(Period period, IReadOnlyCollection<Guid> tenants, CancellationToken ct);
}

/// <summary>Prices in memory.</summary>
public interface IPriceBook
{
    /// <summary>The most specific price: global &lt; region &lt; tenant &lt; subscription; null where none is in force.</summary>
    SkuPrice? Find(string sku, string meter, Currency currency, string? region, Guid tenant, Guid subscription);
}
