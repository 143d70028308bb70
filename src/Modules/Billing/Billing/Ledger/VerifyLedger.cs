using Licensing.Billing.Exports;
using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Billing.Ledger;

/// <summary>
/// Computes the ledger anew and compares: every account entry by entry, every transaction, every lot. The database keeps all that by itself;
/// this proves it, also against someone who could take the constraints away.
/// </summary>
internal sealed class VerifyLedger(NpgsqlDataSource database)
{
    private const int MostFindings = 100;

    /// <summary>What was looked at, and what is wrong: the oldest first, empty when nothing is.</summary>
    public sealed record Outcome(long Accounts, long Transactions, long Entries, IReadOnlyList<string> Findings);

    // One statement is one view of the database. Transactions have ids in the order of time, so that the first finding is the oldest.
    private const string Compare =
        """
        with chained as (
            select transaction_id, position, account_id, number, amount, balance_after,
                lag(number, 1, 0::bigint) over w as number_before, lag(balance_after, 1, 0::numeric) over w as balance_before
            from billing.ledger_entries window w as (partition by account_id order by number)),
        sums as (select account_id, count(*) as entries, sum(amount) as amount from billing.ledger_entries group by account_id),
        lots as (select lot_id, sum(amount) as amount from billing.ledger_entries where lot_id is not null group by lot_id),
        findings as (
            select transaction_id as at, position,
                format('entry %s/%s is not what account %s says after it', transaction_id, position, account_id) as what
            from chained where number <> number_before + 1 or balance_after <> balance_before + amount
            union all
            select t.id, 0, format(
                'transaction %s has %s entries instead of %s; its first is %s/%s',
                t.id, count(e), t.entries, t.id, coalesce(min(e.position), 0))
            from billing.ledger_transactions t left join billing.ledger_entries e on e.transaction_id = t.id
            group by t.id, t.entries having count(e) <> t.entries
            union all
            select transaction_id, 0, format('transaction %s is out of balance by %s %s; its first entry there is %s/%s',
                transaction_id, sum(amount), unit, transaction_id, min(position))
            from billing.ledger_entries group by transaction_id, unit having sum(amount) <> 0
            union all
            select null, 0, format(
                'account %s shows %s after %s entries instead of %s after %s',
                b.account_id, b.balance, b.entries, coalesce(s.amount, 0), coalesce(s.entries, 0))
            from billing.ledger_balances b left join sums s using (account_id)
            where b.balance <> coalesce(s.amount, 0) or b.entries <> coalesce(s.entries, 0)
            union all
            select null, 0, format('lot %s shows %s left instead of %s', l.id, l.remaining, coalesce(s.amount, 0))
            from billing.credit_lots l left join lots s on s.lot_id = l.id where l.remaining <> coalesce(s.amount, 0)
            union all
            select null, 0, format('account %s has no balance', a.id)
            from billing.ledger_accounts a where not exists (select from billing.ledger_balances b where b.account_id = a.id))
        select (select count(*) from billing.ledger_accounts),
            (select count(*) from billing.ledger_transactions),
            (select count(*) from billing.ledger_entries),
            array(select what from findings order by at nulls last, position, what limit $1)
        """;

    public async Task<Outcome> RunAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand(Compare);
        command.CommandTimeout = 0;
        command.Parameters.Add(new() { Value = MostFindings });
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return new Outcome(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetFieldValue<string[]>(3));
    }

    private static Refusal Broken(Outcome outcome) => new(
        RefusalKind.Conflict, "ledger_broken", $"The ledger does not hold together: {string.Join("; ", outcome.Findings.Take(10))}.");

    public static OpsCommand Ops { get; } = new(
        "ledger verify", "Proves that balances are the sums of their entries and every transaction is balanced; 1 and the first bad entry when not.",
        [],
        async (call, ct) =>
        {
            var outcome = await call.Services.GetRequiredService<VerifyLedger>().RunAsync(ct);
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
}
