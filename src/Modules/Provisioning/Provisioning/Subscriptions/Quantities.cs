using System.Text.Json.Serialization;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>Quantities set with effect from a day; features that are absent keep what they had, 0 removes.</summary>
/// <param name="On">The day.</param>
/// <param name="Quantities">Feature → quantity.</param>
/// <param name="Whole">They are all that is held from then on: what is absent is gone, also where it is bought after this was agreed.</param>
internal sealed record QuantityChange(
    DateOnly On, IReadOnlyDictionary<string, int> Quantities,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Whole = false);

/// <summary>Quantities over time.</summary>
internal static class Quantities
{
    public static IReadOnlyDictionary<string, int> None { get; } = new Dictionary<string, int>();

    /// <summary><paramref name="now"/> with the changes; features at 0 are not there.</summary>
    public static IReadOnlyDictionary<string, int> Merge(IReadOnlyDictionary<string, int> now, IReadOnlyDictionary<string, int> changes)
    {
        var merged = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (feature, quantity) in now.Concat(changes))
            merged[feature] = quantity;
        foreach (var feature in merged.Where(f => f.Value == 0).Select(f => f.Key).ToList())
            merged.Remove(feature);
        return merged;
    }

    /// <summary>The state on a day; <paramref name="history"/> is in the order of its days.</summary>
    public static IReadOnlyDictionary<string, int> On(this IReadOnlyList<QuantityChange> history, DateOnly day) =>
        history.TakeWhile(change => change.On <= day).Aggregate(None, (now, change) => Merge(change.Whole ? None : now, change.Quantities));

    /// <summary>The history with one more change; a second one for the same day is laid over the first, and a whole one takes its place.</summary>
    public static IReadOnlyList<QuantityChange> With(this IReadOnlyList<QuantityChange> history, QuantityChange change)
    {
        var changes = history.Where(c => c.On != change.On).ToList();
        var same = change.Whole ? null : history.FirstOrDefault(c => c.On == change.On);
        // Zeros stay in a change: they are what removes.
        var laid = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (feature, quantity) in (same?.Quantities ?? None).Concat(change.Quantities))
            laid[feature] = quantity;
        var whole = change.Whole || same is { Whole: true };
        changes.Insert(changes.TakeWhile(c => c.On < change.On).Count(), new QuantityChange(change.On, laid, whole));
        return changes;
    }

    /// <summary>A day's change for who knows no whole ones: what is absent stays, what it takes away is at 0. Empty where there is none.</summary>
    public static IReadOnlyDictionary<string, int> ShownOn(this IReadOnlyList<QuantityChange> history, DateOnly on)
    {
        if (history.FirstOrDefault(c => c.On == on) is not { } change)
            return None;
        var shown = new SortedDictionary<string, int>(StringComparer.Ordinal);
        if (change.Whole)
            foreach (var feature in history.On(on.AddDays(-1)).Keys)
                shown[feature] = 0;
        foreach (var (feature, quantity) in change.Quantities)
            shown[feature] = quantity;
        return shown;
    }

    /// <summary>What a day's change says, whether it changes anything or not.</summary>
    public static string SaidOn(this IReadOnlyList<QuantityChange> history, DateOnly on) => string.Join(';', history.Where(c => c.On == on)
        .SelectMany(c => c.Quantities.OrderBy(q => q.Key, StringComparer.Ordinal).Select(q => $"{q.Key}={q.Value}").Append($"whole={c.Whole}")));

    /// <summary>Whether two histories come to the same on every day.</summary>
    public static bool IsSameAs(this IReadOnlyList<QuantityChange> before, IReadOnlyList<QuantityChange> after)
    {
        foreach (var day in before.Concat(after).Select(c => c.On).Distinct())
            if (!before.On(day).IsSameAs(after.On(day)))
                return false;
        return true;
    }

    private static bool IsSameAs(this IReadOnlyDictionary<string, int> before, IReadOnlyDictionary<string, int> after) =>
        before.Count == after.Count && before.All(q => after.TryGetValue(q.Key, out var quantity) && quantity == q.Value);
}
