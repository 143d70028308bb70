using Licensing.Usage.Contracts;

namespace Licensing.Usage.Thresholds;

internal static class ThresholdRefusals
{
    // One answer for what does not exist and what lies outside the caller's scope, so that neither can be probed.
    public static Refusal NotFound(ThresholdId id) => new(RefusalKind.NotFound, "threshold_not_found", $"There is no threshold {id.Value}.");

    public static Refusal NobodyNamed { get; } = Refusal.Field("/tenantId", "required", "Name the tenant, or the subscription.");

    public static Refusal TenantNotFound { get; } = Refusal.Field("/tenantId", "tenant_not_found", "There is no such tenant.");

    public static Refusal SubscriptionNotFound { get; } =
        Refusal.Field("/subscriptionId", "subscription_not_found", "There is no such subscription of the tenant.");

    public static Refusal MeterNotFound { get; } = Refusal.Field("/meter", "meter_not_found", "There is no such meter.");
}
