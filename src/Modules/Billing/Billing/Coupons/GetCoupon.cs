using Licensing.Billing.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Coupons;

/// <summary>One coupon. Coupons are offers of the platform, so whoever may see coupons may see each.</summary>
internal static class GetCoupon
{
    [Needs(BillingPermissions.CouponsRead)]
    public sealed record Query(Guid Id) : IQuery<CouponView>;

    internal sealed class Handler(BillingDb db) : IQueryHandler<Query, CouponView>
    {
        public async Task<Result<CouponView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Coupons.AsNoTracking().SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is { } coupon
                ? CouponView.Of(coupon)
                : CouponRefusals.NotFound(query.Id);
    }

    public static void Map(RouteGroupBuilder coupons) => coupons
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(id), ct))
        .Slice<Query, CouponView>(nameof(GetCoupon), "Shows a coupon");
}
