using Licensing.Commissions.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.PaymentOrders;

/// <summary>What banks were told to pay, newest first.</summary>
internal static class ListPaymentOrders
{
    [Needs(CommissionsPermissions.PayoutsManage)]
    public sealed record Query(int? Limit, string? After) : IQuery<Page<PaymentOrderView>>;

    internal sealed class Handler(CommissionsDb db, Principal principal) : IQueryHandler<Query, Page<PaymentOrderView>>
    {
        public async Task<Result<Page<PaymentOrderView>>> Handle(Query query, CancellationToken cancellationToken) =>
            PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start)
                ? refusal
                : await db.PaymentOrders.AsNoTracking().Within(principal.Scope)
                    .ToPageAsync(start, x => x.Id, PaymentOrderView.Projection, x => x.Id.Value, cancellationToken);
    }

    public static void Map(IEndpointRouteBuilder orders) => orders
        .MapGet("/", (int? limit, string? after, ISender sender, CancellationToken ct) => sender.Ok(new Query(limit, after), ct))
        .Slice<Query, Page<PaymentOrderView>>(nameof(ListPaymentOrders), "Lists payment orders");
}
