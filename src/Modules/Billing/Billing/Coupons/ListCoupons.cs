using Licensing.Billing.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Coupons;

/// <summary>The coupons there are, newest first.</summary>
internal static class ListCoupons
{
    [Needs(BillingPermissions.CouponsRead)]
    public sealed record Query(string? Code, int? Limit, string? After) : IQuery<Page<CouponView>>;

    internal sealed class Handler(BillingDb db) : IQueryHandler<Query, Page<CouponView>>
    {
        public async Task<Result<Page<CouponView>>> Handle(Query query, CancellationToken cancellationToken) =>
            PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start)
                ? refusal
                : await db.Coupons.AsNoTracking().Where(x => query.Code == null || x.Code == query.Code)
                    .ToPageAsync(start, x => x.Id, CouponView.Projection, x => x.Id, cancellationToken);
    }

    public static void Map(RouteGroupBuilder coupons) => coupons
        .MapGet("/", (string? code, int? limit, string? after, ISender sender, CancellationToken ct) => sender.Ok(new Query(code, limit, after), ct))
        .Slice<Query, Page<CouponView>>(nameof(ListCoupons), "Lists coupons, newest first");
}
