using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Subscriptions;

internal enum HistoryEvent
{
    Opened, Activated, QuantitiesChanged, Suspended, Resumed, Cancelled, DeletionScheduled, DeletionRecovered,
    PlanChangeAgreed, PlanChanged, ChangeWithdrawn, CancellationUndone, Renewed, Expired, QuotaAgreed,
}

/// <summary>One thing that happened to a subscription, for people; the subscription's own days are what counts.</summary>
internal sealed class HistoryEntry : IOwned
{
    public Guid Id { get; private init; }
    public SubscriptionId SubscriptionId { get; private init; }

    /// <summary>Where the tenant stood when it happened; a transfer leaves it there.</summary>
    public string OwnerPath { get; private init; } = "";

    public DateTimeOffset At { get; private init; }
    public HistoryEvent What { get; private init; }
    public DateOnly EffectiveOn { get; private init; }
    public IReadOnlyDictionary<string, int>? Quantities { get; private init; }
    /// <summary>The plan version that it is about, where it is about one.</summary>
    public PlanVersionId? PlanVersionId { get; private init; }
    public string? Reason { get; private init; }
    public required string By { get; init; }

    public static HistoryEntry Of(
        Subscription subscription, HistoryEvent what, DateOnly effectiveOn, string by, DateTimeOffset now,
        IReadOnlyDictionary<string, int>? quantities = null, string? reason = null, PlanVersionId? plan = null) => new()
        {
            Id = Licensing.Kernel.Id.NewGuid(now),
            SubscriptionId = subscription.Id,
            OwnerPath = subscription.OwnerPath,
            At = now,
            What = what,
            EffectiveOn = effectiveOn,
            Quantities = quantities,
            PlanVersionId = plan,
            Reason = reason,
            By = by,
        };
}
