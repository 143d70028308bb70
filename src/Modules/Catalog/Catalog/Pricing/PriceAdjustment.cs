using Licensing.Catalog.Contracts;

namespace Licensing.Catalog.Pricing;

/// <summary>
/// How the amounts of a price change at once, by percent or by an amount. Each changed number is rounded once, half away from zero, to
/// <paramref name="Decimals"/> places.
/// </summary>
/// <param name="Percent">Of every amount: unit prices, fees, package prices, prices of tiers and percentages.</param>
/// <param name="Amount">Added to what is paid per unit or package. A flat fee is neither, and stays.</param>
/// <param name="Decimals">0 to 12.</param>
internal sealed record PriceAdjustment(decimal? Percent, decimal? Amount, int Decimals)
{
    public const int MostDecimals = 12;
    public const decimal LeastPercent = -100, MostPercent = 1_000;
    public const decimal MostAmount = 1_000_000_000;

    /// <summary>Beyond it a number could not be sent back: decimals travel with 20 digits before the point.</summary>
    public const decimal MostPrice = 99_999_999_999_999_999_999m;

    /// <summary>Quantities (tier borders, package sizes, free units) are no amounts and stay.</summary>
    public Price Of(Price price) => price with
    {
        UnitPrice = Rate(price.UnitPrice),
        PackagePrice = Rate(price.PackagePrice),
        Percent = Fee(price.Percent),
        FixedFee = Fee(price.FixedFee),
        Tiers = price.Tiers is null ? null : [.. price.Tiers.Select(Of)],
    };

    // The price of a stairstep's tier is as flat as a flat fee, and it has no unit price that an amount could be added to.
    private PriceTier Of(PriceTier tier) => tier.Price is null
        ? tier with { UnitPrice = Rate(tier.UnitPrice)!.Value, FlatFee = Fee(tier.FlatFee)!.Value }
        : tier with { Price = Fee(tier.Price) };

    /// <summary>Whether each number of <paramref name="price"/> can be charged and travel.</summary>
    public static bool Holds(Price price) =>
        new[] { price.UnitPrice, price.PackagePrice, price.Percent, price.FixedFee }
            .Concat((price.Tiers ?? []).SelectMany(t => new decimal?[] { t.UnitPrice, t.FlatFee, t.Price }))
            .All(x => x is null or (>= 0 and <= MostPrice));

    public IEnumerable<FieldError> Check()
    {
        if (Percent is null == Amount is null)
            yield return new("", "percent_or_amount", "Exactly one of percent and amount must be given.");
        if (Percent is < LeastPercent or > MostPercent or 0)
            yield return new("/percent", "out_of_range", $"percent must be {LeastPercent} to {MostPercent} and not 0.");
        if (Amount is < -MostAmount or > MostAmount or 0)
            yield return new("/amount", "out_of_range", $"amount must be {-MostAmount} to {MostAmount} and not 0.");
        if (Decimals is < 0 or > MostDecimals)
            yield return new("/decimals", "out_of_range", $"decimals must be 0 to {MostDecimals}.");
    }

    private decimal? Rate(decimal? old) => old is { } rate ? Rounded(Percent is { } percent ? Raised(rate, percent) : rate + Amount!.Value) : null;

    private decimal? Fee(decimal? old) => old is { } fee && Percent is { } percent ? Rounded(Raised(fee, percent)) : old;

    private static decimal Raised(decimal old, decimal percent) => old * (100 + percent) / 100;

    private decimal Rounded(decimal value) => Math.Round(value, Decimals, MidpointRounding.AwayFromZero);
}
