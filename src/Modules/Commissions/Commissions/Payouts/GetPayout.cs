using Licensing.Commissions.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Payouts;

/// <summary>One payout.</summary>
internal static class GetPayout
{
    [Needs(CommissionsPermissions.StatementsRead)]
    public sealed record Query(PayoutId Id) : IQuery<PayoutView>;

    internal sealed class Handler(CommissionsDb db, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : IQueryHandler<Query, PayoutView>
    {
        public async Task<Result<PayoutView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Payouts.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is { } payout
                ? PayoutView.Of(payout, calendar.DayOf(clock.GetUtcNow()))
                : PayoutRefusals.NotFound(query.Id);
    }

    public static void Map(IEndpointRouteBuilder payouts) => payouts
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new PayoutId(id)), ct))
        .Slice<Query, PayoutView>(nameof(GetPayout), "Shows a payout");
}
