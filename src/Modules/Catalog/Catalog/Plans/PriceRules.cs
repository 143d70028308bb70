using System.Text.RegularExpressions;
using Licensing.Catalog.Contracts;

namespace Licensing.Catalog.Plans;

/// <summary>What a price must be like to be billed by: each model has its own fields, and no others.</summary>
internal static partial class PriceRules
{
    public const int MostTiers = 100;

    public static IEnumerable<FieldError> Check(PriceBody price, string at)
    {
        foreach (var error in Unused(price, at))
            yield return error;
        if (price.TaxCategory is { } category && !TaxCategory().IsMatch(category))
            yield return new($"{at}/taxCategory", "not_a_tax_category", "taxCategory must be 1 to 10 capital letters or digits, such as S.");

        var errors = price.Model switch
        {
            PriceModel.Flat => NotNegative(price.Amount, $"{at}/amount", "amount", "flat"),
            PriceModel.PerUnit => NotNegative(price.UnitPrice, $"{at}/unitPrice", "unitPrice", "perUnit"),
            PriceModel.Package => Package(price, at),
            PriceModel.Percentage => Percentage(price, at),
            _ => Tiers(price, at),
        };
        foreach (var error in errors.Concat(NotBelowZero(price, at)))
            yield return error;
    }

    /// <summary>A day's usage is of that day already.</summary>
    public static FieldError UsageProrated(string pointer) => new(pointer, "usage_not_prorated", "Usage is charged whole; prorate must be false.");

    private static IEnumerable<FieldError> NotBelowZero(PriceBody price, string at)
    {
        foreach (var (field, value) in new[]
        {
            ("freeUnits", price.FreeUnits), ("includedUnits", price.IncludedUnits), ("fixedFee", price.FixedFee),
        })
            if (value < 0)
                yield return new($"{at}/{field}", "out_of_range", $"{field} must be at least 0.");
    }

    private static IEnumerable<FieldError> NotNegative(decimal? value, string pointer, string field, string model)
    {
        if (value is null)
            yield return new(pointer, "required", $"{field} is required by the model {model}.");
        else if (value < 0)
            yield return new(pointer, "out_of_range", $"{field} must be at least 0.");
    }

    // Which events free units cover is not known of what is billed, only how many there were and their sum.
    private static IEnumerable<FieldError> Percentage(PriceBody price, string at)
    {
        foreach (var error in NotNegative(price.Percent, $"{at}/percent", "percent", "percentage"))
            yield return error;
        if (price is { FixedFee: > 0, FreeUnits: > 0 })
            yield return new(
                $"{at}/fixedFee", "not_with_free_units",
                "Which events free units cover is not known when usage is billed; give either freeUnits or fixedFee.");
    }

    private static IEnumerable<FieldError> Package(PriceBody price, string at)
    {
        if (price.PackageSize is null)
            yield return new($"{at}/packageSize", "required", "packageSize is required by the model package.");
        else if (price.PackageSize <= 0)
            yield return new($"{at}/packageSize", "out_of_range", "packageSize must be above 0.");
        foreach (var error in NotNegative(price.PackagePrice, $"{at}/packagePrice", "packagePrice", "package"))
            yield return error;
    }

    private static IEnumerable<FieldError> Tiers(PriceBody price, string at)
    {
        if (price.Tiers is not { Count: > 0 and <= MostTiers } tiers)
        {
            yield return new($"{at}/tiers", "count", $"tiers must have 1 to {MostTiers} entries.");
            yield break;
        }

        decimal below = 0;
        for (var i = 0; i < tiers.Count; i++)
        {
            var last = i == tiers.Count - 1;
            if (tiers[i] is not { } tier)
            {
                yield return new($"{at}/tiers/{i}", "required", "A tier must not be null.");
                continue;
            }

            if (last && tier.UpTo is not null)
                yield return new($"{at}/tiers/{i}/upTo", "last_tier_open", "The last tier must be open: its upTo must be null.");
            else if (!last && tier.UpTo is null)
                yield return new($"{at}/tiers/{i}/upTo", "required", "Only the last tier may be open: upTo is required here.");
            else if (tier.UpTo <= below)
                yield return new(
                    $"{at}/tiers/{i}/upTo", "not_ascending", $"upTo must be above {DecimalStrings.Of(below)}, where the tier begins.");
            foreach (var error in Tier(price.Model, tier, $"{at}/tiers/{i}"))
                yield return error;
            below = Math.Max(below, tier.UpTo ?? below);
        }
    }

    private static IEnumerable<FieldError> Tier(PriceModel model, TierBody tier, string at)
    {
        if (model is PriceModel.Stairstep)
        {
            foreach (var error in NotNegative(tier.Price, $"{at}/price", "price", "stairstep"))
                yield return error;
            if (tier.UnitPrice != 0 || tier.FlatFee != 0)
                yield return new(at, "not_of_model", "A tier of a stairstep has a price, and neither unitPrice nor flatFee.");
            yield break;
        }

        if (tier.UnitPrice < 0)
            yield return new($"{at}/unitPrice", "out_of_range", "unitPrice must be at least 0.");
        if (tier.FlatFee < 0)
            yield return new($"{at}/flatFee", "out_of_range", "flatFee must be at least 0.");
        if (tier.Price is not null)
            yield return new($"{at}/price", "not_of_model", "price is of the tiers of a stairstep.");
    }

    // A number that no one reads is a number that someone believes in.
    private static IEnumerable<FieldError> Unused(PriceBody price, string at)
    {
        var tiered = price.Model is PriceModel.Graduated or PriceModel.Volume or PriceModel.Stairstep;
        (string Field, bool Given, bool Used)[] fields =
        [
            ("amount", price.Amount is not null, price.Model is PriceModel.Flat),
            ("unitPrice", price.UnitPrice is not null, price.Model is PriceModel.PerUnit),
            ("tiers", price.Tiers is not null, tiered),
            ("packageSize", price.PackageSize is not null, price.Model is PriceModel.Package),
            ("packagePrice", price.PackagePrice is not null, price.Model is PriceModel.Package),
            ("freeUnits", price.FreeUnits is not null, price.Model is PriceModel.Package or PriceModel.Percentage),
            ("includedUnits", price.IncludedUnits is not null, tiered || price.Model is PriceModel.PerUnit),
            ("percent", price.Percent is not null, price.Model is PriceModel.Percentage),
            ("fixedFee", price.FixedFee is not null, price.Model is PriceModel.Percentage),
            ("prorate", price.Prorate is not null, price.Model is not PriceModel.Flat),
        ];
        foreach (var (field, _, _) in fields.Where(f => f is { Given: true, Used: false }))
            yield return new($"{at}/{field}", "not_of_model", $"{field} is not used by this model.");
    }

    [GeneratedRegex(@"^[A-Z0-9]{1,10}\z", RegexOptions.CultureInvariant)]
    private static partial Regex TaxCategory();
}
