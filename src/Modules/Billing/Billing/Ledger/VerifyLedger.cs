using System.Data;
using Licensing.Billing.Exports;
using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Billing.Ledger;

/// <summary>
/// Computes the whole ledger anew and compares: every balance, every transaction, every lot. The database keeps all that by itself;
/// this proves it, also against someone who could take the constraints away. Entries are read in order, one after the other, so that a
/// large ledger takes no more memory than a small one.
/// </summary>
internal sealed class VerifyLedger(NpgsqlDataSource database)
{
    private const int MostFindings = 100;
    private const int ProgressEvery = 1_000;

    /// <summary>What was looked at, and what is wrong: the oldest first, empty when nothing is.</summary>
    public sealed record Outcome(long Accounts, long Transactions, long Entries, IReadOnlyList<string> Findings);

    // Each answers where (a transaction's id or null, and a position), and what. Lots, expiry, what was given back, and who did something twice.
    private static readonly string[] Comparisons =
    [
        """
        select null::uuid, 0, format('account %s shows %s after %s entries instead of %s after %s',
            b.account_id, b.balance, b.entries, coalesce(s.amount, 0), coalesce(s.entries, 0))
        from billing.ledger_balances b
        left join (select account_id, count(*) as entries, sum(amount) as amount from billing.ledger_entries group by account_id) s using (account_id)
        where b.balance <> coalesce(s.amount, 0) or b.entries <> coalesce(s.entries, 0)
        union all
        select null, 0, format('account %s has no balance', a.id)
        from billing.ledger_accounts a where not exists (select from billing.ledger_balances b where b.account_id = a.id)
        """,
        """
        select null::uuid, 0, format('lot %s shows %s left instead of %s', l.id, l.remaining, coalesce(s.amount, 0))
        from billing.credit_lots l
        left join (select lot_id, sum(amount) as amount from billing.ledger_entries where lot_id is not null group by lot_id) s on s.lot_id = l.id
        where l.remaining <> coalesce(s.amount, 0)
        """,
        """
        select transaction_id, position, format('entry %s/%s takes more from lot %s than it held', transaction_id, position, lot_id) from (
            select transaction_id, position, lot_id, sum(amount) over (partition by lot_id order by number) as held
            from billing.ledger_entries where lot_id is not null) x
        where held < 0
        """,
        """
        select t.id, e.position, format('entry %s/%s %s lot %s, which %s at %s', t.id, e.position,
            case t.kind when 'Lapse' then 'writes off' when 'Spending' then 'spends' when 'TransferOut' then 'transfers' else 'fills' end, l.id,
            case t.kind when 'Lapse' then 'ends' else 'had ended' end, coalesce(l.expires_at::text, 'no time'))
        from billing.ledger_entries e join billing.ledger_transactions t on t.id = e.transaction_id join billing.credit_lots l on l.id = e.lot_id
        where case t.kind when 'Lapse' then l.expires_at is null or t.created_at < l.expires_at else t.created_at >= l.expires_at end
        """,
        """
        select e.transaction_id, e.position,
            format('entry %s/%s names a transaction, an account or a lot that there is not', e.transaction_id, e.position)
        from billing.ledger_entries e left join billing.ledger_transactions t on t.id = e.transaction_id
        left join billing.ledger_accounts a on a.id = e.account_id and a.unit = e.unit
        left join billing.credit_lots l on l.id = e.lot_id and l.account_id = e.account_id
        where t.id is null or a.id is null or (e.lot_id is not null and l.id is null)
        """,
        """
        select b.id, 0, format('transaction %s gives back what was not spent under %s, or not as much', b.id, b.key)
        from billing.ledger_transactions b
        left join billing.ledger_transactions s on s.owner_id = b.owner_id and s.kind = 'Spending' and s.key = b.key
        where b.kind = 'GivingBack' and (s.id is null or exists (
            select from billing.ledger_entries e where e.transaction_id in (b.id, s.id) group by e.account_id having sum(e.amount) <> 0))
        """,
        // What pays invoices stands in the ledger and among their payments, each as the other says.
        """
        select s.id, 0, format('%s is %s among payments and %s in the ledger', coalesce(p.key, s.key),
            case when p.key is null then 'nothing' else
                format('%s %s%s of %s', trim_scale(p.amount), p.currency, case when p.reversed then ', reversed,' end, p.owner_path) end,
            case when s.key is null then 'nothing' else
                format('%s %s%s of %s', trim_scale(s.amount), s.unit, case when s.reversed then ', reversed,' end, s.owner_path) end)
        from (
            select format('invoice:%s:%s', p.invoice_id, p.reference) as key, p.amount, p.currency::text as currency, p.owner_path,
                exists (select from billing.payments r where r.reverses = p.id and r.tenant_id = p.tenant_id) as reversed
            from billing.payments p where p.from_credit and p.reverses is null) p
        full join (
            select t.id, t.key, t.owner_path, -sum(e.amount) as amount, min(e.unit) as unit,
                exists (select from billing.ledger_transactions b
                    where b.owner_id = t.owner_id and b.kind = 'GivingBack' and b.key = t.key) as reversed
            from billing.ledger_transactions t join billing.ledger_entries e on e.transaction_id = t.id and e.lot_id is not null
            where t.kind = 'Spending' and t.key ~ '^invoice:[0-9a-f-]{36}:' group by t.id) s on s.key = p.key
        where (p.amount, p.currency, p.reversed) is distinct from (s.amount, s.unit, s.reversed) or not starts_with(p.owner_path, s.owner_path)
        """,
        // Each side of a transfer has another, which has the same parts with the same ends, from the lots that those say.
        """
        select t.id, 0, format('transaction %s is one side of a transfer without another like it', t.id)
        from billing.ledger_transactions t left join billing.ledger_transactions o on o.id = t.counterpart_id
        where t.kind in ('TransferOut', 'TransferIn') and (
            (t.id, t.reference) is distinct from (o.counterpart_id, o.reference) or t.owner_id = o.owner_id
            or o.kind not in ('TransferOut', 'TransferIn') or o.kind = t.kind
            or exists (
                select from billing.ledger_entries e join billing.credit_lots l on l.id = e.lot_id where e.transaction_id in (t.id, o.id)
                group by e.unit, l.expires_at, case when e.transaction_id = t.id and t.kind = 'TransferOut'
                    or e.transaction_id = o.id and o.kind = 'TransferOut' then l.id else l.source_id end
                having sum(e.amount) <> 0))
        """,
        """
        select null::uuid, 0, format('all accounts in %s come to %s instead of 0', a.unit, trim_scale(sum(b.balance)))
        from billing.ledger_balances b join billing.ledger_accounts a on a.id = b.account_id group by a.unit having sum(b.balance) <> 0
        union all
        select null, 0, format('what was transferred in %s comes to %s instead of 0', a.unit, trim_scale(sum(b.balance)))
        from billing.ledger_balances b join billing.ledger_accounts a on a.id = b.account_id
        where a.kind = 'Transferred' group by a.unit having sum(b.balance) <> 0
        """,
        """
        select max(id::text)::uuid, 0, format('%s %s of %s was done %s times', kind, key, owner_id, count(*))
        from billing.ledger_transactions group by owner_id, kind, key having count(*) > 1
        """,
    ];

    /// <param name="progress">Told of the steps done and of all.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<Outcome> RunAsync(CancellationToken ct, Action<long, long>? progress = null)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        // One snapshot: what is written meanwhile is not half seen.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var (accounts, transactions, entries) = await CountAsync(connection, ct);
        // Entries are read in two orders; the comparisons are the server's.
        var (steps, found) = (new Steps(2 * entries + Comparisons.Length, progress), new Found(MostFindings));
        await ChainsAsync(connection, steps, found, ct);
        await TransactionsAsync(connection, steps, found, ct);
        foreach (var comparison in Comparisons)
        {
            await using var command = Reading(
                $"select * from ({comparison}) f (at, position, what) order by at, position, what limit {MostFindings}", connection);
            await using var rows = await command.ExecuteReaderAsync(ct);
            while (await rows.ReadAsync(ct))
                found.Add(rows.IsDBNull(0) ? null : rows.GetGuid(0), rows.GetInt32(1), rows.GetString(2));
            steps.Done();
        }

        return new Outcome(accounts, transactions, entries, found.Oldest);
    }

    private static NpgsqlCommand Reading(string sql, NpgsqlConnection connection) => new(sql, connection) { CommandTimeout = 0 };

    private static async Task<(long Accounts, long Transactions, long Entries)> CountAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = Reading(
            """
            select (select count(*) from billing.ledger_accounts), (select count(*) from billing.ledger_transactions),
                (select count(*) from billing.ledger_entries)
            """, connection);
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
    }

    // Each entry follows the one before it in its account, and no credit was ever below nothing.
    private static async Task ChainsAsync(NpgsqlConnection connection, Steps steps, Found found, CancellationToken ct)
    {
        await using var command = Reading(
            """
            select e.account_id, e.number, e.amount, e.balance_after, e.transaction_id, e.position, coalesce(b.kind = 'Prepaid', false)
            from billing.ledger_entries e left join billing.ledger_balances b using (account_id) order by e.account_id, e.number
            """, connection);
        await using var rows = await command.ExecuteReaderAsync(ct);
        var (account, number, balance) = (Guid.Empty, 0L, 0m);
        while (await rows.ReadAsync(ct))
        {
            if (rows.GetGuid(0) != account)
                (account, number, balance) = (rows.GetGuid(0), 0, 0);
            var (transaction, position) = (rows.GetGuid(4), rows.GetInt32(5));
            if (rows.GetInt64(1) != number + 1 || rows.GetDecimal(3) != balance + rows.GetDecimal(2))
                found.Add(transaction, position, $"entry {transaction}/{position} is not what account {account} says after it");
            (number, balance) = (rows.GetInt64(1), rows.GetDecimal(3));
            if (rows.GetBoolean(6) && balance < 0)
                found.Add(transaction, position, $"entry {transaction}/{position} leaves credit account {account} below zero");
            steps.Done();
        }
    }

    // Each transaction has the entries that it says, and they add up to nothing in each unit.
    private static async Task TransactionsAsync(NpgsqlConnection connection, Steps steps, Found found, CancellationToken ct)
    {
        await using var command = Reading(
            """
            select t.id, t.entries, e.position, e.unit, e.amount from billing.ledger_transactions t
            left join billing.ledger_entries e on e.transaction_id = t.id order by t.id, e.position
            """, connection);
        await using var rows = await command.ExecuteReaderAsync(ct);
        (Guid Id, int Said, int Count, int First)? at = null;
        var sums = new Dictionary<string, (decimal Amount, int First)>(StringComparer.Ordinal);
        while (await rows.ReadAsync(ct))
        {
            if (at?.Id != rows.GetGuid(0))
            {
                Compare();
                at = (rows.GetGuid(0), rows.GetInt32(1), 0, 0);
                sums.Clear();
            }

            if (rows.IsDBNull(2))
                continue;
            var (position, unit) = (rows.GetInt32(2), rows.GetString(3));
            at = at!.Value with { Count = at.Value.Count + 1, First = at.Value.Count == 0 ? position : at.Value.First };
            sums[unit] = sums.TryGetValue(unit, out var sum) ? sum with { Amount = sum.Amount + rows.GetDecimal(4) } : (rows.GetDecimal(4), position);
            steps.Done();
        }

        Compare();

        void Compare()
        {
            if (at is not var (id, said, count, first))
                return;
            if (count != said)
                found.Add(id, 0, $"transaction {id} has {count} entries instead of {said}; its first is {id}/{first}");
            foreach (var (unit, (amount, firstOfUnit)) in sums.Where(s => s.Value.Amount != 0))
                found.Add(id, 0, FormattableString.Invariant(
                    $"transaction {id} is out of balance by {amount:0.####} {unit}; its first entry there is {id}/{firstOfUnit}"));
        }
    }

    private static Refusal Broken(Outcome outcome) => new(
        RefusalKind.Conflict, "ledger_broken", $"The ledger does not hold together: {string.Join("; ", outcome.Findings.Take(10))}.");

    public static OpsCommand Ops { get; } = new(
        "ledger verify",
        "Proves that balances and lots are the sums of their entries, transactions balance, payments from credit are there; 1 and what is not.",
        [],
        async (call, ct) =>
        {
            var outcome = await call.Services.GetRequiredService<VerifyLedger>().RunAsync(ct, call.Progress);
            if (outcome.Findings.Count > 0)
                return Broken(outcome);
            var journal = await call.Services.GetRequiredService<VerifyJournal>().RunAsync(ct);
            return journal.Findings.Count > 0
                ? VerifyJournal.Broken(journal)
                : new OpsAnswer(new
                {
                    outcome.Accounts,
                    outcome.Transactions,
                    outcome.Entries,
                    Ledger = "balanced",
                    journal.Documents,
                    JournalEntries = journal.Entries,
                    Journal = "balanced",
                });
        });

    private sealed class Steps(long all, Action<long, long>? progress)
    {
        private long _done;

        public void Done()
        {
            if (++_done % ProgressEvery == 0 || _done == all)
                progress?.Invoke(_done, all);
        }
    }

    // The oldest of all that is found, however much it is. Transactions have ids in the order of time.
    private sealed class Found(int most)
    {
        private readonly SortedSet<(bool Last, string At, int Position, string What)> _found = [];

        public IReadOnlyList<string> Oldest => [.. _found.Select(f => f.What)];

        public void Add(Guid? at, int position, string what)
        {
            _found.Add((at is null, at?.ToString() ?? "", position, what));
            if (_found.Count > most)
                _found.Remove(_found.Max);
        }
    }
}
