using System.Linq.Expressions;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Coupons;

internal sealed record CouponView(
    Guid Id, string Code, string Name, decimal? Percent, Money? Amount, DateOnly ValidFrom, DateOnly? ValidUntil, int? Periods,
    IReadOnlyList<string> Plans, IReadOnlyList<string> Charges, DateTimeOffset CreatedAt)
{
    public static CouponView Of(CouponOffer x) => new(
        x.Id, x.Code, x.Name, x.Percent, x.Amount is { } amount ? new Money(amount, x.Currency!.Value) : null, x.ValidFrom, x.ValidUntil, x.Periods,
        x.Plans, x.Charges, x.CreatedAt);

    public static Expression<Func<CouponOffer, CouponView>> Projection { get; } = x => Of(x);
}

/// <param name="Id">Named by the invoices that it is taken off.</param>
/// <param name="CouponId">Which coupon.</param>
/// <param name="TenantId">Whose.</param>
/// <param name="SubscriptionId">Null: for all of the tenant's.</param>
/// <param name="StartsOn">First day of the first month whose bill it is taken off.</param>
/// <param name="EndsOn">First day after the last one; null: no end.</param>
/// <param name="CreatedAt">When it was redeemed.</param>
internal sealed record RedemptionView(
    Guid Id, Guid CouponId, OrganizationId TenantId, SubscriptionId? SubscriptionId, DateOnly StartsOn, DateOnly? EndsOn, DateTimeOffset CreatedAt)
{
    public static RedemptionView Of(CouponRedemption x) =>
        new(x.Id, x.CouponId, x.TenantId, x.SubscriptionId, x.StartsOn, x.EndsOn, x.CreatedAt);

    public static Expression<Func<CouponRedemption, RedemptionView>> Projection { get; } = x => Of(x);
}

/// <param name="Remaining">What no invoice has used, drafts included; in the currency, or units of the meter.</param>
internal sealed record GrantedCreditView(
    Guid Id, OrganizationId TenantId, SubscriptionId? SubscriptionId, string Reference, string Name, Money? Amount, decimal? Quantity, string? Meter,
    string? Sku, DateOnly ValidFrom, DateOnly? ValidUntil, decimal Remaining, DateTimeOffset CreatedAt)
{
    public static GrantedCreditView Of(GrantedCredit x) => new(
        x.Id, x.TenantId, x.SubscriptionId, x.Reference, x.Name, x.Amount is { } amount ? new Money(amount, x.Currency!.Value) : null, x.Quantity,
        x.Meter, x.Sku, x.ValidFrom, x.ValidUntil, x.Remaining, x.CreatedAt);

    public static Expression<Func<GrantedCredit, GrantedCreditView>> Projection { get; } = x => Of(x);
}
