using Licensing.Catalog.Contracts;

namespace Licensing.Catalog.Plans;

/// <summary>A tier as it is sent: what the last one leaves out is open.</summary>
internal sealed record TierBody(decimal UnitPrice = 0, decimal? UpTo = null, decimal FlatFee = 0);

/// <summary>A price as it is sent.</summary>
internal sealed record PriceBody(
    PriceModel Model, decimal? Amount = null, decimal? UnitPrice = null, IReadOnlyList<TierBody>? Tiers = null,
    decimal? PackageSize = null, decimal? PackagePrice = null, decimal? FreeUnits = null, bool ChargeAtZero = true)
{
    public Price ToPrice() => new(
        Model, Amount, UnitPrice, Tiers is null ? null : [.. Tiers.Select(t => new PriceTier(t.UpTo, t.UnitPrice, t.FlatFee))],
        PackageSize, PackagePrice, FreeUnits, ChargeAtZero);

    public static PriceBody Of(Price price) => new(
        price.Model, price.Amount, price.UnitPrice,
        price.Tiers is null ? null : [.. price.Tiers.Select(t => new TierBody(t.UnitPrice, t.UpTo, t.FlatFee))],
        price.PackageSize, price.PackagePrice, price.FreeUnits, price.ChargeAtZero);
}
