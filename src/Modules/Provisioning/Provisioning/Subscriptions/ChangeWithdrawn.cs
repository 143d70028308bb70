using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>The outcome of withdrawing a change; <paramref name="Repriced"/> is null where no cancellation costs otherwise than before.</summary>
internal sealed record ChangeWithdrawn(SubscriptionChangeWithdrawn Fact, SubscriptionCancelled? Repriced);
