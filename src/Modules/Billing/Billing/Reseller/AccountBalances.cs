using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Reseller;

/// <summary>Puts to accounts what can be spent of their prepaid credit now, in one read for all of them.</summary>
internal sealed class AccountBalances(BillingDb db, TimeProvider clock)
{
    public async Task<IReadOnlyList<Account>> OfAsync(IReadOnlyList<AccountRef> accounts, CancellationToken ct)
    {
        var owners = accounts.Select(x => x.Id).ToList();
        var spendable = db.CreditLots.Where(CreditLot.SpendableAt(clock.GetUtcNow()));
        var balances = await db.LedgerAccounts.AsNoTracking().Where(x => x.Kind == AccountKind.Prepaid && owners.Contains(x.OwnerId))
            .Select(x => new { x.OwnerId, x.Unit, Amount = spendable.Where(l => l.AccountId == x.Id).Sum(l => l.Remaining) }).ToListAsync(ct);
        var byOwner = balances.ToLookup(x => x.OwnerId);
        return [.. accounts.Select(x => x.Account with
        {
            Balances = [.. byOwner[x.Id].OrderBy(b => b.Unit, StringComparer.Ordinal).Select(b => new AccountBalance(b.Unit, b.Amount))],
        })];
    }
}
