using Licensing.Billing.Ledger;
using Licensing.Kernel.Http;

namespace Licensing.Billing.Credit;

/// <summary>What was done with the prepaid credit of the caller's branch.</summary>
internal static class ListMovements
{
    [Needs(BillingPermissions.CreditRead)]
    public sealed record Query(MovementFilter Filter, int? Limit, string? After) : IQuery<Page<MovementView>>;

    internal sealed class Handler(MovementSearch search, CreditLedger ledger) : IQueryHandler<Query, Page<MovementView>>
    {
        public async Task<Result<Page<MovementView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start)
                || search.Rows(query.Filter).Refused(out refusal, out var found)
                || (await found.Rows.ToPageAsync(start, x => x.Id, x => x, x => x.Id, cancellationToken)).Refused(out refusal, out var page))
                return refusal;
            var amounts = await ledger.AmountsAsync([.. page.Items.Select(x => x.Id)], cancellationToken);
            return page.Select(x => MovementView.Of(x.OwnerId, CreditLedger.MovementOf(x, amounts[x.Id])));
        }
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapGet("/movements", async (Guid? organizationId, string? unit, string? kind, DateOnly? from, DateOnly? until, int? limit, string? after,
            HttpRequest request, ISender sender, CancellationToken ct) =>
        {
            var filter = new MovementFilter(organizationId, unit, kind, from, until);
            return request.WantsCsv ? await ExportMovements.SendAsync(filter, sender, ct) : await sender.Ok(new Query(filter, limit, after), ct);
        })
        .Slice<Query, Page<MovementView>>(
            nameof(ListMovements), "Lists what was done with prepaid credit, newest first; all of it as CSV with Accept: text/csv");
}
