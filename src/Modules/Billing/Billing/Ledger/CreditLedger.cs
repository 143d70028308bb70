using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Billing.Ledger;

/// <summary>
/// Everything that is done with prepaid credit. Each action locks the prepaid accounts that it touches, by unit, before it looks at their lots;
/// that a balance or a lot is never below zero and a transaction never unbalanced the database sees to by itself.
/// </summary>
internal sealed class CreditLedger(BillingDb db, DbSession session, TimeProvider clock) : IPrepaidCredit
{
    /// <summary>Adds credit, as one lot per unit. Asked again under the same key it answers the first one.</summary>
    /// <returns>The transaction; refused where the key was used for something else.</returns>
    public async Task<Result<LedgerTransaction>> TopUpAsync(
        OrganizationRef owner, string key, IReadOnlyList<CreditAmount> amounts, DateTimeOffset? expiresAt, CancellationToken ct)
    {
        // As the database keeps it, in UTC and no finer: else it would be refused, or differ from itself when it is asked for again.
        expiresAt = expiresAt?.AddTicks(-(expiresAt.Value.Ticks % TimeSpan.TicksPerMicrosecond)).ToUniversalTime();
        var accounts = await OpenAsync(owner.Id, owner.Path, [AccountKind.Prepaid, AccountKind.Funded], amounts, ct);
        await LockAsync(owner.Id, [.. amounts.Select(x => x.Unit)], ct);
        if (await db.LedgerTransactions.AsNoTracking().SingleOrDefaultAsync(
            x => x.OwnerId == owner.Id && x.Kind == TransactionKind.TopUp && x.Key == key, ct) is { } before)
            return await IsSameAsync(before, amounts, expiresAt, ct) ? before : LedgerRefusals.ReferenceUsed;

        var now = clock.GetUtcNow();
        var postings = new List<Posting>();
        foreach (var amount in InOrder(amounts))
        {
            var prepaid = accounts[(AccountKind.Prepaid, amount.Unit)];
            var lot = AddLot(prepaid, expiresAt, now);
            postings.Add(new(prepaid, amount.Amount, lot.Id));
            postings.Add(new(accounts[(AccountKind.Funded, amount.Unit)], -amount.Amount));
        }

        return Post(TransactionKind.TopUp, key, key, postings, now);
    }

    public async Task<Result<Done>> SpendAsync(
        OrganizationId owner, string key, string reference, IReadOnlyList<CreditAmount> amounts, CancellationToken ct)
    {
        if (amounts.Any(x => x.Amount < 0))
            throw new ArgumentException("Only what is given back is negative.", nameof(amounts));
        var asked = InOrder(amounts.Where(x => x.Amount > 0)).ToList();
        if (asked.Count == 0)
            return new Done();

        var prepaid = await LockAsync(owner, [.. asked.Select(x => x.Unit)], ct);
        var now = clock.GetUtcNow();
        // A statement of its own after the lock, so that it sees what those before have left.
        var lots = (await LotsOf(prepaid.Values.Select(x => x.Id).ToList(), now).AsNoTracking().ToListAsync(ct)).ToLookup(x => x.AccountId);
        var taken = new List<Posting>();
        foreach (var amount in asked)
        {
            var account = prepaid.GetValueOrDefault(amount.Unit);
            var mine = account is null ? [] : lots[account.Id].ToList();
            if (mine.Sum(x => x.Remaining) is var available && available < amount.Amount)
                return LedgerRefusals.Insufficient(amount, available);
            taken.AddRange(Take(account!, mine, amount.Amount));
        }

        var spent = await OpenAsync(prepaid.Values.First(), [AccountKind.Spent], asked, ct);
        Post(TransactionKind.Spending, key, reference, [.. taken, .. asked.Select(x => new Posting(spent[(AccountKind.Spent, x.Unit)], x.Amount))],
            now);
        // Written here, so that what the database refuses is known before anything is told of it.
        await db.SaveChangesAsync(ct);
        return new Done();
    }

    public async Task<Result<Done>> GiveBackAsync(OrganizationId owner, string key, CancellationToken ct)
    {
        if (await db.LedgerTransactions.AsNoTracking().SingleOrDefaultAsync(
            x => x.OwnerId == owner && x.Kind == TransactionKind.Spending && x.Key == key, ct) is not { } spending)
            return new Done();
        var entries = await db.LedgerEntries.AsNoTracking().Where(x => x.TransactionId == spending.Id).OrderBy(x => x.Position).ToListAsync(ct);
        await LockAsync(owner, [.. entries.Select(x => x.Unit).Distinct()], ct);

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
        Post(TransactionKind.GivingBack, key, spending.Reference, postings, now);
        await db.SaveChangesAsync(ct);
        return new Done();
    }

    /// <summary>Takes off what is left of a lot whose time is over.</summary>
    public async Task LapseAsync(Guid lotId, CancellationToken ct)
    {
        var account = await db.LedgerAccounts.AsNoTracking().SingleAsync(x => db.CreditLots.Any(l => l.Id == lotId && l.AccountId == x.Id), ct);
        await LockAsync(account.OwnerId, [account.Unit], ct);
        var lot = await db.CreditLots.AsNoTracking().SingleAsync(x => x.Id == lotId, ct);
        var now = clock.GetUtcNow();
        if (lot.Remaining == 0 || !(lot.ExpiresAt <= now))
            return;

        var lapsed = await OpenAsync(account, [AccountKind.Lapsed], [new CreditAmount(account.Unit, lot.Remaining)], ct);
        Post(TransactionKind.Lapse, lotId.ToString(), "expired",
            [new(account, -lot.Remaining, lot.Id), new(lapsed[(AccountKind.Lapsed, account.Unit)], lot.Remaining)], now);
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

    private static List<Posting> Take(LedgerAccount account, List<CreditLot> lots, decimal amount)
    {
        var taken = new List<Posting>();
        foreach (var lot in lots)
        {
            if (amount == 0)
                break;
            var part = Math.Min(amount, lot.Remaining);
            taken.Add(new(account, -part, lot.Id));
            amount -= part;
        }

        return taken;
    }

    // Earliest expiry first, those without last, older before newer.
    private IQueryable<CreditLot> LotsOf(List<Guid> accounts, DateTimeOffset now) => db.CreditLots
        .Where(CreditLot.SpendableAt(now)).Where(x => accounts.Contains(x.AccountId))
        .OrderBy(x => x.ExpiresAt == null).ThenBy(x => x.ExpiresAt).ThenBy(x => x.Id);

    private LedgerTransaction Post(TransactionKind kind, string key, string reference, List<Posting> postings, DateTimeOffset now)
    {
        var transaction = LedgerTransaction.Of(postings[0].Account, kind, key, reference, postings.Count, now);
        db.Add(transaction);
        for (var i = 0; i < postings.Count; i++)
            db.Add(LedgerEntry.Of(transaction, i + 1, postings[i]));
        return transaction;
    }

    private CreditLot AddLot(LedgerAccount account, DateTimeOffset? expiresAt, DateTimeOffset now)
    {
        var lot = CreditLot.Open(account.Id, expiresAt, now);
        db.Add(lot);
        if (expiresAt is { } end)
            db.Publish(new CreditLapseDue(lot.Id), end);
        return lot;
    }

    private async Task<bool> IsSameAsync(LedgerTransaction before, IReadOnlyList<CreditAmount> amounts, DateTimeOffset? expiresAt,
    CancellationToken ct)
    {
        var first = await db.LedgerEntries.AsNoTracking().Where(x => x.TransactionId == before.Id && x.LotId != null)
            .Join(db.CreditLots, x => x.LotId, x => x.Id, (entry, lot) => new { entry.Unit, entry.Amount, lot.ExpiresAt }).ToListAsync(ct);
        return first.Count == amounts.Count
            && amounts.All(amount => first.Exists(x => x.Unit == amount.Unit && x.Amount == amount.Amount && x.ExpiresAt == expiresAt));
    }

    private async Task<Dictionary<(AccountKind, string), LedgerAccount>> OpenAsync(
        LedgerAccount sibling, AccountKind[] kinds, IReadOnlyList<CreditAmount> amounts, CancellationToken ct) =>
        await OpenAsync(sibling.OwnerId, sibling.OwnerPath, kinds, amounts, ct);

    // Whoever opens the same account at the same moment waits here and then finds it.
    private async Task<Dictionary<(AccountKind, string), LedgerAccount>> OpenAsync(
        OrganizationId owner, string path, AccountKind[] kinds, IReadOnlyList<CreditAmount> amounts, CancellationToken ct)
    {
        var wanted = InOrder(amounts).SelectMany(_ => kinds, (amount, kind) => (Kind: kind, amount.Unit)).ToList();
        var units = amounts.Select(x => x.Unit).ToList();
        var known = await FindAsync();
        if (wanted.TrueForAll(known.ContainsKey))
            return known;

        var now = clock.GetUtcNow();
        await using (var command = new NpgsqlCommand(
            """
            insert into billing.ledger_accounts (id, owner_id, owner_path, kind, unit, created_at)
            select id, $2, $3, kind, unit, $6 from unnest($1, $4, $5) as w (id, kind, unit) order by unit, kind
            on conflict (owner_id, kind, unit) do nothing
            """, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = wanted.Select(_ => Id.NewGuid(now)).ToArray() }, new() { Value = owner.Value }, new() { Value = path },
                new() { Value = wanted.Select(x => x.Kind.ToString()).ToArray() }, new() { Value = wanted.Select(x => x.Unit).ToArray() },
                new() { Value = now },
            },
        })
            await command.ExecuteNonQueryAsync(ct);
        return await FindAsync();

        Task<Dictionary<(AccountKind, string), LedgerAccount>> FindAsync() => db.LedgerAccounts.AsNoTracking()
            .Where(x => x.OwnerId == owner && kinds.Contains(x.Kind) && units.Contains(x.Unit)).ToDictionaryAsync(x => (x.Kind, x.Unit), ct);
    }

    /// <summary>Holds an owner's prepaid accounts of these units until the transaction ends, always in the same order.</summary>
    private async Task<Dictionary<string, LedgerAccount>> LockAsync(OrganizationId owner, string[] units, CancellationToken ct) =>
        await db.LedgerAccounts.FromSql(
            $"""
            select * from billing.ledger_accounts
            where owner_id = {owner.Value} and kind = 'Prepaid' and unit = any ({units})
            order by unit for no key update
            """)
            .AsNoTracking().OrderBy(x => x.Unit).ToDictionaryAsync(x => x.Unit, ct);

    private static IEnumerable<CreditAmount> InOrder(IEnumerable<CreditAmount> amounts) => amounts.OrderBy(x => x.Unit, StringComparer.Ordinal);
}
