namespace Licensing.Provisioning.Subscriptions;

/// <summary>Quantities set with effect from a day; features that are absent keep what they had, 0 removes.</summary>
internal sealed record QuantityChange(DateOnly On, IReadOnlyDictionary<string, int> Quantities);

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
        history.TakeWhile(change => change.On <= day).Aggregate(None, (now, change) => Merge(now, change.Quantities));

    /// <summary>The history with one more change; a second one for the same day is laid over the first.</summary>
    public static IReadOnlyList<QuantityChange> With(this IReadOnlyList<QuantityChange> history, QuantityChange change)
    {
        var changes = history.Where(c => c.On != change.On).ToList();
        var same = history.FirstOrDefault(c => c.On == change.On);
        // Zeros stay in a change: they are what removes.
        var laid = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (feature, quantity) in (same?.Quantities ?? None).Concat(change.Quantities))
            laid[feature] = quantity;
        changes.Insert(changes.TakeWhile(c => c.On < change.On).Count(), new QuantityChange(change.On, laid));
        return changes;
    }

    /// <summary>
    /// A change after which nothing else is held: what is not named is gone, so that features of a former product need not be known.
    /// </summary>
    public static SortedDictionary<string, int> Whole(IReadOnlyDictionary<string, int> quantities, IReadOnlyDictionary<string, int> held)
    {
        var change = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var feature in held.Keys)
            change[feature] = 0;
        foreach (var (feature, quantity) in quantities)
            change[feature] = quantity;
        return change;
    }

    /// <summary>What a day's change says, whether it changes anything or not.</summary>
    public static string SaidOn(this IReadOnlyList<QuantityChange> history, DateOnly on) =>
        string.Join(';', history.Where(c => c.On == on).SelectMany(c => c.Quantities).OrderBy(q => q.Key, StringComparer.Ordinal));

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
