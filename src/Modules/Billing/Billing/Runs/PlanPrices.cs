using System.Runtime.CompilerServices;
using Licensing.Billing.Rating;
using Licensing.Catalog.Contracts;

namespace Licensing.Billing.Runs;

/// <summary>Turns a published price into the charge that rates it.</summary>
internal static class PlanPrices
{
    /// <param name="price">As the catalog holds it, valid since its publication.</param>
    /// <param name="isUsage">Usage is charged whole; for anything else the days of the period count unless the price says otherwise.</param>
    public static Charge ToCharge(this Price price, bool isUsage)
    {
        var charges = Known.GetValue(price, static of => new(() => of.Of(byDays: false), () => of.Of(byDays: true)));
        return !isUsage && (price.Prorate ?? true) ? charges.ByDays.Value : charges.Whole.Value;
    }

    // A published price never changes, and thousands of tenants hold the same one: it is turned into charges once, for as long as it is there.
    private static readonly ConditionalWeakTable<Price, Charges> Known = [];

    private sealed class Charges(Func<Charge> whole, Func<Charge> byDays)
    {
        public Lazy<Charge> Whole { get; } = new(whole);

        public Lazy<Charge> ByDays { get; } = new(byDays);
    }

    private static Charge Of(this Price price, bool byDays) => price.Model switch
    {
        PriceModel.Flat => new FlatCharge(Given(price.Amount, price, "amount")),
        PriceModel.PerUnit => new PerUnitCharge(Given(price.UnitPrice, price, "unitPrice"))
        {
            IncludedUnits = price.IncludedUnits ?? 0,
            Prorate = byDays,
        },
        PriceModel.Graduated => Tiered(new GraduatedCharge(Tiers(price)), price, byDays),
        PriceModel.Volume => Tiered(new VolumeCharge(Tiers(price)), price, byDays),
        PriceModel.Package => new PackageCharge(Given(price.PackageSize, price, "packageSize"), Given(price.PackagePrice, price, "packagePrice"))
        {
            FreeUnits = price.FreeUnits ?? 0,
            Prorate = byDays,
        },
        PriceModel.Percentage => new PercentageCharge(Given(price.Percent, price, "percent"))
        {
            FixedFee = price.FixedFee ?? 0,
            FreeUnits = price.FreeUnits ?? 0,
            Prorate = byDays,
        },
        PriceModel.Stairstep => Tiered(new StairstepCharge(Tiers(price)), price, byDays),
        _ => throw new InvalidOperationException($"There is no charge for the model {price.Model}."),
    };

    private static TieredCharge Tiered(TieredCharge charge, Price price, bool byDays) =>
        charge with { ChargeAtZero = price.ChargeAtZero, IncludedUnits = price.IncludedUnits ?? 0, Prorate = byDays };

    // What a stored price lacks must not become free; the run reports the tenant instead.
    private static decimal Given(decimal? value, Price price, string field) => value ?? throw Missing(price, field);

    private static IReadOnlyList<PriceTier> Given(IReadOnlyList<PriceTier>? value, Price price, string field) => value ?? throw Missing(price, field);

    private static InvalidOperationException Missing(Price price, string field) =>
        new($"A published price of the model {price.Model} has no {field}.");

    private static Tier[] Tiers(Price price) =>
        [.. Given(price.Tiers, price, "tiers").Select(tier => new Tier(
            tier.UpTo is { } upTo ? (Exact)upTo : null, tier.UnitPrice,
            price.Model is PriceModel.Stairstep ? Given(tier.Price, price, "price") : tier.FlatFee))];
}
