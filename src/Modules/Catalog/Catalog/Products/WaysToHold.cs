using System.Runtime.Intrinsics;
using Licensing.Catalog.Contracts;

namespace Licensing.Catalog.Products;

/// <summary>
/// Whether a feature can be held together with what is always needed, by trying of what features require any of each way until one holds. Sets of
/// features are bits: <see cref="FeatureRules.Most"/> fit into 256.
/// </summary>
internal sealed class WaysToHold
{
    // Features and choices that are looked at for one feature; rules that people write need a thousand. What is beyond them the engine decides at
    // the sale.
    private const int MostLooks = 1_000_000;

    private readonly Dictionary<string, int> _places;
    private readonly Rule[] _rules;
    private readonly Vector256<ulong> _always;
    private Vector256<ulong> _proven;
    private int _looks;

    public WaysToHold(IReadOnlyList<FeatureRule> features, IEnumerable<string> always)
    {
        _places = features.Select((f, i) => (f.Key, i)).ToDictionary(StringComparer.Ordinal);
        var clashing = new Vector256<ulong>[features.Count];
        for (var i = 0; i < features.Count; i++)
            foreach (var other in (features[i].Excludes ?? []).Select(k => _places[k]))
                (clashing[i], clashing[other]) = (clashing[i] | Bit(other), clashing[other] | Bit(i));
        var unsold = SetOf(features.Where(f => f.Maximum == 0).Select(f => f.Key));
        _rules = [.. features.Select(f => RuleOf(f, features, clashing, unsold))];
        _always = SetOf(always);
    }

    /// <summary>True also where it takes too long to say.</summary>
    /// <param name="feature">Null: only what is always needed.</param>
    public bool Exist(string? feature)
    {
        var wanted = feature is null ? _always : _always | Bit(_places[feature]);
        // What is always needed is in every set that was found.
        if (feature is not null && Holds(_proven, _places[feature]))
            return true;
        _looks = MostLooks;
        var (held, clashing) = (Vector256<ulong>.Zero, Vector256<ulong>.Zero);
        for (var i = 0; i < _rules.Length; i++)
            if (Holds(wanted, i))
            {
                if (!_rules[i].IsPossible)
                    return false;
                (held, clashing) = (held | _rules[i].Needed, clashing | _rules[i].Clashing);
            }

        return !Meet(held, clashing) && Exists(held, clashing);
    }

    // The requirement with the fewest choices goes first: where one has none there is no way, and where it has one nothing is to be tried.
    private bool Exists(Vector256<ulong> held, Vector256<ulong> clashing)
    {
        _looks -= _rules.Length;
        List<int>? fewest = null;
        for (var i = 0; i < _rules.Length; i++)
        {
            var choices = _rules[i].Choices;
            if (choices.Length == 0 || !Holds(held, i) || Meet(_rules[i].AnyOf, held))
                continue;
            if ((_looks -= choices.Length) < 0)
                return true;
            var open = choices.Where(c => _rules[c].IsPossible && !Meet(_rules[c].Needed, clashing)).ToList();
            if (open.Count == 0)
                return false;
            if (fewest is null || open.Count < fewest.Count)
                fewest = open;
        }

        if (fewest is null)
            _proven |= held;
        return fewest is null || fewest.Exists(c => Exists(held | _rules[c].Needed, clashing | _rules[c].Clashing));
    }

    private Rule RuleOf(FeatureRule feature, IReadOnlyList<FeatureRule> features, Vector256<ulong>[] clashing, Vector256<ulong> unsold)
    {
        var (needed, excluded, open) = (Vector256<ulong>.Zero, Vector256<ulong>.Zero, new Stack<int>([_places[feature.Key]]));
        while (open.TryPop(out var next))
            if (!Holds(needed, next))
            {
                (needed, excluded) = (needed | Bit(next), excluded | clashing[next]);
                foreach (var key in features[next].RequiresAll ?? [])
                    open.Push(_places[key]);
            }

        var anyOf = feature.RequiresAny ?? [];
        return new(needed, excluded, SetOf(anyOf), [.. anyOf.Select(k => _places[k])], !Meet(needed, unsold | excluded));
    }

    private Vector256<ulong> SetOf(IEnumerable<string> keys) => keys.Aggregate(Vector256<ulong>.Zero, (set, key) => set | Bit(_places[key]));

    private static Vector256<ulong> Bit(int place) => Vector256<ulong>.Zero.WithElement(place / 64, 1UL << (place % 64));

    private static bool Holds(Vector256<ulong> set, int place) => ((set.GetElement(place / 64) >> (place % 64)) & 1) != 0;

    private static bool Meet(Vector256<ulong> one, Vector256<ulong> other) => (one & other) != Vector256<ulong>.Zero;

    /// <param name="Needed">The feature with all that it requires all of, in turn.</param>
    /// <param name="Clashing">What excludes any of that or is excluded by it.</param>
    /// <param name="AnyOf">What the feature itself requires any of.</param>
    /// <param name="Choices">The same, in its order.</param>
    /// <param name="IsPossible">Whether what it needs is on sale and goes together.</param>
    private sealed record Rule(Vector256<ulong> Needed, Vector256<ulong> Clashing, Vector256<ulong> AnyOf, int[] Choices, bool IsPossible);
}
