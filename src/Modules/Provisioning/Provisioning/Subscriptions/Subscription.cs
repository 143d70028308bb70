using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>
/// One tenant's right to use a plan, kept as days: when it starts and ends, which plan version is in force from when, when it was
/// suspended, what it held from when. Its status and its terms follow from the day asked about, so that no clock has to tick for them to
/// be true.
/// </summary>
internal sealed class Subscription : IVersioned, IOwned
{
    /// <summary>Why days between a term's end and its late renewal were without access.</summary>
    public const string RenewedLate = "Renewed late";

    public SubscriptionId Id { get; private init; }
    public OrganizationId TenantId { get; private init; }
    public required string OwnerPath { get; init; }
    public string? Reference { get; private init; }
    public DateOnly StartsOn { get; private init; }

    /// <summary>In the order of their days; the first one's is the start.</summary>
    public IReadOnlyList<PlanFrom> Plans { get; private set; } = [];

    /// <summary>The end that was named at the start; null where the plan's term decides, or nothing.</summary>
    public DateOnly? AgreedEndsOn { get; private init; }

    /// <summary>The end of the last term that somebody renewed for; null where none did.</summary>
    public DateOnly? RenewedUntil { get; private set; }

    /// <summary>
    /// The end of the term after which nothing follows by itself; null is open-ended. Follows from the plans; kept for the database.
    /// </summary>
    public DateOnly? ExpiresOn { get; private set; }
    public DateOnly? CancelledOn { get; private set; }

    /// <summary>The first day that is not its own: the earlier of cancellation and expiry.</summary>
    public DateOnly? EndsOn { get; private set; }

    /// <summary>Since when the suspension lasts that is not over; null when there is none.</summary>
    public DateOnly? SuspendedOn { get; private set; }
    public IReadOnlyList<QuantityChange> History { get; private set; } = [];
    public IReadOnlyList<Suspension> Suspensions { get; private set; } = [];

    /// <summary>Quotas agreed for it beside its plan's: meter → most usage of a billing period.</summary>
    public IReadOnlyDictionary<string, decimal> Quotas { get; private set; } = new Dictionary<string, decimal>();
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    public static Subscription Open(
        OrganizationRef tenant, PlanFrom plan, IReadOnlyDictionary<string, int> quantities, DateOnly? endsOn, string? reference, DateTimeOffset now,
        IReadOnlyDictionary<string, decimal>? quotas = null)
    {
        var subscription = new Subscription
        {
            Id = Licensing.Kernel.Id.New<SubscriptionId>(now),
            TenantId = tenant.Id,
            OwnerPath = tenant.Path,
            Reference = reference,
            StartsOn = plan.On,
            Plans = [plan],
            AgreedEndsOn = endsOn,
            History = [new QuantityChange(plan.On, Quantities.Merge(Quantities.None, quantities))],
            Quotas = new SortedDictionary<string, decimal>((quotas ?? new Dictionary<string, decimal>()).ToDictionary(), StringComparer.Ordinal),
            CreatedAt = now,
            Version = 1,
        };
        subscription.EndsOn = subscription.ExpiresOn = subscription.Expiry(subscription.Plans);
        return subscription;
    }

    public SubscriptionStatus StatusOn(DateOnly today)
    {
        if (EndsOn is { } end && (today >= end || end <= StartsOn))
            return CancelledOn == end ? SubscriptionStatus.Cancelled : SubscriptionStatus.Expired;
        if (today < StartsOn)
            return SubscriptionStatus.Pending;
        return SuspendedOn is not null ? SubscriptionStatus.Suspended : SubscriptionStatus.Active;
    }

    /// <summary>What it holds on a day; before its first day what it will begin with.</summary>
    public IReadOnlyDictionary<string, int> QuantitiesOn(DateOnly day) => History.On(day < StartsOn ? StartsOn : day);

    /// <summary>The term that runs on a day, or before the start the first one; null without a term.</summary>
    public Term? TermOn(DateOnly day) => Plans.TermOn(day < StartsOn ? StartsOn : day);

    /// <summary>The first day after the trial; the start where there is no trial.</summary>
    public DateOnly TrialEndsOn => Plans.TrialEndsOn();

    /// <summary>Its cancellation, and what that costs by the plans agreed so far; null without one.</summary>
    public SubscriptionCancelled? Cancellation =>
        CancelledOn is { } end ? new SubscriptionCancelled(Id, TenantId, end, CutShort(Plans)?.Terms.EarlyFeePercent) : null;

    /// <summary>What its cancellation costs, with the days that are left of the term it cuts short; null where it costs nothing.</summary>
    public EarlyEnd? EarlyEnd =>
        EndsOn is { } end && end == CancelledOn && CutShort(Plans) is { Terms.EarlyFeePercent: { } fee } term
            ? new EarlyEnd(fee, Spans.Of(new Period(end, term.EndsOn), Plans, StartsOn, term.EndsOn, History, []))
            : null;

    public SubscriptionActivated Activated() => new(Id, TenantId, Plans[0].PlanVersionId, StartsOn);

    /// <summary>The quotas that it was opened with, to be told as those agreed later are.</summary>
    public IEnumerable<SubscriptionQuotaChanged> QuotasAgreed() => Quotas.Select(q => new SubscriptionQuotaChanged(Id, TenantId, q.Key, q.Value));

    /// <summary>The products whose rules hold for it from a day on.</summary>
    public IEnumerable<string> ProductsFrom(DateOnly day) => Plans.Where(p => p.On > day).Append(Plans.On(day)).Select(p => p.Product).Distinct();

    /// <summary>Sets quantities from a day on. Later changes already agreed stay, and every state from that day on must obey the rules.</summary>
    /// <param name="changes">Feature → quantity; absent ones stay.</param>
    /// <param name="effectiveOn">Null is the first possible day: today, or the start if that is to come.</param>
    /// <param name="rules">Those of <see cref="ProductsFrom"/> today, by product.</param>
    /// <param name="today">In the billing calendar.</param>
    /// <param name="at">Pointer of the quantities in the request.</param>
    public Result<QuantitiesSet> SetQuantities(
        IReadOnlyDictionary<string, int> changes, DateOnly? effectiveOn, IReadOnlyDictionary<string, ProductRules> rules, DateOnly today, string at)
    {
        if (DayOfChange(effectiveOn, today).Refused(out var refusal, out var day))
            return refusal;

        var on = day.Value;
        var history = History.With(new QuantityChange(on, changes));
        // Also what is set to 0, so that the rules see an unknown feature even when it is set to nothing.
        if (AgreedStates.Violations(history, Plans, on, rules, at, changes) is { Count: > 0 } errors)
            return Refusal.AllFields(errors);
        return Take(history, on, today);
    }

    /// <summary>
    /// Puts another plan version in force from a day on. The running term goes on until its end; changes agreed for later days stay.
    /// </summary>
    /// <param name="plan">From its day on; in a currency that the tenant is billed in.</param>
    /// <param name="quantities">All that is held from then on; null leaves what is held.</param>
    /// <param name="rules">Those of <see cref="ProductsFrom"/> today and the new plan's, by product.</param>
    /// <param name="today">In the billing calendar.</param>
    public Result<PlanAgreed> ChangePlan(
        Func<DateOnly, PlanFrom> plan, IReadOnlyDictionary<string, int>? quantities, DateOnly? effectiveOn,
        IReadOnlyDictionary<string, ProductRules> rules, DateOnly today)
    {
        if (DayOfChange(effectiveOn, today).Refused(out var refusal, out var day))
            return refusal;

        var on = day.Value;
        var before = Plans.On(on);
        var agreed = plan(on);
        if (on > today && on > StartsOn && Plans.Any(p => p.On == on))
            return SubscriptionRefusals.PlanChangeScheduled(on);
        if (before.PlanVersionId == agreed.PlanVersionId)
            return SubscriptionRefusals.PlanUnchanged;

        // One of the same day is replaced; what was said with it stays.
        if (Plans.FirstOrDefault(p => p.On == on)?.Terms.OwnAutoRenew is { } said && agreed.Terms.OwnAutoRenew is null)
            agreed = agreed with { Terms = agreed.Terms with { OwnAutoRenew = said } };
        IReadOnlyList<PlanFrom> plans = [.. Plans.Where(p => p.On < on), agreed, .. Plans.Where(p => p.On > on)];
        var history = quantities is null ? History : History.With(new QuantityChange(on, quantities, Whole: true));
        if (AgreedStates.Violations(history, plans, on, rules, "/quantities", quantities) is { Count: > 0 } errors)
            return Refusal.AllFields(errors);
        if (CancelledWithin(plans) is { } bound)
            return bound;
        if (EndsBefore(plans, history) is { } lost)
            return lost;

        var cancellation = Cancellation;
        Plans = plans;
        Expire();
        return new PlanAgreed(agreed, Take(history, on, today),
            on <= today ? new SubscriptionPlanChanged(Id, TenantId, on, before.PlanVersionId, agreed.PlanVersionId) : null,
            RepricedSince(cancellation));
    }

    /// <summary>
    /// What was agreed for a day to come shall not come: quantities and plan. Changes for later days stay and must still obey the rules.
    /// </summary>
    public Result<ChangeWithdrawn> Withdraw(DateOnly on, IReadOnlyDictionary<string, ProductRules> rules, DateOnly today)
    {
        if (SubscriptionRefusals.WhenNotLive(StatusOn(today)) is { } notLive)
            return notLive;
        if (on <= today || on <= StartsOn || (History.All(c => c.On != on) && Plans.All(p => p.On != on)))
            return SubscriptionRefusals.NoChangeScheduled(on);

        IReadOnlyList<QuantityChange> history = [.. History.Where(c => c.On != on)];
        IReadOnlyList<PlanFrom> plans = [.. Plans.Where(p => p.On != on)];
        if (AgreedStates.Violations(history, plans, on, rules, "", null) is { Count: > 0 } errors)
            return SubscriptionRefusals.ChangeNeeded(on, errors);
        if (CancelledWithin(plans) is { } bound)
            return bound;
        if (EndsBefore(plans, history) is { } lost)
            return lost;

        var cancellation = Cancellation;
        (History, Plans) = (history, plans);
        Expire();
        return new ChangeWithdrawn(
            new SubscriptionChangeWithdrawn(Id, TenantId, on, Plans.On(on).PlanVersionId, History.On(on)), RepricedSince(cancellation));
    }

    public Result<SubscriptionQuotaChanged> SetQuota(string meter, decimal limit, DateOnly today)
    {
        if (StatusOn(today) is SubscriptionStatus.Cancelled or SubscriptionStatus.Expired)
            return SubscriptionRefusals.Ended;
        Quotas = new SortedDictionary<string, decimal>(Quotas.ToDictionary(), StringComparer.Ordinal) { [meter] = limit };
        return new SubscriptionQuotaChanged(Id, TenantId, meter, limit);
    }

    /// <summary>Stops access from today; the day of change belongs to the new state.</summary>
    public Result<SubscriptionSuspended> Suspend(string reason, DateOnly today, DateTimeOffset now)
    {
        switch (StatusOn(today))
        {
            case SubscriptionStatus.Pending: return SubscriptionRefusals.Pending;
            case SubscriptionStatus.Suspended: return SubscriptionRefusals.AlreadySuspended;
            case SubscriptionStatus.Cancelled or SubscriptionStatus.Expired: return SubscriptionRefusals.Ended;
        }

        // Resumed and suspended on one day is one suspension: touching ones would hide from the directory that no day is billable.
        Suspensions = Suspensions is [.., { Until: { } until } last] && until == today
            ? [.. Suspensions.SkipLast(1), last with { Until = null, Reason = reason }]
            : [.. Suspensions, new Suspension(today, null, reason)];
        SuspendedOn = Suspensions[^1].From;
        return new SubscriptionSuspended(Id, TenantId, now);
    }

    public Result<SubscriptionResumed> Resume(DateOnly today, DateTimeOffset now)
    {
        switch (StatusOn(today))
        {
            case SubscriptionStatus.Pending or SubscriptionStatus.Active: return SubscriptionRefusals.NotSuspended;
            case SubscriptionStatus.Cancelled or SubscriptionStatus.Expired: return SubscriptionRefusals.Ended;
        }

        // Suspended and resumed on one day leaves no day without access.
        var last = Suspensions[^1];
        Suspensions = last.From == today ? [.. Suspensions.SkipLast(1)] : [.. Suspensions.SkipLast(1), last with { Until = today }];
        SuspendedOn = null;
        return new SubscriptionResumed(Id, TenantId, now);
    }

    /// <summary>Ends it. A cancellation that is still to come can be moved; one that has come cannot.</summary>
    /// <param name="on">The first day that is no longer its own; null is today. Before the start it never starts.</param>
    /// <param name="today">In the billing calendar.</param>
    /// <param name="bound">Whether the term's rule of early cancellation holds; not for a customer's deletion, which nothing stops.</param>
    public Result<SubscriptionCancelled> Cancel(DateOnly? on, DateOnly today, bool bound = true)
    {
        if (StatusOn(today) is SubscriptionStatus.Cancelled or SubscriptionStatus.Expired)
            return SubscriptionRefusals.Ended;
        if (on < today)
            return SubscriptionRefusals.TooEarly("on", today);
        if (on > today.AddYears(SubscriptionRefusals.YearsAhead) || on >= ExpiresOn)
            return SubscriptionRefusals.TooLate("on", "the term's end");

        var end = on ?? today;
        if (bound && Plans.CutShortOn(end) is { Terms.EarlyCancellation: false } term)
            return SubscriptionRefusals.EarlyCancellation(term);
        return End(end < StartsOn ? StartsOn : end);
    }

    /// <summary>Ends it with the running term, whether another would have followed or not.</summary>
    public Result<SubscriptionCancelled> CancelAtTermEnd(DateOnly today)
    {
        if (StatusOn(today) is SubscriptionStatus.Cancelled or SubscriptionStatus.Expired)
            return SubscriptionRefusals.Ended;
        if (TermOn(today) is not { } term)
            return SubscriptionRefusals.NoTerm;
        return End(ExpiresOn < term.EndsOn ? ExpiresOn.Value : term.EndsOn);
    }

    /// <summary>Takes a cancellation back that has not come yet; all that was agreed for later days comes again.</summary>
    public Result<SubscriptionCancellationUndone> UndoCancellation(DateOnly today)
    {
        if (StatusOn(today) is SubscriptionStatus.Cancelled or SubscriptionStatus.Expired)
            return SubscriptionRefusals.Ended;
        if (CancelledOn is null)
            return SubscriptionRefusals.NoCancellation;

        (CancelledOn, EndsOn) = (null, ExpiresOn);
        return new SubscriptionCancellationUndone(Id, TenantId, EndsOn);
    }

    /// <summary>Adds a term to one that would end. Days between its end and a late renewal stay without access, and so unbilled.</summary>
    public Result<SubscriptionRenewed> Renew(DateOnly today)
    {
        if (CancelledOn is not null)
            return today < EndsOn && EndsOn > StartsOn ? SubscriptionRefusals.CancellationScheduled : SubscriptionRefusals.Ended;
        if (RenewalWindow() is not { } window)
            return today < EndsOn || EndsOn is null ? SubscriptionRefusals.NotRenewable : SubscriptionRefusals.Ended;
        if (!window.Contains(today))
            return SubscriptionRefusals.OutsideRenewalWindow(window);

        var ended = ExpiresOn!.Value;
        var next = Plans.TermOn(ended)!;
        RenewedUntil = next.EndsOn;
        Expire();
        if (today > ended && SuspendedOn is null)
            Suspensions = Suspensions is [.., { Until: { } until } last] && until == ended
                ? [.. Suspensions.SkipLast(1), last with { Until = today }]
                : [.. Suspensions, new Suspension(ended, today, RenewedLate)];
        return new SubscriptionRenewed(Id, TenantId, next.StartsOn, next.EndsOn);
    }

    /// <summary>
    /// The days on which the term that would end can be renewed; null where nothing ends that could be. They begin no earlier than that term, so that
    /// nobody renews for more than one ahead, and end with the next, so that what is renewed has days left.
    /// </summary>
    public Period? RenewalWindow()
    {
        if (ExpiresOn is not { } end || AgreedEndsOn <= end || Plans.TermOn(end) is not { } next
            || Plans.Terms().SkipWhile(t => t.EndsOn < end).FirstOrDefault() is not { } term || term.EndsOn != end)
            return null;
        var (from, until) = (end.AddDays(-term.Terms.RenewBefore), end.AddDays(term.Terms.RenewAfter));
        (from, until) = (from < term.StartsOn ? term.StartsOn : from, until > next.EndsOn ? next.EndsOn : until);
        return Period.TryCreate(from, until, out var window) ? window : null;
    }

    private SubscriptionCancelled End(DateOnly end)
    {
        CancelledOn = EndsOn = end;
        return Cancellation!;
    }

    private Result<Day> DayOfChange(DateOnly? effectiveOn, DateOnly today)
    {
        if (SubscriptionRefusals.WhenNotLive(StatusOn(today)) is { } notLive)
            return notLive;

        var earliest = today < StartsOn ? StartsOn : today;
        var on = effectiveOn ?? earliest;
        if (on < earliest)
            return SubscriptionRefusals.TooEarly("effectiveDate", earliest);
        if (on > today.AddYears(SubscriptionRefusals.YearsAhead) || on >= EndsOn)
            return SubscriptionRefusals.TooLate("effectiveDate", "the subscription's end");
        return new Day(on);
    }

    // For a day to come also what would be so anyway is agreed: something set before that day must not carry over it.
    private QuantitiesSet Take(IReadOnlyList<QuantityChange> history, DateOnly on, DateOnly today)
    {
        var (before, after) = (History.On(on), history.On(on));
        if (History.IsSameAs(history) && (on <= today || on <= StartsOn || History.SaidOn(on) == history.SaidOn(on)))
            return new QuantitiesSet(on, before, after, null);
        History = history;
        return new QuantitiesSet(on, before, after, new SubscriptionQuantitiesChanged(Id, TenantId, on, after));
    }

    private SubscriptionCancelled? RepricedSince(SubscriptionCancelled? before) => Cancellation is { } now && now != before ? now : null;

    // To cancel first and agree on a term then is no way out of it either. One that lay within such a term already was not stopped then, and is
    // not now.
    private Refusal? CancelledWithin(IReadOnlyList<PlanFrom> plans) =>
        CutShort(plans) is { Terms.EarlyCancellation: false } term && CutShort(Plans) is not { Terms.EarlyCancellation: false }
            ? SubscriptionRefusals.EarlyCancellation(term)
            : null;

    // One behind the day on which it ends by itself cuts nothing short.
    private Term? CutShort(IReadOnlyList<PlanFrom> plans) =>
        CancelledOn is { } end && !(Expiry(plans) <= end) ? plans.CutShortOn(end) : null;

    // A plan that does not renew itself may end the subscription before something else that was agreed: that is said, not dropped.
    private Refusal? EndsBefore(IReadOnlyList<PlanFrom> plans, IReadOnlyList<QuantityChange> history)
    {
        if (Expiry(plans) is not { } end || end >= ExpiresOn)
            return null;
        var agreed = history.Select(c => c.On).Concat(plans.Select(p => p.On));
        return agreed.Where(d => d >= end && !(d >= ExpiresOn)).Order().ToList() is [var first, ..]
            ? SubscriptionRefusals.EndsBeforeChange(end, first)
            : null;
    }

    private void Expire()
    {
        ExpiresOn = Expiry(Plans);
        EndsOn = CancelledOn < (ExpiresOn ?? DateOnly.MaxValue) ? CancelledOn : ExpiresOn;
    }

    // Whether a term goes on is said by the plan of its last day; how long and on which conditions, by the plan of its first.
    private DateOnly? Expiry(IReadOnlyList<PlanFrom> plans)
    {
        foreach (var term in plans.Terms())
        {
            if (AgreedEndsOn <= term.EndsOn)
                break;
            if (RenewedUntil > term.EndsOn)
                continue;
            var last = term.EndsOn.AddDays(-1);
            if (plans.On(last).Terms.Months is not null && !plans.RenewsOn(last))
                return term.EndsOn;
            if (plans[^1].On < term.EndsOn)
                break;
        }

        return AgreedEndsOn;
    }

    private sealed record Day(DateOnly Value);
}
