namespace Licensing.Provisioning.Contracts;

/// <summary>The most usage of a billing period that a subscription was agreed to have.</summary>
/// <param name="SubscriptionId">Which.</param>
/// <param name="Meter">The meter's key.</param>
/// <param name="Limit">In the meter's units.</param>
public sealed record SubscriptionQuota(SubscriptionId SubscriptionId, string Meter, decimal Limit);

/// <summary>Reads quotas for other modules. No call checks the caller's scope; the asking slice does.</summary>
public interface ISubscriptionQuotas
{
    /// <summary>
    /// What is agreed for each subscription now, else what its plan of that day says, in one read; meters without a limit are absent.
    /// </summary>
    /// <param name="subscriptions">Whose.</param>
    /// <param name="day">In the billing time zone.</param>
    /// <param name="ct">Gives up.</param>
    Task<IReadOnlyList<SubscriptionQuota>> OnAsync(IReadOnlyCollection<SubscriptionId> subscriptions, DateOnly day, CancellationToken ct);
}
