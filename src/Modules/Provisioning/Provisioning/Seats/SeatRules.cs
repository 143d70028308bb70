using Licensing.Catalog.Contracts;

namespace Licensing.Provisioning.Seats;

/// <summary>
/// Whether quantities are allowed: a pure function of a product's rules and the state that would result, never of the request
/// alone. All violations, in the order of the product's features; quantities of no feature come first, by name.
/// </summary>
internal static class SeatRules
{
    /// <param name="rules">The product's.</param>
    /// <param name="quantities">The resulting state; what is absent is 0.</param>
    /// <param name="at">Pointer of the object that holds the quantities in the request.</param>
    public static IReadOnlyList<FieldError> Check(ProductRules rules, IReadOnlyDictionary<string, int> quantities, string at = "")
    {
        var errors = new List<FieldError>();
        var features = rules.Features.Select(f => f.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var unknown in quantities.Keys.Where(k => !features.Contains(k)).Order(StringComparer.Ordinal))
            errors.Add(Error(at, unknown, "unknown_feature", $"{unknown} is not a feature of the product {rules.Product}."));
        foreach (var feature in rules.Features)
            errors.AddRange(Check(feature, quantities, at));
        return errors;
    }

    private static IEnumerable<FieldError> Check(FeatureRule feature, IReadOnlyDictionary<string, int> quantities, string at)
    {
        var (key, quantity) = (feature.Key, quantities.GetValueOrDefault(feature.Key));
        if (quantity < 0)
        {
            yield return Error(at, key, "negative", $"{key} must be at least 0.");
            yield break;
        }

        if (quantity < feature.Minimum)
            yield return Error(at, key, "minimum", $"{key} must be at least {feature.Minimum}.");
        if (quantity > feature.Maximum)
            yield return Error(at, key, "maximum", $"{key} must be at most {feature.Maximum}.");
        if (quantity > 0 && quantity < feature.ZeroOrMinimum)
            yield return Error(at, key, "zero_or_minimum", $"{key} must be 0 or at least {feature.ZeroOrMinimum}.");
        if (quantity == 0)
            yield break;

        if (feature.RequiresAny is { Count: > 0 } any && !any.Any(Held))
            yield return Error(at, key, "requires_any", $"{key} needs at least one of {string.Join(", ", any)}.");
        foreach (var missing in (feature.RequiresAll ?? []).Where(k => !Held(k)))
            yield return Error(at, key, "requires_all", $"{key} needs {missing}.");
        foreach (var excluded in (feature.Excludes ?? []).Where(Held))
            yield return Error(at, key, "excludes", $"{key} and {excluded} exclude each other.");

        bool Held(string other) => quantities.GetValueOrDefault(other) > 0;
    }

    private static FieldError Error(string at, string feature, string code, string message) =>
        new($"{at}/{PointerToken.Escape(feature)}", code, message);
}
