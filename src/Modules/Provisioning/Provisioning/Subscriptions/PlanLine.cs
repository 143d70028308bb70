using System.Text.Json.Serialization;
using Licensing.Catalog.Contracts;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>A plan version from a day on.</summary>
/// <param name="On">Its first day.</param>
/// <param name="PlanId">The plan.</param>
/// <param name="PlanVersionId">The version.</param>
/// <param name="Product">Whose rules hold.</param>
/// <param name="TrialDays">Days from the subscription's start that are not billed, as far as the trial lasts by then.</param>
/// <param name="Terms">What it commits to.</param>
/// <param name="Agreement">Of which agreement it is: what is scheduled for it finds out whether it still holds.</param>
internal sealed record PlanFrom(
    DateOnly On, PlanId PlanId, PlanVersionId PlanVersionId, string Product, int TrialDays, Terms Terms, Guid Agreement)
{
    public static PlanFrom Of(PlanVersionRef plan, DateOnly on, DateTimeOffset now, bool? autoRenew = null) =>
        new(on, plan.PlanId, plan.Id, plan.Product, plan.TrialDays, Terms.Of(plan.Terms, autoRenew), Licensing.Kernel.Id.NewGuid(now));
}

/// <summary>Days, half-open, for which a subscription is committed, and to what: the terms of the plan in force on the first of them.</summary>
internal sealed record Term(DateOnly StartsOn, DateOnly EndsOn, [property: JsonIgnore] Terms Terms);

/// <summary>Plans over time and the terms that follow from them.</summary>
internal static class PlanLine
{
    /// <summary>The plan in force on a day; before the first one's day the first. In the order of their days.</summary>
    public static PlanFrom On(this IReadOnlyList<PlanFrom> plans, DateOnly day) => plans.LastOrDefault(p => p.On <= day) ?? plans[0];

    /// <summary>
    /// The terms one after the other, as if each were renewed; without end where the last plan has a term. A change of plan within a term
    /// leaves it as it is, so that nobody changes his way out of what he agreed to; the new plan's term begins where the running one ends.
    /// Terms of one length are counted from the first one's day, so that 31 January comes back after February.
    /// </summary>
    public static IEnumerable<Term> Terms(this IReadOnlyList<PlanFrom> plans)
    {
        var (start, anchor) = (plans[0].On, plans[0].On);
        while (true)
        {
            var terms = plans.On(start).Terms;
            if (terms.Months is not { } months)
            {
                if (plans.FirstOrDefault(p => p.On > start && p.Terms.Months is not null) is not { } next)
                    yield break;
                start = anchor = next.On;
                continue;
            }

            var end = Anchor.Every(months, anchor).Next(start);
            yield return new Term(start, end, terms);
            if (plans.On(end).Terms.Months != months)
                anchor = end;
            start = end;
        }
    }

    /// <summary>
    /// Whether the term that a day lies in is followed by another by itself: as was last said for the subscription, else as the plan in force says.
    /// </summary>
    public static bool RenewsOn(this IReadOnlyList<PlanFrom> plans, DateOnly day) =>
        plans.LastOrDefault(p => p.On <= day && p.Terms.OwnAutoRenew is not null)?.Terms.OwnAutoRenew ?? plans.On(day).Terms.AutoRenew;

    /// <summary>
    /// The first day after the trial; the start where there is none. A trial is of a beginning: once it is over no plan that comes later brings
    /// another, or whoever changes to one would have his term and his paid days undone. While it lasts the plan in force says how long it is,
    /// and a plan with less than has passed ends it on its first day. What is agreed for later days changes nothing before them.
    /// </summary>
    public static DateOnly TrialEndsOn(this IReadOnlyList<PlanFrom> plans)
    {
        var start = plans[0].On;
        var end = start.AddDays(plans[0].TrialDays);
        foreach (var plan in plans.Skip(1))
        {
            if (plan.On >= end)
                break;
            var its = start.AddDays(plan.TrialDays);
            end = its > plan.On ? its : plan.On;
        }

        return end;
    }

    /// <summary>The term that ending on a day would cut short: not at its ends, and not before anything of it is paid.</summary>
    public static Term? CutShortOn(this IReadOnlyList<PlanFrom> plans, DateOnly day) =>
        day > plans.TrialEndsOn() && plans.TermOn(day) is { } term && day > term.StartsOn ? term : null;

    /// <summary>The term that a day lies in, or null.</summary>
    public static Term? TermOn(this IReadOnlyList<PlanFrom> plans, DateOnly day) =>
        plans.Terms().SkipWhile(t => t.EndsOn <= day).FirstOrDefault() is { } term && term.StartsOn <= day ? term : null;
}
