using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Credit;

/// <summary>One debit, and whether it was given back.</summary>
internal static class GetDebit
{
    [Needs(BillingPermissions.CreditRead)]
    public sealed record Query(Guid Id) : IQuery<DebitView>;

    internal sealed class Handler(BillingDb db, CreditLedger ledger, Principal principal) : IQueryHandler<Query, DebitView>
    {
        public async Task<Result<DebitView>> Handle(Query query, CancellationToken cancellationToken) =>
            await FindAsync(db, ledger, principal.Scope, query.Id, cancellationToken) is { } debit ? debit : LedgerRefusals.DebitNotFound(query.Id);
    }

    internal static async Task<DebitView?> FindAsync(BillingDb db, CreditLedger ledger, Scope within, Guid id, CancellationToken ct)
    {
        var found = await db.LedgerTransactions.AsNoTracking().Within(within).Where(x => x.Id == id)
            .Select(x => new
            {
                Transaction = x,
                Reversals = db.LedgerTransactions
                    .Where(r => r.OwnerId == x.OwnerId && r.Kind == TransactionKind.GivingBack && r.Key == x.Key).Select(r => r.CreatedAt).ToList(),
            })
            .SingleOrDefaultAsync(ct);
        if (found is null || !DebitView.IsDebit(found.Transaction))
            return null;
        var taken = (await ledger.AmountsAsync([id], ct))[id].Single();
        return DebitView.Of(found.Transaction, taken with { Amount = -taken.Amount }, found.Reversals is [var at] ? at : null);
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapGet("/debits/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(id), ct))
        .Slice<Query, DebitView>(nameof(GetDebit), "Shows a debit of prepaid credit");
}
