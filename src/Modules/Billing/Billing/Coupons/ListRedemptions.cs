using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Coupons;

/// <summary>Who has redeemed a coupon, within the caller's branch.</summary>
internal static class ListRedemptions
{
    [Needs(BillingPermissions.CouponsRead)]
    public sealed record Query(Guid CouponId, Guid? TenantId, int? Limit, string? After) : IQuery<Page<RedemptionView>>;

    internal sealed class Handler(BillingDb db, Principal principal) : IQueryHandler<Query, Page<RedemptionView>>
    {
        public async Task<Result<Page<RedemptionView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            if (!await db.Coupons.AnyAsync(x => x.Id == query.CouponId, cancellationToken))
                return CouponRefusals.NotFound(query.CouponId);
            var redemptions = db.CouponRedemptions.AsNoTracking().Within(principal.Scope).Where(x => x.CouponId == query.CouponId);
            if (query.TenantId is { } tenant)
                redemptions = redemptions.Where(x => x.TenantId == new OrganizationId(tenant));
            return await redemptions.ToPageAsync(start, x => x.Id, RedemptionView.Projection, x => x.Id, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder coupons) => coupons
        .MapGet("/{id:guid}/redemptions", (Guid id, Guid? tenantId, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(id, tenantId, limit, after), ct))
        .Slice<Query, Page<RedemptionView>>(nameof(ListRedemptions), "Lists who has redeemed a coupon, newest first");
}
