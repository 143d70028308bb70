using Licensing.Catalog.Contracts;

namespace Licensing.Provisioning.Subscriptions;

internal sealed record HistoryView(
    Guid Id, DateTimeOffset At, HistoryEvent What, DateOnly EffectiveOn, IReadOnlyDictionary<string, int>? Quantities,
    PlanVersionId? PlanVersionId, string? Reason, string By);
