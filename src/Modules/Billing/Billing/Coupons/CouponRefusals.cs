using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Coupons;

internal static class CouponRefusals
{
    public static Refusal CodeTaken { get; } = new(RefusalKind.Conflict, "coupon_code_taken", "Another coupon has this code.");

    public static Refusal RedeemedAlready { get; } =
        new(RefusalKind.Conflict, "coupon_redeemed_already", "The coupon is redeemed for this subscription, or for this tenant as a whole, already.");

    public static Refusal ReferenceUsed { get; } =
        new(RefusalKind.Conflict, "credit_reference_used", "A credit with this reference was granted to the tenant already.");

    public static Refusal NotValid(string code) =>
        new(RefusalKind.Conflict, "coupon_not_valid", $"The coupon {code} cannot be redeemed today.");

    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "coupon_not_found", $"There is no coupon {id}.");

    public static Refusal TenantNotFound(OrganizationId id) => new(RefusalKind.NotFound, "tenant_not_found", $"There is no tenant {id.Value}.");

    public static Refusal SubscriptionNotFound(SubscriptionId id) => Field(
        "/subscriptionId", "subscription_not_found", $"The tenant has no subscription {id.Value}.");

    public static Refusal UnknownMeter(string meter) => Field("/meter", "unknown_meter", $"There is no meter {meter}.");

    public static Refusal CurrencyMismatch(Currency given, Currency billed) => Field(
        "/amount", "currency_mismatch", $"The credit is in {given}, but the tenant is billed in {billed}.");

    private static Refusal Field(string pointer, string code, string message) =>
        new(RefusalKind.Invalid, code, message) { Fields = [new(pointer, code, message)] };
}
