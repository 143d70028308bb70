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
        new(RefusalKind.Conflict, "subscription_suspended", "The subscription is suspended; resume it before changing it.");

    public static Refusal NotSuspended { get; } = new(RefusalKind.Conflict, "subscription_not_suspended", "The subscription is not suspended.");

    public static Refusal Ended { get; } =
        new(RefusalKind.Conflict, "subscription_ended", "The subscription is cancelled or expired and cannot change.");

    public static Refusal ReferenceTaken { get; } =
        new(RefusalKind.Conflict, "subscription_reference_taken", "Another subscription of the tenant has this reference.");

    public static Refusal NoTerm { get; } =
        new(RefusalKind.Conflict, "subscription_without_term", "The subscription has no term that it could end with; name a day with on.");

    public static Refusal NoCancellation { get; } =
        new(RefusalKind.Conflict, "no_cancellation_scheduled", "No cancellation of the subscription is to come.");

    public static Refusal CancellationScheduled { get; } =
        new(RefusalKind.Conflict, "cancellation_scheduled", "The subscription is cancelled for a day to come; undo that before renewing it.");

    public static Refusal NotRenewable { get; } =
        new(RefusalKind.Conflict, "subscription_not_renewable",
            "There is nothing to renew: the subscription is open-ended, renews itself, or has a fixed end.");

    public static Refusal PlanUnchanged { get; } =
        new(RefusalKind.Conflict, "plan_unchanged", "The subscription has the newest version of this plan on that day already.");

    public static Refusal ConcurrentTermEnd { get; } =
        new(RefusalKind.Conflict, "concurrent_change",
            "Someone else renewed the subscription, or its term's end was told, at the same moment; read it again and retry.");

    public static Refusal OutsideRenewalWindow(Period window) =>
        new(RefusalKind.Conflict, "outside_renewal_window",
            $"The subscription can be renewed from {window.Start:yyyy-MM-dd} until before {window.End:yyyy-MM-dd}.");

    public static Refusal EarlyCancellation(Term term) => new(
        RefusalKind.Conflict, "early_cancellation_not_allowed",
        $"The plan allows no cancellation within the term, which ends on {term.EndsOn:yyyy-MM-dd}.");

    public static Refusal PlanChangeScheduled(DateOnly on) => new(
        RefusalKind.Conflict, "plan_change_scheduled", $"Another plan change is agreed for {on:yyyy-MM-dd}; withdraw it first.");

    public static Refusal NoChangeScheduled(DateOnly on) =>
        new(RefusalKind.NotFound, "no_change_scheduled", $"No change is to come on {on:yyyy-MM-dd}.");

    public static Refusal EndsBeforeChange(DateOnly end, DateOnly change) => new(
        RefusalKind.Conflict, "ends_before_change",
        $"The subscription would end on {end:yyyy-MM-dd}, before what is agreed for {change:yyyy-MM-dd}; withdraw that first.");

    /// <summary>The day stands in the path, so no pointer names what is at fault.</summary>
    public static Refusal ChangeNeeded(DateOnly on, IReadOnlyList<FieldError> errors) => new(
        RefusalKind.Conflict, "change_needed", $"Without the change of {on:yyyy-MM-dd}: {string.Join(" ", errors.Select(e => e.Message))}");

    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "subscription_not_found", $"There is no subscription {id}.");

    public static Refusal PlanNotAvailable(PlanId id)
    {
        var message = $"There is no published plan {id.Value}.";
        return new(RefusalKind.Invalid, "plan_not_available", message) { Fields = [new("/planId", "plan_not_available", message)] };
    }

    public static Refusal CurrencyMismatch(PlanVersionRef plan, OrganizationRef tenant)
    {
        var message = $"Plan {plan.PlanKey} is priced in {plan.Currency}, the tenant is billed in {tenant.Currency}, "
            + "and there is no exchange rate from the one to the other.";
        return new(RefusalKind.Invalid, "currency_mismatch", message) { Fields = [new("/planId", "currency_mismatch", message)] };
    }

    public static Refusal ItemMissing { get; } = Refusal.Field("", "required", "An item must not be null.");

    public static Refusal TooEarly(string field, DateOnly earliest) => Refusal.AllFields([Early(field, earliest)]);

    public static FieldError Early(string field, DateOnly earliest) =>
        new($"/{field}", "too_early", $"{field} must be {earliest:yyyy-MM-dd} or later.");

    public static Refusal TooLate(string field, string before) =>
        Refusal.Field($"/{field}", "too_late", $"{field} must be before {before} and at most {YearsAhead} years ahead.");

    public static Refusal? WhenNotLive(SubscriptionStatus status) => status switch
    {
        SubscriptionStatus.Suspended => Suspended,
        SubscriptionStatus.Cancelled or SubscriptionStatus.Expired => Ended,
        _ => null,
    };

    public static Refusal NotTransferable(int count, DateOnly on) => new(
        RefusalKind.Conflict, "not_transferable",
        $"On {on:yyyy-MM-dd} the tenant has subscriptions whose plan does not let them go to another partner: {count}.");
}
