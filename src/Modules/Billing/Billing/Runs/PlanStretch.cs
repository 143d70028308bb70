using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Runs;

/// <summary>Days of a month whose usage one plan version prices, as a charge of its own.</summary>
/// <param name="PlanVersionId">The plan version.</param>
/// <param name="Days">Those of a month follow each other without a gap.</param>
internal sealed record PlanStretch(PlanVersionId PlanVersionId, Period Days)
{
    /// <summary>The first day whose usage is billed: trial days are free.</summary>
    public static DateOnly UsageFrom(BillableSubscription subscription, Period period) =>
        subscription.TrialEndsOn > subscription.StartedOn && subscription.TrialEndsOn > period.Start ? subscription.TrialEndsOn : period.Start;

    /// <summary>Those by which a period is billed; one alone where it was billed before days of plans were told apart.</summary>
    public static IReadOnlyList<PlanStretch> Of(BillableSubscription subscription, PeriodPrices prices)
    {
        if (!prices.ByLastPlan)
            return Of(subscription, prices.Period);
        return subscription.Spans.LastOrDefault(span => span.Days.Start < prices.Period.End) is { } last
            && Period.TryCreate(UsageFrom(subscription, prices.Period), prices.Period.End, out var days)
                ? [new PlanStretch(last.PlanVersionId, days)]
                : [];
    }

    /// <summary>
    /// All days of the period from the first one on whose usage is billed: a day of change begins the new plan's, and days before the first plan or
    /// after the last one, which are not the subscription's, are with them, so that nothing that was recorded is lost.
    /// </summary>
    public static IReadOnlyList<PlanStretch> Of(BillableSubscription subscription, Period period)
    {
        var from = UsageFrom(subscription, period);
        if (!Period.TryCreate(from, period.End, out var days))
            return [];
        var stretches = new List<PlanStretch>(1);
        foreach (var plan in subscription.Plans)
        {
            if (plan.Days.Start >= period.End || plan.Days.End <= period.Start)
                continue;
            if (stretches.Count == 0 || plan.Days.Start <= from)
            {
                stretches.Clear();
                stretches.Add(new PlanStretch(plan.PlanVersionId, days));
            }
            else if (stretches[^1] is var last && last.PlanVersionId != plan.PlanVersionId)
            {
                stretches[^1] = last with { Days = new Period(last.Days.Start, plan.Days.Start) };
                stretches.Add(new PlanStretch(plan.PlanVersionId, new Period(plan.Days.Start, period.End)));
            }
        }

        return stretches;
    }

    /// <summary>How many days of the period, trial days not among them, each plan version was held, suspended or not.</summary>
    public static Dictionary<PlanVersionId, int> Held(BillableSubscription subscription, Period period)
    {
        var held = new Dictionary<PlanVersionId, int>();
        if (Period.TryCreate(UsageFrom(subscription, period), period.End, out var days))
            foreach (var plan in subscription.Plans)
                if (days.Intersect(plan.Days) is { } its)
                    held[plan.PlanVersionId] = held.GetValueOrDefault(plan.PlanVersionId) + its.Days;
        return held;
    }
}
