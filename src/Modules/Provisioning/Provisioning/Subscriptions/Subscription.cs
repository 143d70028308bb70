using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Seats;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>
/// One tenant's right to use one plan version, kept as days: when it starts and ends, when it was suspended, what it held from
/// when. Its status follows from the day asked about, so that no clock has to tick for it to be true.
/// </summary>
internal sealed class Subscription : IVersioned, IOwned
{
    public SubscriptionId Id { get; private init; }
    public OrganizationId TenantId { get; private init; }
    public required string OwnerPath { get; init; }
    public PlanId PlanId { get; private init; }
    public PlanVersionId PlanVersionId { get; private init; }
    public required string Product { get; init; }
    public string? Reference { get; private init; }
    public DateOnly StartsOn { get; private init; }

    /// <summary>The term's end as agreed at the start; null is open-ended.</summary>
    public DateOnly? ExpiresOn { get; private init; }
    public DateOnly? CancelledOn { get; private set; }

    /// <summary>The first day that is not its own: the earlier of cancellation and expiry.</summary>
    public DateOnly? EndsOn { get; private set; }

    /// <summary>Since when the suspension lasts that is not over; null when there is none.</summary>
    public DateOnly? SuspendedOn { get; private set; }
    public IReadOnlyList<QuantityChange> History { get; private set; } = [];
    public IReadOnlyList<Suspension> Suspensions { get; private set; } = [];
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    public static Subscription Open(
        OrganizationRef tenant, PlanVersionRef plan, IReadOnlyDictionary<string, int> quantities, DateOnly startsOn, DateOnly? expiresOn,
        string? reference, DateTimeOffset now) => new()
        {
            Id = Licensing.Kernel.Id.New<SubscriptionId>(now),
            TenantId = tenant.Id,
            OwnerPath = tenant.Path,
            PlanId = plan.PlanId,
            PlanVersionId = plan.Id,
            Product = plan.Product,
            Reference = reference,
            StartsOn = startsOn,
            ExpiresOn = expiresOn,
            EndsOn = expiresOn,
            History = [new QuantityChange(startsOn, Quantities.Merge(Quantities.None, quantities))],
            CreatedAt = now,
            Version = 1,
        };

    public SubscriptionStatus StatusOn(DateOnly today) =>
        EndsOn is { } end && (today >= end || end <= StartsOn) ? (CancelledOn == end ? SubscriptionStatus.Cancelled : SubscriptionStatus.Expired)
        : today < StartsOn ? SubscriptionStatus.Pending
        : SuspendedOn is not null ? SubscriptionStatus.Suspended
        : SubscriptionStatus.Active;

    /// <summary>What it holds on a day; before its first day what it will begin with.</summary>
    public IReadOnlyDictionary<string, int> QuantitiesOn(DateOnly day) => History.On(day < StartsOn ? StartsOn : day);

    public SubscriptionActivated Activated() => new(Id, TenantId, PlanVersionId, StartsOn);

    /// <summary>Sets quantities from a day on. Later changes already agreed stay, and every state from that day on must obey the rules.</summary>
    /// <param name="changes">Feature → quantity; absent ones stay.</param>
    /// <param name="effectiveOn">Null is the first possible day: today, or the start if that is to come.</param>
    /// <param name="rules">The product's.</param>
    /// <param name="today">In the billing calendar.</param>
    /// <param name="at">Pointer of the quantities in the request.</param>
    public Result<QuantitiesSet> SetQuantities(
        IReadOnlyDictionary<string, int> changes, DateOnly? effectiveOn, ProductRules rules, DateOnly today, string at)
    {
        if (SubscriptionRefusals.WhenNotLive(StatusOn(today)) is { } notLive)
            return notLive;

        var earliest = today < StartsOn ? StartsOn : today;
        var on = effectiveOn ?? earliest;
        if (on < earliest)
            return SubscriptionRefusals.TooEarly("effectiveDate", earliest);
        if (on > today.AddYears(SubscriptionRefusals.YearsAhead) || on >= EndsOn)
            return SubscriptionRefusals.TooLate("effectiveDate", "the subscription's end");

        var history = History.With(new QuantityChange(on, changes));
        foreach (var day in history.Where(c => c.On >= on && (EndsOn is null || c.On < EndsOn)).Select(c => c.On))
            if (SeatRules.Check(rules, day == on ? Stated(history, changes, day) : history.On(day), at) is { Count: > 0 } errors)
                return Refusal.AllFields(day == on ? errors : [.. errors.Select(e => e with { Message = $"{e.Message} This would be so from {day:yyyy-MM-dd}." })]);

        var (before, after) = (History.On(on), history.On(on));
        if (Same(History, history))
            return new QuantitiesSet(on, before, after, null);
        History = history;
        return new QuantitiesSet(on, before, after, new SubscriptionQuantitiesChanged(Id, TenantId, on, after));
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
    public Result<SubscriptionCancelled> Cancel(DateOnly? on, DateOnly today)
    {
        if (StatusOn(today) is SubscriptionStatus.Cancelled or SubscriptionStatus.Expired)
            return SubscriptionRefusals.Ended;
        if (on < today)
            return SubscriptionRefusals.TooEarly("on", today);
        if (on > today.AddYears(SubscriptionRefusals.YearsAhead) || on >= ExpiresOn)
            return SubscriptionRefusals.TooLate("on", "the term's end");

        var end = on ?? today;
        CancelledOn = EndsOn = end < StartsOn ? StartsOn : end;
        return new SubscriptionCancelled(Id, TenantId, EndsOn.Value);
    }

    // Also what is set to 0, so that the rules see an unknown feature even when it is set to nothing.
    private static Dictionary<string, int> Stated(IReadOnlyList<QuantityChange> history, IReadOnlyDictionary<string, int> changes, DateOnly day)
    {
        var state = new Dictionary<string, int>(history.On(day), StringComparer.Ordinal);
        foreach (var (feature, quantity) in changes)
            state[feature] = quantity;
        return state;
    }

    private static bool Same(IReadOnlyList<QuantityChange> before, IReadOnlyList<QuantityChange> after)
    {
        foreach (var day in before.Concat(after).Select(c => c.On).Distinct())
            if (!before.On(day).OrderBy(q => q.Key, StringComparer.Ordinal).SequenceEqual(after.On(day).OrderBy(q => q.Key, StringComparer.Ordinal)))
                return false;
        return true;
    }
}

/// <summary>The outcome of setting quantities; nothing to tell when they were so already.</summary>
internal sealed record QuantitiesSet(
    DateOnly On, IReadOnlyDictionary<string, int> Before, IReadOnlyDictionary<string, int> After, SubscriptionQuantitiesChanged? Changed);
