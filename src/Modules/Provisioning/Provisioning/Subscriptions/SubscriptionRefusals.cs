using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;

namespace Licensing.Provisioning.Subscriptions;

internal static class SubscriptionRefusals
{
    /// <summary>How far ahead anything can be agreed.</summary>
    public const int YearsAhead = 10;

    public static Refusal Pending { get; } = new(RefusalKind.Conflict, "subscription_pending", "The subscription has not started yet.");

    public static Refusal AlreadySuspended { get; } =
        new(RefusalKind.Conflict, "subscription_already_suspended", "The subscription is suspended already.");

    public static Refusal Suspended { get; } =
        new(RefusalKind.Conflict, "subscription_suspended", "The subscription is suspended; resume it before changing quantities.");

    public static Refusal NotSuspended { get; } = new(RefusalKind.Conflict, "subscription_not_suspended", "The subscription is not suspended.");

    public static Refusal Ended { get; } =
        new(RefusalKind.Conflict, "subscription_ended", "The subscription is cancelled or expired and cannot change.");

    public static Refusal ReferenceTaken { get; } =
        new(RefusalKind.Conflict, "subscription_reference_taken", "Another subscription of the tenant has this reference.");

    public static Refusal TenantNotActive { get; } =
        new(RefusalKind.Conflict, "tenant_not_active", "The tenant, or an organisation above it, is suspended or closed.");

    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "subscription_not_found", $"There is no subscription {id}.");

    public static Refusal TenantNotFound(OrganizationId id) => new(RefusalKind.NotFound, "tenant_not_found", $"There is no tenant {id.Value}.");

    public static Refusal PlanNotAvailable(PlanId id)
    {
        var message = $"There is no published plan {id.Value}.";
        return new(RefusalKind.Invalid, "plan_not_available", message) { Fields = [new("/planId", "plan_not_available", message)] };
    }

    public static Refusal CurrencyMismatch(PlanVersionRef plan, OrganizationRef tenant)
    {
        var message = $"Plan {plan.PlanKey} is priced in {plan.Currency}, but the tenant is billed in {tenant.Currency}.";
        return new(RefusalKind.Invalid, "currency_mismatch", message) { Fields = [new("/planId", "currency_mismatch", message)] };
    }

    public static Refusal ItemMissing { get; } = Refusal.Field("", "required", "An item must not be null.");

    public static Refusal TooEarly(string field, DateOnly earliest) =>
        Refusal.Field($"/{field}", "too_early", $"{field} must be {earliest:yyyy-MM-dd} or later.");

    public static Refusal TooLate(string field, string before) =>
        Refusal.Field($"/{field}", "too_late", $"{field} must be before {before} and at most {YearsAhead} years ahead.");

    public static Refusal? WhenNotLive(SubscriptionStatus status) => status switch
    {
        SubscriptionStatus.Suspended => Suspended,
        SubscriptionStatus.Cancelled or SubscriptionStatus.Expired => Ended,
        _ => null,
    };
}
