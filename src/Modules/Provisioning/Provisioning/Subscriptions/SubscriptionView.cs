using System.Text.Json.Serialization;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>A subscription as of today; before its start, as it will begin.</summary>
/// <param name="PlanVersionId">The version in force today.</param>
/// <param name="EndDate">The first day that is no longer its own, by cancellation or expiry.</param>
/// <param name="CancellationDate">The first day without it by a cancellation; one to come can be undone.</param>
/// <param name="EarlyCancellationFeePercent">What the cancellation costs, in percent of what it leaves of the term; null where it costs
/// nothing.</param>
/// <param name="TrialEndDate">The first day that is billed, while the trial lasts or is to come.</param>
/// <param name="Term">The running term, before the start the first one; null without one.</param>
/// <param name="ScheduledChanges">All that is agreed for later days; what lies after <paramref name="EndDate"/> comes only if that is undone.</param>
internal sealed record SubscriptionView(
    SubscriptionId Id, OrganizationId TenantId, PlanId PlanId, PlanVersionId PlanVersionId, string Product, string? Reference,
    SubscriptionStatus Status, DateOnly StartDate, DateOnly? EndDate, DateOnly? CancellationDate, decimal? EarlyCancellationFeePercent,
    DateOnly? TrialEndDate, TermView? Term, DateOnly? SuspendedOn, string? SuspensionReason, IReadOnlyDictionary<string, int> Quantities,
    IReadOnlyList<ScheduledChange> ScheduledChanges, DateTimeOffset CreatedAt, [property: JsonIgnore] int Version) : IDated
{
    public static SubscriptionView Of(Subscription s, DateOnly today)
    {
        var status = s.StatusOn(today);
        var from = today < s.StartsOn ? s.StartsOn : today;
        var plan = s.Plans.On(today);
        return new SubscriptionView(
            s.Id, s.TenantId, plan.PlanId, plan.PlanVersionId, plan.Product, s.Reference, status, s.StartsOn, s.EndsOn, s.CancelledOn,
            s.Cancellation?.EarlyFeePercent,
            s.TrialEndsOn is var trial && trial > from ? trial : null,
            TermView.Of(s, status, today), s.SuspendedOn, s.SuspendedOn is null ? null : s.Suspensions[^1].Reason, s.QuantitiesOn(today),
            ScheduledChange.After(s, from), s.CreatedAt, s.Version);
    }
}

/// <summary>A term that runs.</summary>
/// <param name="EndDate">The first day after it.</param>
/// <param name="Renews">Whether another follows by what is agreed now.</param>
/// <param name="RenewFrom">The first day on which the subscription that would end can be renewed; null where nothing is to renew.</param>
/// <param name="RenewUntil">The first day on which it no longer can.</param>
/// <param name="EarlyCancellationFeePercent">What cancelling within it costs, in percent of what is left; null where nothing.</param>
internal sealed record TermView(
    DateOnly StartDate, DateOnly EndDate, bool Renews, DateOnly? RenewFrom, DateOnly? RenewUntil, bool IncreaseAllowed, bool DecreaseAllowed,
    bool EarlyCancellationAllowed, decimal? EarlyCancellationFeePercent)
{
    public static TermView? Of(Subscription s, SubscriptionStatus status, DateOnly today)
    {
        // Of one that is over, the term it ended with.
        var over = status is SubscriptionStatus.Cancelled or SubscriptionStatus.Expired;
        if (s.TermOn(over && s.EndsOn is { } end && end > s.StartsOn ? end.AddDays(-1) : today) is not { } term)
            return null;
        var window = s.CancelledOn is null ? s.RenewalWindow() : null;
        return new TermView(
            term.StartsOn, term.EndsOn, s.EndsOn is null || s.EndsOn > term.EndsOn, window?.Start, window?.End, term.Terms.IncreaseAllowed,
            term.Terms.DecreaseAllowed, term.Terms.EarlyCancellation, term.Terms.EarlyFeePercent);
    }
}

/// <summary>What is agreed for one day to come: quantities, another plan version, or both.</summary>
/// <param name="On">Its first day.</param>
/// <param name="Quantities">Feature → quantity; absent ones stay, 0 removes.</param>
/// <param name="PlanId">The plan from then on; null where it stays.</param>
/// <param name="PlanVersionId">Its version.</param>
internal sealed record ScheduledChange(DateOnly On, IReadOnlyDictionary<string, int> Quantities, PlanId? PlanId, PlanVersionId? PlanVersionId)
{
    public static IReadOnlyList<ScheduledChange> After(Subscription s, DateOnly day) =>
    [
        .. s.History.Select(c => c.On).Union(s.Plans.Select(p => p.On)).Where(on => on > day).Order().Select(on =>
        {
            var plan = s.Plans.FirstOrDefault(p => p.On == on);
            return new ScheduledChange(on, s.History.ShownOn(on), plan?.PlanId, plan?.PlanVersionId);
        }),
    ];
}
