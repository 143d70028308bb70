namespace Licensing.Provisioning.Subscriptions;

internal enum SubscriptionStatus { Pending, Active, Suspended, Cancelled, Expired }

/// <summary>Quantities set with effect from a day; features that are absent keep what they had, 0 removes.</summary>
internal sealed record QuantityChange(DateOnly On, IReadOnlyDictionary<string, int> Quantities);

/// <summary>Days without access, half-open; no end while it lasts. A subscription's suspensions neither overlap nor touch.</summary>
internal sealed record Suspension(DateOnly From, DateOnly? Until, string Reason);

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
}
