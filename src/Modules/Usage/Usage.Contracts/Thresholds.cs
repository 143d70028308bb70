using Licensing.Identity.Contracts;
using Licensing.Kernel;
using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Contracts;

namespace Licensing.Usage.Contracts;

/// <summary>Usage that somebody wants to hear of when it is reached.</summary>
public readonly record struct ThresholdId(Guid Value) : IId<ThresholdId>;

/// <summary>Usage of a month has reached a level of a threshold; told once per level, month and whose usage it is.</summary>
/// <param name="Id">The threshold.</param>
/// <param name="TenantId">Whose usage.</param>
/// <param name="SubscriptionId">By which subscription; null where it is the tenant's.</param>
/// <param name="Meter">The meter's key.</param>
/// <param name="Month">Its first day, in the billing time zone.</param>
/// <param name="Level">Percent of the quota where there is a quota, else a quantity.</param>
/// <param name="Quota">The most usage of the month that is agreed; null of a threshold of a quantity.</param>
/// <param name="Quantity">What was used by then.</param>
/// <param name="At">When it was seen.</param>
[Message("usage.threshold-reached.v1")]
public sealed record ThresholdReached(
    ThresholdId Id, OrganizationId TenantId, SubscriptionId? SubscriptionId, string Meter, DateOnly Month, decimal Level, decimal? Quota,
    Exact Quantity, DateTimeOffset At);
