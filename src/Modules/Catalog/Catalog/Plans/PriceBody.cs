using Licensing.Catalog.Contracts;

namespace Licensing.Catalog.Plans;

/// <summary>A tier as it is sent: what the last one leaves out is open.</summary>
internal sealed record TierBody(decimal UnitPrice = 0, decimal? UpTo = null, decimal FlatFee = 0, decimal? Price = null);

/// <summary>A price as it is sent.</summary>
internal sealed record PriceBody(
    PriceModel Model, decimal? Amount = null, decimal? UnitPrice = null, IReadOnlyList<TierBody>? Tiers = null,
    decimal? PackageSize = null, decimal? PackagePrice = null, decimal? FreeUnits = null, bool ChargeAtZero = true,
    decimal? IncludedUnits = null, decimal? Percent = null, decimal? FixedFee = null, bool? Prorate = null, string? TaxCategory = null)
{
    public Price ToPrice() => new(
        Model, Amount, UnitPrice, Tiers is null ? null : [.. Tiers.Select(t => new PriceTier(t.UpTo, t.UnitPrice, t.FlatFee, t.Price))],
        PackageSize, PackagePrice, FreeUnits, ChargeAtZero, IncludedUnits, Percent, FixedFee, Prorate, TaxCategory);

    public static PriceBody Of(Price price) => new(
        price.Model, price.Amount, price.UnitPrice,
        price.Tiers is null ? null : [.. price.Tiers.Select(t => new TierBody(t.UnitPrice, t.UpTo, t.FlatFee, t.Price))],
        price.PackageSize, price.PackagePrice, price.FreeUnits, price.ChargeAtZero, price.IncludedUnits, price.Percent, price.FixedFee,
        price.Prorate, price.TaxCategory);
}
