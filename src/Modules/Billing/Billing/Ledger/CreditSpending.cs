using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Npgsql;

namespace Licensing.Billing.Ledger;

/// <summary>
/// Spends for many at once: one turn to lock the prepaid accounts and to read what is in them, one statement that books all. One is
/// decided after the other, in the order in which they came, so that who is refused leaves what there is to those after him.
/// </summary>
internal sealed class CreditSpending(DbSession session, LedgerWriter writer, LedgerAccounts ledgerAccounts, TimeProvider clock)
{
    private sealed record Read(
        Dictionary<(Guid Owner, string Unit), SpendableLots> Lots, Dictionary<(Guid Owner, string Key), SpendingOutcome> Before,
        Dictionary<(Guid Owner, string Unit), LedgerAccount> Spent);

    /// <summary>Takes what is asked from lots in the order of their ends, without an end last, each spending whole or not at all.</summary>
    /// <param name="asked">No two with one owner and key; units of one spending in order.</param>
    /// <param name="within">Of accounts that lie outside nothing is taken, nor told.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>What became of each, in their order; and what was booked.</returns>
    public async Task<(IReadOnlyList<SpendingOutcome> Outcomes, IReadOnlyDictionary<Guid, Booking> Booked)> SpendAsync(
        IReadOnlyList<Spending> asked, Scope within, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var read = await ReadAsync(asked, now, ct);
        var outcomes = new List<SpendingOutcome>(asked.Count);
        var decided = new List<(int Place, LedgerAccount Owner, IReadOnlyList<Posting> Taken)>();
        foreach (var spending in asked)
        {
            SpendableLots? LotsOf(string unit) => read.Lots.GetValueOrDefault((spending.Owner.Value, unit));
            var accounts = spending.Amounts.Select(a => LotsOf(a.Unit)).OfType<SpendableLots>().ToList();
            if (accounts.Count == 0 || accounts.Exists(a => !within.Contains(a.Account.OwnerPath)))
            {
                outcomes.Add(new(SpendingState.NoAccount, []));
                continue;
            }

            if (read.Before.TryGetValue((spending.Owner.Value, spending.Key), out var before))
            {
                outcomes.Add(before);
                continue;
            }

            var (outcome, taken) = SpendingOutcome.Of(spending, LotsOf);
            if (taken.Count > 0)
                decided.Add((outcomes.Count, accounts[0].Account, taken));
            outcomes.Add(outcome);
        }

        var booked = new Dictionary<Guid, Booking>();
        await OpenSpentAsync(read, decided.SelectMany(d => d.Taken), ct);
        foreach (var (place, owner, taken) in decided)
        {
            var (spending, outcome) = (asked[place], outcomes[place]);
            List<Posting> postings =
                [.. taken, .. outcome.Amounts.Select(a => new Posting(read.Spent[(spending.Owner.Value, a.Unit)], a.Amount))];
            var transaction = LedgerTransaction.Of(
                owner, TransactionKind.Spending, spending.Key, spending.Reference, postings.Count, now, spending.Description);
            outcomes[place] = outcome with { Transaction = transaction };
            booked.Add(transaction.Id, new(transaction, postings));
        }

        if (booked.Count > 0)
            await writer.WriteAsync([.. booked.Values], ct);
        return (outcomes, booked);
    }

    // Statements of their own after the lock, so that they see what those before have left; all in one turn.
    private async Task<Read> ReadAsync(IReadOnlyList<Spending> asked, DateTimeOffset now, CancellationToken ct)
    {
        var sums = asked.SelectMany(s => s.Amounts, (s, a) => (s.Owner, a.Unit, a.Amount)).GroupBy(x => (x.Owner, x.Unit))
            .Select(g => (Owner: g.Key.Owner.Value, g.Key.Unit, Amount: g.Sum(x => x.Amount))).ToList();
        var (owners, units) = (sums.Select(s => s.Owner).ToArray(), sums.Select(s => s.Unit).ToArray());
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        Add(
            """
            select a.id, a.owner_id, a.owner_path, a.unit, a.created_at from unnest($1, $2) as w (owner_id, unit)
            join billing.ledger_accounts a on a.owner_id = w.owner_id and a.kind = 'Prepaid' and a.unit = w.unit
            order by a.owner_id, a.unit for no key update of a
            """, owners, units);
        // No more of the lots than all that is asked can need.
        Add(
            """
            select account_id, id, remaining, available from (
                select l.account_id, l.id, l.remaining, l.expires_at, w.asked, sum(l.remaining) over (partition by l.account_id) as available,
                    sum(l.remaining) over (partition by l.account_id order by l.expires_at, l.id rows unbounded preceding) - l.remaining as before
                from unnest($1, $2, $3) as w (owner_id, unit, asked)
                join billing.ledger_accounts a on a.owner_id = w.owner_id and a.kind = 'Prepaid' and a.unit = w.unit
                join billing.credit_lots l on l.account_id = a.id and l.remaining > 0 and (l.expires_at is null or l.expires_at > $4)) x
            where before < asked order by account_id, expires_at, id
            """, owners, units, sums.Select(s => s.Amount).ToArray(), now);
        // Each looked up by its key: a plan made while the table was small would read all of it ever after.
        Add(
            """
            select t.id, t.owner_id, t.owner_path, t.key, t.reference, t.entries, t.created_at, t.description, e.unit, e.amount, r.created_at
            from unnest($1, $2) as w (owner_id, key)
            cross join lateral (
                select * from billing.ledger_transactions x where x.owner_id = w.owner_id and x.kind = 'Spending' and x.key = w.key limit 1) t
            cross join lateral (
                select unit, -sum(amount) as amount from billing.ledger_entries where transaction_id = t.id and lot_id is not null group by unit) e
            left join lateral (
                select created_at from billing.ledger_transactions x where x.owner_id = t.owner_id and x.kind = 'GivingBack' and x.key = t.key
                limit 1) r on true
            order by t.id, e.unit
            """, asked.Select(s => s.Owner.Value).ToArray(), asked.Select(s => s.Key).ToArray());
        Add(
            """
            select a.id, a.owner_id, a.owner_path, a.unit, a.created_at from unnest($1, $2) as w (owner_id, unit)
            join billing.ledger_accounts a on a.owner_id = w.owner_id and a.kind = 'Spent' and a.unit = w.unit
            """, owners, units);
        await using var rows = await batch.ExecuteReaderAsync(ct);
        var accounts = await AccountsAsync(rows, AccountKind.Prepaid, ct);
        await rows.NextResultAsync(ct);
        var lots = await LotsAsync(rows, accounts, ct);
        await rows.NextResultAsync(ct);
        var before = await BeforeAsync(rows, ct);
        await rows.NextResultAsync(ct);
        var spent = await AccountsAsync(rows, AccountKind.Spent, ct);
        return new(lots, before, spent.ToDictionary(a => (a.OwnerId.Value, a.Unit)));

        void Add(string sql, params object[] values)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var value in values)
                command.Parameters.Add(new() { Value = value });
            batch.BatchCommands.Add(command);
        }
    }

    private static async Task<List<LedgerAccount>> AccountsAsync(NpgsqlDataReader rows, AccountKind kind, CancellationToken ct)
    {
        var accounts = new List<LedgerAccount>();
        while (await rows.ReadAsync(ct))
            accounts.Add(LedgerAccount.Of(
                rows.GetGuid(0), new OrganizationId(rows.GetGuid(1)), rows.GetString(2), kind, rows.GetString(3),
                rows.GetFieldValue<DateTimeOffset>(4)));
        return accounts;
    }

    private static async Task<Dictionary<(Guid Owner, string Unit), SpendableLots>> LotsAsync(
        NpgsqlDataReader rows, List<LedgerAccount> accounts, CancellationToken ct)
    {
        var lots = accounts.ToDictionary(a => a.Id, _ => new List<(Guid Id, decimal Remaining)>());
        var available = new Dictionary<Guid, decimal>();
        while (await rows.ReadAsync(ct))
        {
            lots[rows.GetGuid(0)].Add((rows.GetGuid(1), rows.GetDecimal(2)));
            available[rows.GetGuid(0)] = rows.GetDecimal(3);
        }

        return accounts.ToDictionary(
            a => (a.OwnerId.Value, a.Unit), a => new SpendableLots(a, available.GetValueOrDefault(a.Id), lots[a.Id]));
    }

    private static async Task<Dictionary<(Guid Owner, string Key), SpendingOutcome>> BeforeAsync(NpgsqlDataReader rows, CancellationToken ct)
    {
        var before = new Dictionary<(Guid Owner, string Key), SpendingOutcome>();
        while (await rows.ReadAsync(ct))
        {
            var transaction = LedgerTransaction.Of(
                rows.GetGuid(0), new OrganizationId(rows.GetGuid(1)), rows.GetString(2), rows.GetString(3), rows.GetString(4), rows.GetInt32(5),
                rows.GetFieldValue<DateTimeOffset>(6), rows.IsDBNull(7) ? null : rows.GetString(7));
            var known = before.GetValueOrDefault((transaction.OwnerId.Value, transaction.Key));
            before[(transaction.OwnerId.Value, transaction.Key)] = new(
                SpendingState.SpentBefore, [.. known?.Amounts ?? [], new CreditAmount(rows.GetString(8), rows.GetDecimal(9))], transaction)
            { ReversedAt = rows.IsDBNull(10) ? null : rows.GetFieldValue<DateTimeOffset>(10) };
        }

        return before;
    }

    private async Task OpenSpentAsync(Read read, IEnumerable<Posting> taken, CancellationToken ct)
    {
        var missing = taken.Select(p => p.Account).DistinctBy(a => a.Id).Where(a => !read.Spent.ContainsKey((a.OwnerId.Value, a.Unit))).ToList();
        if (missing.Count > 0)
            foreach (var opened in await ledgerAccounts.OpenAsync(missing, AccountKind.Spent, ct))
                read.Spent[(opened.OwnerId.Value, opened.Unit)] = opened;
    }
}
