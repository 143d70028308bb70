using Licensing.Billing.Rating;
using Licensing.Catalog.Contracts;

namespace Licensing.Billing.Runs;

/// <summary>Turns a published price into the charge that rates it.</summary>
internal static class PlanPrices
{
    /// <param name="price">As the catalog holds it, valid since its publication.</param>
    /// <param name="byDays">Whether the days of the period count; usage is charged whole.</param>
    public static Charge ToCharge(this Price price, bool byDays) => price.Model switch
    {
        PriceModel.Flat => new FlatCharge(Given(price.Amount, price, "amount")),
        PriceModel.PerUnit => new PerUnitCharge(Given(price.UnitPrice, price, "unitPrice")) { Prorate = byDays },
        PriceModel.Graduated => new GraduatedCharge(Tiers(price)) { ChargeAtZero = price.ChargeAtZero, Prorate = byDays },
        PriceModel.Volume => new VolumeCharge(Tiers(price)) { ChargeAtZero = price.ChargeAtZero, Prorate = byDays },
        PriceModel.Package => new PackageCharge(Given(price.PackageSize, price, "packageSize"), Given(price.PackagePrice, price, "packagePrice"))
        {
            FreeUnits = price.FreeUnits ?? 0,
            Prorate = byDays,
        },
        _ => throw new InvalidOperationException($"There is no charge for the model {price.Model}."),
    };

    // What a stored price lacks must not become free; the run reports the tenant instead.
    private static decimal Given(decimal? value, Price price, string field) => value ?? throw Missing(price, field);

    private static IReadOnlyList<PriceTier> Given(IReadOnlyList<PriceTier>? value, Price price, string field) => value ?? throw Missing(price, field);

    private static InvalidOperationException Missing(Price price, string field) =>
        new($"A published price of the model {price.Model} has no {field}.");

    private static Tier[] Tiers(Price price) =>
        [.. Given(price.Tiers, price, "tiers").Select(tier => new Tier(tier.UpTo is { } upTo ? (Exact)upTo : null, tier.UnitPrice, tier.FlatFee))];
}
