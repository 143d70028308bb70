using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>The outcome of setting quantities; nothing to tell when they were so already.</summary>
internal sealed record QuantitiesSet(
    DateOnly On, IReadOnlyDictionary<string, int> Before, IReadOnlyDictionary<string, int> After, SubscriptionQuantitiesChanged? Changed);
