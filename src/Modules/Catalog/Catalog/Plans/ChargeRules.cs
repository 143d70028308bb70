using Licensing.Catalog.Contracts;
using Licensing.Catalog.Meters;

namespace Licensing.Catalog.Plans;

/// <summary>What the charges of a plan must satisfy, all violations at once.</summary>
internal static class ChargeRules
{
    public const int Most = 200;

    /// <param name="charges">As sent.</param>
    /// <param name="rules">The product that the plan sells.</param>
    /// <param name="meters">Keys of the meters there are.</param>
    public static IReadOnlyList<FieldError> Check(IReadOnlyList<ChargeBody> charges, ProductRules rules, IReadOnlySet<string> meters)
    {
        if (charges.Count > Most)
            return [new("/charges", "count", $"charges must have at most {Most} entries.")];

        var errors = new List<FieldError>();
        var features = rules.Features.Select(f => f.Key).ToHashSet(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < charges.Count; i++)
        {
            var at = $"/charges/{i}";
            if (charges[i] is not { } charge)
            {
                errors.Add(new(at, "required", "A charge must not be null."));
                continue;
            }

            if (!Keys.IsChargeKey(charge.Key))
                errors.Add(new($"{at}/key", "invalid_key",
                    "A charge's key must be 1 to 63 letters, digits, '.', '_' and '-', and begin with a letter or digit."));
            else if (!seen.Add(charge.Key!))
                errors.Add(new($"{at}/key", "duplicate", $"The charge {charge.Key} is there twice."));
            if (string.IsNullOrWhiteSpace(charge.Name) || charge.Name.Length > Keys.LongestName)
                errors.Add(new($"{at}/name", "name", $"A charge's name must have 1 to {Keys.LongestName} characters."));
            errors.AddRange(Basis(charge, at, rules.Product, features, meters));
            errors.AddRange(PriceRules.Check(charge.Price, $"{at}/price"));
        }

        return errors;
    }

    private static IEnumerable<FieldError> Basis(ChargeBody charge, string at, string product, HashSet<string> features, IReadOnlySet<string> meters)
    {
        var given = (charge.Feature is null ? 0 : 1) + (charge.Meter is null ? 0 : 1);
        if (charge.Price.Model is PriceModel.Flat && given > 0)
            yield return new(at, "basis_not_allowed", "A flat charge has neither feature nor meter.");
        else if (charge.Price.Model is not PriceModel.Flat && given != 1)
            yield return new(at, "basis_required", "A charge must have exactly one of feature and meter, unless it is flat.");
        if (charge.Feature is { } feature && !features.Contains(feature))
            yield return new($"{at}/feature", "unknown_feature", $"{feature} is not a feature of the product {product}.");
        if (charge.Meter is { } meter && !meters.Contains(meter))
            yield return MeterRefusals.Unknown($"{at}/meter", meter);
        if (charge is { Feature: not null, Price.Model: PriceModel.Percentage })
            yield return new(at, "meter_required", "A percentage is of an amount that a meter adds up; a feature has none.");
        if (charge is { Meter: not null, Price.Prorate: true })
            yield return PriceRules.UsageProrated($"{at}/price/prorate");
        if (charge is { Meter: not null, InAdvance: true })
            yield return new($"{at}/inAdvance", "usage_in_advance", "Usage is billed after its period; inAdvance must be false.");
    }
}
