using Licensing.Catalog.Contracts;

namespace Licensing.Catalog.Products;

/// <summary>What the rules of a product must satisfy themselves, so that every feature can be sold and the engine never meets a riddle.</summary>
internal static class FeatureRules
{
    public const int Most = 200;

    public static IReadOnlyList<FieldError> Check(IReadOnlyList<FeatureRule> features)
    {
        var errors = new List<FieldError>();
        if (features.Count is 0 or > Most)
            return [new("/features", "count", $"features must have 1 to {Most} entries.")];

        for (var i = 0; i < features.Count; i++)
            if (features[i] is null)
                errors.Add(new($"/features/{i}", "required", "A feature must not be null."));
        if (errors.Count > 0)
            return errors;

        var keys = features.Select(f => f.Key).ToHashSet(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < features.Count; i++)
        {
            var (feature, at) = (features[i], $"/features/{i}");
            if (!Keys.IsFeatureKey(feature.Key))
                errors.Add(new($"{at}/key", "invalid_key", $"A feature's key must be {Keys.FeatureKeyRule}."));
            if (!seen.Add(feature.Key))
                errors.Add(new($"{at}/key", "duplicate", $"The feature {feature.Key} is there twice."));
            if (string.IsNullOrWhiteSpace(feature.Name) || feature.Name.Length > Keys.LongestName)
                errors.Add(new($"{at}/name", "name", $"A feature's name must have 1 to {Keys.LongestName} characters."));
            errors.AddRange(Bounds(feature, at));
            errors.AddRange(References(feature.Key, feature.RequiresAny, $"{at}/requiresAny", keys));
            errors.AddRange(References(feature.Key, feature.RequiresAll, $"{at}/requiresAll", keys));
            errors.AddRange(References(feature.Key, feature.Excludes, $"{at}/excludes", keys));
            errors.AddRange(Inclusions(feature, at));
        }

        return errors.Count > 0 ? errors : Contradictions(features);
    }

    private static IEnumerable<FieldError> Bounds(FeatureRule feature, string at)
    {
        if (feature.Minimum < 0)
            yield return new($"{at}/minimum", "out_of_range", "minimum must be at least 0.");
        if (feature.Maximum < 0)
            yield return new($"{at}/maximum", "out_of_range", "maximum must be at least 0.");
        if (feature.ZeroOrMinimum < 1)
            yield return new($"{at}/zeroOrMinimum", "out_of_range", "zeroOrMinimum must be at least 1.");
        if (feature.Minimum > feature.Maximum)
            yield return new($"{at}/maximum", "contradiction", "maximum must not be below minimum.");
        if (feature.ZeroOrMinimum > feature.Maximum)
            yield return new($"{at}/maximum", "contradiction", "maximum must not be below zeroOrMinimum.");
        if (feature is { Minimum: > 0, ZeroOrMinimum: not null })
            yield return new($"{at}/zeroOrMinimum", "contradiction", "zeroOrMinimum allows 0, which minimum does not.");
    }

    private static IEnumerable<FieldError> References(string owner, IReadOnlyList<string>? references, string at, HashSet<string> keys)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (references?.Count ?? 0); i++)
            if (references![i] is not { } reference || !keys.Contains(reference))
                yield return new($"{at}/{i}", "unknown_feature", $"{references[i]} is not a feature of this product.");
            else if (reference == owner)
                yield return new($"{at}/{i}", "contradiction", $"{owner} must not refer to itself.");
            else if (!seen.Add(reference))
                yield return new($"{at}/{i}", "duplicate", $"{reference} is there twice.");
    }

    private static IEnumerable<FieldError> Inclusions(FeatureRule feature, string at)
    {
        for (var i = 0; i < (feature.Includes?.Count ?? 0); i++)
            if (feature.Includes![i] is not { } inclusion || !Keys.IsFeatureKey(inclusion.Entitlement))
                yield return new($"{at}/includes/{i}/entitlement", "invalid_key", $"An entitlement's key must be {Keys.FeatureKeyRule}.");
            else if (inclusion.Once < 0 || inclusion.PerUnit < 0 || inclusion.Once + inclusion.PerUnit == 0)
                yield return new($"{at}/includes/{i}", "out_of_range", "once and perUnit must not be negative, and one of them must be above 0.");
    }

    // A feature that can never be held, or a product that can never be sold, is a mistake of whoever wrote the rules.
    private static List<FieldError> Contradictions(IReadOnlyList<FeatureRule> features)
    {
        var byKey = features.ToDictionary(f => f.Key, StringComparer.Ordinal);
        var errors = new List<FieldError>();
        for (var i = 0; i < features.Count; i++)
        {
            var (feature, at) = (features[i], $"/features/{i}");
            // What is off sale need not be to be had: a feature and what needs it are retired together.
            if (feature.Maximum == 0)
                continue;
            if (feature.RequiresAny is { Count: > 0 } any && any.All(k => byKey[k].Maximum == 0 || feature.Excludes?.Contains(k) == true))
                errors.Add(new($"{at}/requiresAny", "contradiction", $"{feature.Key} can never have any of what it requires."));
            if (Clash(Needed([feature.Key], byKey), byKey) is { } clash)
                errors.Add(new($"{at}/requiresAll", "contradiction",
                    $"{feature.Key} needs {clash.One} and {clash.Other}, which exclude each other."));
        }

        var mandatory = Needed(features.Where(f => f.Minimum > 0).Select(f => f.Key), byKey);
        if (errors.Count == 0 && Clash(mandatory, byKey) is { } always)
            errors.Add(new("/features", "contradiction", $"{always.One} and {always.Other} exclude each other, but both are always needed."));
        foreach (var key in mandatory.Where(k => byKey[k].Maximum == 0).Order(StringComparer.Ordinal))
            errors.Add(new("/features", "contradiction", $"{key} is always needed but has the maximum 0."));
        if (errors.Count > 0)
            return errors;
        var ways = new WaysToHold(features, mandatory);
        if (!ways.Exist(null))
            return [new("/features", "contradiction", "What is always needed can never be held together.")];
        for (var i = 0; i < features.Count; i++)
            if (features[i].Maximum != 0 && !ways.Exist(features[i].Key))
                errors.Add(new($"/features/{i}", "contradiction",
                    $"{features[i].Key} can never be held together with what it needs and what is always needed."));
        return errors;
    }

    private static HashSet<string> Needed(IEnumerable<string> roots, Dictionary<string, FeatureRule> byKey)
    {
        var needed = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(roots);
        while (open.TryPop(out var key))
            if (needed.Add(key))
                foreach (var next in byKey[key].RequiresAll ?? [])
                    open.Push(next);
        return needed;
    }

    private static (string One, string Other)? Clash(HashSet<string> held, Dictionary<string, FeatureRule> byKey)
    {
        foreach (var key in held.Order(StringComparer.Ordinal))
            if (byKey[key].Excludes?.FirstOrDefault(held.Contains) is { } other)
                return (key, other);
        return null;
    }
}
