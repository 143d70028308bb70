using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>What a subscription was on which days of a period, from its dates alone.</summary>
internal static class Spans
{
    /// <param name="period">The days asked for.</param>
    /// <param name="plans">In the order of their days.</param>
    /// <param name="startsOn">First day.</param>
    /// <param name="endsOn">First day after the last one; null while open.</param>
    /// <param name="history">In the order of its days.</param>
    /// <param name="suspensions">In the order of their days.</param>
    public static IReadOnlyList<SubscriptionSpan> Of(
        Period period, IReadOnlyList<PlanFrom> plans, DateOnly startsOn, DateOnly? endsOn, IReadOnlyList<QuantityChange> history,
        IReadOnlyList<Suspension> suspensions)
    {
        if (!Period.TryCreate(startsOn, endsOn ?? DateOnly.MaxValue, out var life) || life.Intersect(period) is not { } days)
            return [];

        // Every day on which something changes begins a new stretch; within one nothing changes.
        var bounds = new SortedSet<DateOnly> { days.Start, days.End };
        bounds.UnionWith(history.Select(c => c.On).Concat(plans.Select(p => p.On)).Concat(suspensions.Select(s => s.From))
            .Concat(suspensions.Select(s => s.Until ?? days.End))
            .Where(d => days.Contains(d)));

        var spans = new List<SubscriptionSpan>();
        foreach (var (from, until) in bounds.Zip(bounds.Skip(1)))
            if (!suspensions.Any(s => s.From <= from && (s.Until is null || from < s.Until)))
                Append(spans, new SubscriptionSpan(new Period(from, until), plans.On(from).PlanVersionId, history.On(from)));
        return spans;
    }

    /// <summary>The plan versions in force on its days, suspended or not.</summary>
    /// <param name="period">The days asked for.</param>
    /// <param name="plans">In the order of their days.</param>
    /// <param name="startsOn">First day.</param>
    /// <param name="endsOn">First day after the last one; null while open.</param>
    public static IReadOnlyList<PlanDays> Plans(Period period, IReadOnlyList<PlanFrom> plans, DateOnly startsOn, DateOnly? endsOn)
    {
        if (!Period.TryCreate(startsOn, endsOn ?? DateOnly.MaxValue, out var life) || life.Intersect(period) is not { } days)
            return [];
        var held = new List<PlanDays>(1) { new(days, plans.On(days.Start).PlanVersionId) };
        foreach (var plan in plans)
            if (plan.On > days.Start && plan.On < days.End && plan.PlanVersionId != held[^1].PlanVersionId)
            {
                held[^1] = held[^1] with { Days = new Period(held[^1].Days.Start, plan.On) };
                held.Add(new PlanDays(new Period(plan.On, days.End), plan.PlanVersionId));
            }

        return held;
    }

    // A change that changed nothing does not cut a span: an invoice line would come in two parts, each rounded.
    private static void Append(List<SubscriptionSpan> spans, SubscriptionSpan next)
    {
        if (spans.Count > 0 && spans[^1] is var last && last.Days.End == next.Days.Start && last.PlanVersionId == next.PlanVersionId
            && last.Quantities.Count == next.Quantities.Count && last.Quantities.All(q => next.Quantities.GetValueOrDefault(q.Key) == q.Value))
            spans[^1] = last with { Days = new Period(last.Days.Start, next.Days.End) };
        else
            spans.Add(next);
    }
}
