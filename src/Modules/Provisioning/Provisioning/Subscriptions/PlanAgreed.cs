using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>
/// The outcome of changing the plan; <paramref name="Changed"/> is null while it is to come, <paramref name="Repriced"/> where no cancellation
/// costs otherwise than before.
/// </summary>
internal sealed record PlanAgreed(PlanFrom Plan, QuantitiesSet Quantities, SubscriptionPlanChanged? Changed, SubscriptionCancelled? Repriced);
