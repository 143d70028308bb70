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
        PriceModel.Flat => new FlatCharge(price.Amount.GetValueOrDefault()),
        PriceModel.PerUnit => new PerUnitCharge(price.UnitPrice.GetValueOrDefault()) { Prorate = byDays },
        PriceModel.Graduated => new GraduatedCharge(Tiers(price)) { ChargeAtZero = price.ChargeAtZero, Prorate = byDays },
        PriceModel.Volume => new VolumeCharge(Tiers(price)) { ChargeAtZero = price.ChargeAtZero, Prorate = byDays },
        PriceModel.Package => new PackageCharge(price.PackageSize.GetValueOrDefault(), price.PackagePrice.GetValueOrDefault())
        {
            FreeUnits = price.FreeUnits ?? 0,
            Prorate = byDays,
        },
        _ => throw new InvalidOperationException($"There is no charge for the model {price.Model}."),
    };

    private static Tier[] Tiers(Price price) =>
        [.. (price.Tiers ?? []).Select(tier => new Tier(tier.UpTo is { } upTo ? (Exact)upTo : null, tier.UnitPrice, tier.FlatFee))];
}
