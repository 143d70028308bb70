using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Coupons;

/// <summary>Gives a coupon to a tenant, for everything or for one subscription; each of them once.</summary>
internal static class RedeemCoupon
{
    /// <param name="TenantId">Who pays less.</param>
    /// <param name="SubscriptionId">For what; null: for all of the tenant's.</param>
    /// <param name="StartsOn">In the first month whose bill it is taken off; today's month when left out.</param>
    public sealed record Body(OrganizationId TenantId, SubscriptionId? SubscriptionId = null, DateOnly? StartsOn = null);

    [Needs(BillingPermissions.CouponsRedeem)]
    public sealed record Command(Guid CouponId, OrganizationId TenantId, SubscriptionId? SubscriptionId, DateOnly? StartsOn)
        : ICommand<RedemptionView>;

    internal sealed class Handler(BillingDb db, ReductionOwners owners, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, RedemptionView>
    {
        public async Task<Result<RedemptionView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await db.Coupons.AsNoTracking().SingleOrDefaultAsync(x => x.Id == command.CouponId, cancellationToken) is not { } coupon)
                return CouponRefusals.NotFound(command.CouponId);
            if ((await owners.OwnerAsync(command.TenantId, command.SubscriptionId, cancellationToken)).Refused(out var refusal, out var tenant))
                return refusal;

            var now = clock.GetUtcNow();
            var today = calendar.DayOf(now);
            if (coupon.Redeem(tenant, command.SubscriptionId, command.StartsOn ?? today, today, now).Refused(out refusal, out var redemption))
                return refusal;
            db.Add(redemption);
            await db.SaveChangesAsync(cancellationToken);
            return RedemptionView.Of(redemption);
        }
    }

    public static void Map(RouteGroupBuilder coupons) => coupons
        .MapPost("/{id:guid}/redemptions", (Guid id, Body body, ISender sender, CancellationToken ct) => sender.Created(
            new Command(id, body.TenantId, body.SubscriptionId, body.StartsOn), x => $"/api/v1/billing/coupons/{x.CouponId}/redemptions", ct))
        .Slice<Command, RedemptionView>(
            nameof(RedeemCoupon), "Redeems a coupon, once per subscription or for a tenant as a whole", StatusCodes.Status201Created);
}
