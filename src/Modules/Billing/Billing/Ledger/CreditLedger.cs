using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Ledger;

/// <summary>
/// Everything that is done with prepaid credit. Each action locks the prepaid accounts that it touches, by unit, before it looks at their lots;
/// that a balance or a lot is never below zero and a transaction never unbalanced the database sees to by itself.
/// </summary>
internal sealed class CreditLedger(
    BillingDb db, LedgerAccounts ledgerAccounts, LedgerWriter writer, CreditSpending spending, AuditTrail audit, TimeProvider clock) : IPrepaidCredit
{
    /// <summary>Adds credit, as one lot per unit. Asked again under the same key it answers the first one.</summary>
    /// <returns>The transaction; refused where the key was used for something else.</returns>
    public async Task<Result<LedgerTransaction>> TopUpAsync(
        OrganizationRef owner, string key, IReadOnlyList<CreditAmount> amounts, CreditEnd end, CancellationToken ct)
    {
        string[] units = [.. amounts.Select(x => x.Unit)];
        var accounts = await ledgerAccounts.OpenAsync(owner.Id, owner.Path, [AccountKind.Prepaid, AccountKind.Funded], units, ct);
        await ledgerAccounts.LockAsync([owner.Id.Value], units, ct);
        if (await db.LedgerTransactions.AsNoTracking().SingleOrDefaultAsync(
            x => x.OwnerId == owner.Id && x.Kind == TransactionKind.TopUp && x.Key == key, ct) is { } before)
            return await IsSameAsync(before, amounts, end, ct) ? before : LedgerRefusals.ReferenceUsed;

        var now = clock.GetUtcNow();
        var postings = new List<Posting>();
        foreach (var amount in InOrder(amounts))
        {
            var prepaid = accounts[(AccountKind.Prepaid, amount.Unit)];
            var lot = AddLot(prepaid, end.Of(amount.Unit, now), now);
            postings.Add(new(prepaid, amount.Amount, lot.Id));
            postings.Add(new(accounts[(AccountKind.Funded, amount.Unit)], -amount.Amount));
        }

        return await PostAsync(TransactionKind.TopUp, key, key, postings, now, ct);
    }

    public async Task<Result<Done>> SpendAsync(
        OrganizationId owner, string key, string reference, IReadOnlyList<CreditAmount> amounts, CancellationToken ct)
    {
        if (amounts.Any(x => x.Amount < 0))
            throw new ArgumentException("Only what is given back is negative.", nameof(amounts));
        var asked = InOrder(amounts.Where(x => x.Amount > 0)).ToList();
        if (asked.Count == 0)
            return new Done();

        // Written here, so that what the database refuses is known before anything is told of it.
        var (outcomes, booked) = await spending.SpendAsync([new(owner, key, reference, asked)], Scope.Everything, ct);
        Note(booked.Values);
        return outcomes[0].State switch
        {
            SpendingState.Spent => new Done(),
            SpendingState.SpentBefore => LedgerRefusals.DoneAlready,
            SpendingState.NoAccount => LedgerRefusals.Insufficient(asked[0], 0),
            _ => outcomes[0].Refusal,
        };
    }

    /// <summary>
    /// Pays as much of an amount as there is credit for, in the caller's transaction. Asked again under the same key it takes nothing and answers
    /// what was paid then, whatever came in since.
    /// </summary>
    /// <param name="owner">Whose credit.</param>
    /// <param name="key">Names what is paid for ever, as an invoice's id does.</param>
    /// <param name="reference">What it is for, for people.</param>
    /// <param name="due">Above 0.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>What was paid, at most what is due; 0 where there is no credit of this unit.</returns>
    public async Task<CreditAmount> PayAsync(OrganizationId owner, string key, string reference, CreditAmount due, CancellationToken ct)
    {
        if (due.Amount <= 0)
            throw new ArgumentException("Nothing is due.", nameof(due));
        var (outcomes, booked) = await spending.SpendAsync([new(owner, key, reference, [due]) { Partly = true }], Scope.Everything, ct);
        Note(booked.Values);
        return outcomes[0].Amounts is [var paid] ? paid : due with { Amount = 0 };
    }

    public Task GiveBackAsync(OrganizationId owner, string key, CancellationToken ct) => TryGiveBackAsync(owner, key, ct);

    /// <summary>Gives back what was spent under the key, in full.</summary>
    /// <returns>The transaction that does; null where nothing was spent under the key.</returns>
    public async Task<LedgerTransaction?> TryGiveBackAsync(OrganizationId owner, string key, CancellationToken ct)
    {
        if (await db.LedgerTransactions.AsNoTracking().SingleOrDefaultAsync(
            x => x.OwnerId == owner && x.Kind == TransactionKind.Spending && x.Key == key, ct) is not { } spent)
            return null;
        var entries = await db.LedgerEntries.AsNoTracking().Where(x => x.TransactionId == spent.Id).OrderBy(x => x.Position).ToListAsync(ct);
        await ledgerAccounts.LockAsync([owner.Value], [.. entries.Select(x => x.Unit).Distinct()], ct);

        var now = clock.GetUtcNow();
        var accountIds = entries.Select(x => x.AccountId).Distinct().ToList();
        var accounts = await db.LedgerAccounts.AsNoTracking().Where(x => accountIds.Contains(x.Id)).ToDictionaryAsync(x => x.Id, ct);
        var lotIds = entries.Select(x => x.LotId).OfType<Guid>().Distinct().ToList();
        var lots = await db.CreditLots.AsNoTracking().Where(x => lotIds.Contains(x.Id)).ToDictionaryAsync(x => x.Id, ct);
        var postings = entries.Select(entry =>
        {
            var account = accounts[entry.AccountId];
            var lot = entry.LotId is { } id ? lots[id] is { } from && from.ExpiresAt <= now ? AddLot(account, null, now).Id : id : (Guid?)null;
            return new Posting(account, -entry.Amount, lot);
        }).ToList();
        return await PostAsync(TransactionKind.GivingBack, key, spent.Reference, postings, now, ct);
    }

    /// <summary>Takes off what is left of a lot whose time is over.</summary>
    public async Task LapseAsync(Guid lotId, CancellationToken ct)
    {
        var account = await db.LedgerAccounts.AsNoTracking().SingleAsync(x => db.CreditLots.Any(l => l.Id == lotId && l.AccountId == x.Id), ct);
        await ledgerAccounts.LockAsync([account.OwnerId.Value], [account.Unit], ct);
        var lot = await db.CreditLots.AsNoTracking().SingleAsync(x => x.Id == lotId, ct);
        var now = clock.GetUtcNow();
        FaultPoints.Hit("billing.lapse");
        if (lot.Remaining == 0 || !(lot.ExpiresAt <= now))
            return;

        var lapsed = await ledgerAccounts.OpenAsync(account, [AccountKind.Lapsed], [account.Unit], ct);
        FaultPoints.Hit("billing.lapse");
        await PostAsync(TransactionKind.Lapse, lotId.ToString(), "expired",
            [new(account, -lot.Remaining, lot.Id), new(lapsed[(AccountKind.Lapsed, account.Unit)], lot.Remaining)], now, ct);
        FaultPoints.Hit("billing.lapse");
    }

    public async Task<IReadOnlyList<CreditAmount>> AvailableAsync(OrganizationId owner, CancellationToken ct)
    {
        var spendable = db.CreditLots.Where(CreditLot.SpendableAt(clock.GetUtcNow()));
        return await db.LedgerAccounts.AsNoTracking().Where(x => x.OwnerId == owner && x.Kind == AccountKind.Prepaid).OrderBy(x => x.Unit)
            .Select(x => new CreditAmount(
                x.Unit, spendable.Where(l => l.AccountId == x.Id).Sum(l => l.Remaining)))
            .ToListAsync(ct);
    }

    public async Task<Result<Page<CreditMovement>>> MovementsAsync(
        OrganizationId owner, IReadOnlyCollection<string> units, PageStart start, CancellationToken ct)
    {
        var rows = db.LedgerTransactions.AsNoTracking()
            .Where(x => x.OwnerId == owner && db.LedgerEntries.Any(e => e.TransactionId == x.Id && units.Contains(e.Unit)));
        if ((await rows.ToPageAsync(start, x => x.Id, x => x, x => x.Id, ct)).Refused(out var refusal, out var page))
            return refusal;
        var amounts = await AmountsAsync([.. page.Items.Select(x => x.Id)], ct);
        return page.Select(x => MovementOf(x, amounts[x.Id]));
    }

    /// <summary>What transactions added to the credit, by unit, in one read.</summary>
    public async Task<ILookup<Guid, CreditAmount>> AmountsAsync(IReadOnlyCollection<Guid> transactions, CancellationToken ct) =>
        (await db.LedgerEntries.AsNoTracking().Where(x => transactions.Contains(x.TransactionId) && x.LotId != null)
            .GroupBy(x => new { x.TransactionId, x.Unit }).Select(x => new { x.Key.TransactionId, x.Key.Unit, Amount = x.Sum(e => e.Amount) })
            .ToListAsync(ct))
        .OrderBy(x => x.Unit, StringComparer.Ordinal).ToLookup(x => x.TransactionId, x => new CreditAmount(x.Unit, x.Amount));

    public static CreditMovement MovementOf(LedgerTransaction transaction, IEnumerable<CreditAmount> amounts) =>
        new(transaction.Id, transaction.Kind.ToString(), transaction.Reference, [.. amounts], transaction.CreatedAt);

    // Lots come before the entries that fill them.
    private async Task<LedgerTransaction> PostAsync(
        TransactionKind kind, string key, string reference, List<Posting> postings, DateTimeOffset now, CancellationToken ct)
    {
        var transaction = LedgerTransaction.Of(postings[0].Account, kind, key, reference, postings.Count, now);
        await db.SaveChangesAsync(ct);
        var booking = new Booking(transaction, postings);
        await writer.WriteAsync([booking], ct);
        Note([booking]);
        return transaction;
    }

    private void Note(IEnumerable<Booking> booked)
    {
        foreach (var booking in booked)
            audit.Note(LedgerWriter.ChangeOf(booking));
    }

    private CreditLot AddLot(LedgerAccount account, DateTimeOffset? expiresAt, DateTimeOffset now)
    {
        var lot = CreditLot.Open(account.Id, expiresAt, now);
        db.Add(lot);
        if (expiresAt is { } end)
            db.Publish(new CreditLapseDue(lot.Id), end);
        return lot;
    }

    private async Task<bool> IsSameAsync(LedgerTransaction before, IReadOnlyList<CreditAmount> amounts, CreditEnd end, CancellationToken ct)
    {
        var first = await db.LedgerEntries.AsNoTracking().Where(x => x.TransactionId == before.Id && x.LotId != null)
            .Join(db.CreditLots, x => x.LotId, x => x.Id, (entry, lot) => new { entry.Unit, entry.Amount, lot.ExpiresAt }).ToListAsync(ct);
        return first.Count == amounts.Count
            && amounts.All(amount => first.Exists(x => x.Unit == amount.Unit && x.Amount == amount.Amount
                && x.ExpiresAt == end.Of(amount.Unit, before.CreatedAt)));
    }

    private static IEnumerable<CreditAmount> InOrder(IEnumerable<CreditAmount> amounts) => amounts.OrderBy(x => x.Unit, StringComparer.Ordinal);
}
