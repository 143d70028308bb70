using Licensing.Catalog.Contracts;

namespace Licensing.Billing.Tests.Oracle;

/// <summary>What a quantity costs for a whole period, by the table of the charge models.</summary>
internal static class NaivePrices
{
    public static Fraction Of(Price price, Fraction quantity, long records)
    {
        Fraction included = price.IncludedUnits ?? 0;
        switch (price.Model)
        {
            case PriceModel.Flat:
                return price.Amount!.Value;
            case PriceModel.PerUnit:
                // A negative aggregate passes through.
                return (quantity.Sign < 0 ? quantity : Above(quantity, included)) * price.UnitPrice!.Value;
            case PriceModel.Package:
                {
                    Fraction cost = 0;
                    for (var begun = (Fraction)price.FreeUnits.GetValueOrDefault(); begun < quantity; begun += price.PackageSize!.Value)
                        cost += price.PackagePrice!.Value;
                    return cost;
                }

            case PriceModel.Percentage:
                return Above(quantity, price.FreeUnits ?? 0) * price.Percent!.Value / 100 + price.FixedFee.GetValueOrDefault() * (Fraction)records;
            default:
                return Tiered(price, Above(quantity, included));
        }
    }

    private static Fraction Above(Fraction quantity, Fraction free) => quantity > free ? quantity - free : 0;

    private static Fraction Tiered(Price price, Fraction quantity)
    {
        if (quantity.Sign == 0 && !price.ChargeAtZero)
            return 0;

        var (cost, from) = ((Fraction)0, (Fraction)0);
        for (var i = 0; i < price.Tiers!.Count; i++)
        {
            var tier = price.Tiers[i];
            var isIn = tier.UpTo is not { } upTo || quantity <= upTo;
            if (price.Model is PriceModel.Graduated && (i == 0 || quantity > from))
                cost += (isIn ? quantity - from : tier.UpTo!.Value - from) * tier.UnitPrice + tier.FlatFee;
            if (isIn && price.Model is PriceModel.Volume)
                return quantity * tier.UnitPrice + tier.FlatFee;
            if (isIn && price.Model is PriceModel.Stairstep)
                return tier.Price!.Value;
            if (isIn)
                return cost;
            from = tier.UpTo!.Value;
        }

        throw new InvalidOperationException("The last tier is open.");
    }
}
