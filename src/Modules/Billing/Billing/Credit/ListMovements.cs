using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Credit;

/// <summary>What was done with the prepaid credit of the caller's branch.</summary>
internal static class ListMovements
{
    [Needs(BillingPermissions.CreditRead)]
    public sealed record Query(Guid? OrganizationId, string? Unit, int? Limit, string? After) : IQuery<Page<MovementView>>;

    internal sealed class Handler(BillingDb db, CreditLedger ledger, Principal principal) : IQueryHandler<Query, Page<MovementView>>
    {
        public async Task<Result<Page<MovementView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var rows = db.LedgerTransactions.AsNoTracking().Within(principal.Scope);
            if (query.OrganizationId is { } organization)
                rows = rows.Where(x => x.OwnerId == new OrganizationId(organization));
            if (query.Unit is { } unit)
                rows = rows.Where(x => db.LedgerEntries.Any(e => e.TransactionId == x.Id && e.Unit == unit));
            if ((await rows.ToPageAsync(start, x => x.Id, x => x, x => x.Id, cancellationToken)).Refused(out refusal, out var page))
                return refusal;
            var amounts = await ledger.AmountsAsync([.. page.Items.Select(x => x.Id)], cancellationToken);
            return page.Select(x => MovementView.Of(x.OwnerId, CreditLedger.MovementOf(x, amounts[x.Id])));
        }
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapGet("/movements", (Guid? organizationId, string? unit, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId, unit, limit, after), ct))
        .Slice<Query, Page<MovementView>>(nameof(ListMovements), "Lists what was done with prepaid credit, newest first");
}
