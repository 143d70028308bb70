using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Billing.Ledger;

/// <summary>
/// Sees each change of a balance that somebody watches, in the transaction that makes it and under the account's lock, so that none is missed and
/// none is told twice. What a balance lost by the ends of its lots since it was last looked at counts as a fall before the change.
/// </summary>
internal sealed class CreditWatch(BillingDb db, DbSession session, TimeProvider clock)
{
    // Where nobody watches, which is nearly everywhere, nothing is added up.
    private const string Watched =
        """
        select a.id, a.owner_id, a.owner_path, a.unit, t.id, t.amount, t.is_below, t.crossings, r.id, r.below, s.spendable
        from billing.ledger_accounts a
        left join billing.credit_thresholds t on t.account_id = a.id
        left join billing.top_up_rules r on r.account_id = a.id and r.active and not r.is_due
        cross join lateral (
            select coalesce(sum(l.remaining), 0) as spendable from billing.credit_lots l
            where l.account_id = a.id and l.remaining > 0 and (l.expires_at is null or l.expires_at > $2)) s
        where a.id = any ($1) and (t.id is not null or r.id is not null)
        order by a.id
        """;

    private sealed record Row(
        Guid Account, OrganizationId Owner, string Path, string Unit, Guid? Threshold, decimal Amount, bool IsBelow, int Crossings, Guid? Rule,
        decimal RuleBelow, decimal Spendable);

    /// <summary>Sends what writes bookings, and looks at what it changed in the same turn.</summary>
    public async Task LookAsync(NpgsqlBatch writes, IReadOnlyList<Booking> bookings, CancellationToken ct)
    {
        // What lapses could not be spent before either.
        var changes = bookings.SelectMany(
                b => b.Postings.Where(p => p.Lot is not null), (b, p) => (
                    p.Account.Id, Amount: b.Transaction.Kind is TransactionKind.Lapse ? 0 : p.Amount))
            .GroupBy(x => x.Id).ToDictionary(g => g.Key, g => g.Sum(x => x.Amount));
        writes.BatchCommands.Add(Look([.. changes.Keys]));
        await ActAsync(await ReadAsync(writes, ct), changes, ct);
    }

    /// <summary>Looks at an account whose watching was changed; the caller holds it and has saved.</summary>
    public async Task LookAsync(Guid account, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        batch.BatchCommands.Add(Look([account]));
        await ActAsync(await ReadAsync(batch, ct), new Dictionary<Guid, decimal>(), ct);
    }

    /// <summary>As <see cref="LookAsync(Guid, CancellationToken)"/>, also where its rule waits for the next month.</summary>
    public async Task LookAgainAsync(Guid account, CancellationToken ct)
    {
        await session.ExecuteAsync(
            [new("update billing.top_up_rules set is_due = false where account_id = $1") { Parameters = { new() { Value = account } } }], ct);
        await LookAsync(account, ct);
    }

    private NpgsqlBatchCommand Look(Guid[] accounts) =>
        new(Watched) { Parameters = { new() { Value = accounts }, new() { Value = clock.GetUtcNow() } } };

    private static async Task<List<Row>> ReadAsync(NpgsqlBatch batch, CancellationToken ct)
    {
        var watched = new List<Row>();
        // What comes before has no rows to read.
        await using var rows = await batch.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            watched.Add(new(
                rows.GetGuid(0), new(rows.GetGuid(1)), rows.GetString(2), rows.GetString(3), rows.IsDBNull(4) ? null : rows.GetGuid(4),
                rows.IsDBNull(4) ? 0 : rows.GetDecimal(5), !rows.IsDBNull(4) && rows.GetBoolean(6), rows.IsDBNull(4) ? 0 : rows.GetInt32(7),
                rows.IsDBNull(8) ? null : rows.GetGuid(8), rows.IsDBNull(8) ? 0 : rows.GetDecimal(9), rows.GetDecimal(10)));
        return watched;
    }

    private async Task ActAsync(List<Row> watched, IReadOnlyDictionary<Guid, decimal> changes, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        var now = clock.GetUtcNow();
        foreach (var row in watched)
        {
            if (row.Threshold is { } threshold)
            {
                var fallen = LowCredit.Of(row.Amount, row.IsBelow, row.Spendable - changes.GetValueOrDefault(row.Account), row.Spendable);
                if (fallen.At is { } balance)
                {
                    Add(batch,
                        """
                        insert into billing.credit_alerts (id, threshold_id, crossing, owner_id, owner_path, unit, threshold, balance, fired_at)
                        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                        """, Id.NewGuid(now), threshold, row.Crossings + 1, row.Owner.Value, row.Path, row.Unit, row.Amount, balance, now);
                    db.Publish(new CreditLow(row.Owner, row.Unit, row.Amount, balance, now));
                }

                if (fallen.At is not null || fallen.IsBelow != row.IsBelow)
                    Add(batch, "update billing.credit_thresholds set is_below = $2, crossings = crossings + $3 where id = $1",
                        threshold, fallen.IsBelow, fallen.At is null ? 0 : 1);
            }

            if (row.Rule is { } rule && row.Spendable < row.RuleBelow)
            {
                Add(batch, "update billing.top_up_rules set is_due = true where id = $1", rule);
                db.Publish(new TopUpDue(rule));
            }
        }

        if (batch.BatchCommands.Count > 0)
            await batch.ExecuteNonQueryAsync(ct);
    }

    private static void Add(NpgsqlBatch batch, string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        batch.BatchCommands.Add(command);
    }
}

/// <summary>What a balance is to its threshold after a change.</summary>
/// <param name="IsBelow">Whether it is below now.</param>
/// <param name="At">What the balance had come to when it fell below, if it did since it was last looked at.</param>
internal readonly record struct LowCredit(bool IsBelow, decimal? At)
{
    /// <summary>A fall is told once; the next one when the balance has been at the threshold or above in between.</summary>
    /// <param name="threshold">Below it the balance is low.</param>
    /// <param name="was">Whether it was below when it was last looked at.</param>
    /// <param name="before">What could be spent right before the change; less than at the last look where lots have ended since.</param>
    /// <param name="after">What can be spent now.</param>
    public static LowCredit Of(decimal threshold, bool was, decimal before, decimal after) =>
        new(after < threshold, was ? null : before < threshold ? before : after < threshold ? after : null);
}
