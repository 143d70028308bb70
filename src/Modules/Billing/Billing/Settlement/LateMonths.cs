using System.Runtime.CompilerServices;
using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Contracts;
using Npgsql;

namespace Licensing.Billing.Settlement;

/// <summary>A month that may owe something although it is billed.</summary>
/// <param name="TenantId">Whose.</param>
/// <param name="Month">Its first day.</param>
/// <param name="Noted">By which it was noted last; 0 where it is not noted yet.</param>
internal sealed record LateMonth(OrganizationId TenantId, DateOnly Month, long Noted)
{
    public Period Period => Period.Month(Month.Year, Month.Month);
}

/// <summary>
/// Keeps what is to be looked at. Usage is asked once per round which of the months that were planned before have changed; what it tells is noted
/// in the transaction that moves the mark on, so that nothing is told twice or never. Who changed nothing is in none of it.
/// </summary>
internal sealed class LateMonths(DbSession session, IUsageChanges changes)
{
    // Who had nothing to pay for a month may have been billed what came late for it by another; when the month itself is billed after all, that
    // is taken back on the same bill. It follows from what stands, not from a hint.
    private const string AdjustedAlready =
        "select distinct l.tenant_id, l.adjusts, 0::bigint from billing.invoice_lines l where l.adjusts = {month} and l.adjustment > 0 and l.billed";

    // No month begins there: asks for the mark alone.
    private static readonly Period Nothing = new(DateOnly.MinValue, DateOnly.MinValue.AddDays(1));

    /// <summary>The days of the months that were planned before, with those of the round; their rollups are brought up to date first.</summary>
    public async Task<Period> DaysAsync(OrganizationId seller, Period period, CancellationToken ct)
    {
        var planned = await PlannedAsync(seller, ct);
        return new Period(planned.Append(period.Start).Min(), planned.Select(month => month.AddMonths(1)).Append(period.End).Max());
    }

    /// <summary>Notes what changed since the round before and moves the mark on; in the caller's transaction, which has locked the run.</summary>
    public async Task NoteAsync(BillingRun run, CancellationToken ct)
    {
        // Who plans another month at the same time waits here, and goes on from what this one was told.
        await using (var first = await CommandAsync(
            "insert into billing.usage_marks (seller_id, mark) values ($1, 0) on conflict (seller_id) do nothing", ct, run.SellerId.Value))
            await first.ExecuteNonQueryAsync(ct);
        var mark = await MarkAsync(run.SellerId, " for update", ct);
        var (late, next) = await SinceAsync(run.SellerId, mark, null, ct);
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        if (late.Count > 0)
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                """
                insert into billing.late_months (tenant_id, month, noted)
                select tenant_id, month, pg_current_xact_id()::text::bigint from unnest($1::uuid[], $2::date[]) as c (tenant_id, month)
                on conflict (tenant_id, month) do update set noted = excluded.noted
                """)
            {
                Parameters =
                {
                    new() { Value = late.Select(x => x.TenantId.Value).ToArray() }, new() { Value = late.Select(x => x.Month).ToArray() },
                },
            });
        batch.BatchCommands.Add(new NpgsqlBatchCommand("update billing.usage_marks set mark = $2 where seller_id = $1")
        {
            Parameters = { new() { Value = run.SellerId.Value }, new() { Value = next.Value } },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand("update billing.runs set planned = true where id = $1")
        {
            Parameters = { new() { Value = run.Id } },
        });
        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>
    /// Notes the tenant's months from the one of this day on that a run is there for, also one that is being planned: its chunks may have been
    /// split without the tenant.
    /// </summary>
    public async Task NoteFromAsync(OrganizationId tenant, DateOnly day, CancellationToken ct)
    {
        await using var command = await CommandAsync(
            """
            insert into billing.late_months (tenant_id, month, noted)
            select distinct $1, r.period_start, pg_current_xact_id()::text::bigint from billing.runs r
            where r.period_end > $2 and r.period_start = date_trunc('month', r.period_start)::date
            on conflict (tenant_id, month) do update set noted = excluded.noted
            """, ct, tenant.Value, day);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Whom a round looks at for what came late or was billed in advance, but for who has his invoice of its month; by id.</summary>
    public async IAsyncEnumerable<OrganizationId> TenantsAsync(BillingRun run, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = await CommandAsync(
            $"""
            select x.tenant_id from (
                select tenant_id from billing.late_months where month <= $1
                union
                select tenant_id from billing.invoice_lines where ahead_of = $1 and billed
                union
                select tenant_id from ({AdjustedAlready.Replace("{month}", "$1")}) a) x
            where not exists (
                select from billing.invoices i where i.period_start = $1 and i.period_end = $2 and i.tenant_id = x.tenant_id
                    and i.seller_id = $3 and i.kind = 'Regular' and i.status in ('Issued', 'Paid'))
            order by x.tenant_id
            """, ct, run.PeriodStart, run.PeriodEnd, run.SellerId.Value);
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            yield return new OrganizationId(rows.GetGuid(0));
    }

    /// <summary>What a chunk has to look at: nothing of most tenants.</summary>
    public async Task<IReadOnlyList<LateMonth>> OfAsync(BillingRun run, TenantRange range, CancellationToken ct)
    {
        await using var command = await CommandAsync(
            $"""
            select tenant_id, month, max(noted) from (
                select tenant_id, month, noted from billing.late_months where tenant_id > $1 and tenant_id <= $2 and month <= $3
                union all
                {AdjustedAlready.Replace("{month}", "$3")} and l.tenant_id > $1 and l.tenant_id <= $2) x
            group by tenant_id, month order by tenant_id, month
            """, ct, range.After?.Value ?? Guid.Empty, range.Last?.Value ?? Guid.AllBitsSet, run.PeriodStart);
        return await ReadAsync(command, ct);
    }

    /// <summary>What a round would look at if it began now; for what is only shown.</summary>
    /// <param name="seller">Whose rounds.</param>
    /// <param name="period">The month of the round.</param>
    /// <param name="tenants">Of these alone; null is everyone.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<LateMonth>> PresentAsync(
        OrganizationId seller, Period period, IReadOnlyCollection<OrganizationId>? tenants, CancellationToken ct)
    {
        var mark = await MarkAsync(seller, "", ct);
        var (late, _) = await SinceAsync(seller, mark, tenants, ct);
        await using var command = await CommandAsync(
            $"""
            select tenant_id, month, noted from billing.late_months where month <= $1 and ($3 or tenant_id = any ($2))
            union all
            {AdjustedAlready.Replace("{month}", "$1")} and ($3 or l.tenant_id = any ($2))
            """, ct, period.Start, tenants?.Select(x => x.Value).ToArray() ?? [], tenants is null);
        return [.. (await ReadAsync(command, ct))
            .Concat(late.Where(x => x.Month <= period.Start)).DistinctBy(x => (x.TenantId, x.Month))
            .OrderBy(x => x.TenantId.Value).ThenBy(x => x.Month)];
    }

    /// <summary>Forgets what owes nothing any more, but for what was noted anew meanwhile; in the transaction that writes the chunk.</summary>
    public async Task SettledAsync(IReadOnlyList<LateMonth> settled, CancellationToken ct)
    {
        if (settled.Count == 0)
            return;
        await using var command = await CommandAsync(
            """
            delete from billing.late_months l using unnest($1::uuid[], $2::date[], $3::bigint[]) as s (tenant_id, month, noted)
            where l.tenant_id = s.tenant_id and l.month = s.month and l.noted = s.noted
            """, ct, settled.Select(x => x.TenantId.Value).ToArray(), settled.Select(x => x.Month).ToArray(),
            settled.Select(x => x.Noted).ToArray());
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<(IReadOnlyList<LateMonth> Late, UsageMark Next)> SinceAsync(
        OrganizationId seller, long? mark, IReadOnlyCollection<OrganizationId>? tenants, CancellationToken ct)
    {
        var planned = await PlannedAsync(seller, ct);
        if (mark is null || planned.Count == 0)
            return ([], (await changes.SinceAsync(default, Nothing, tenants, ct)).Next);
        var months = new Period(planned[0], planned[^1].AddMonths(1));
        var changed = await changes.SinceAsync(new UsageMark(mark.Value), months, tenants, ct);
        // A mark from ahead is one of another database, of which this one is a copy: everything is looked at once more.
        if (changed.Next.Value < mark)
            changed = await changes.SinceAsync(default, months, tenants, ct);
        var known = planned.ToHashSet();
        return ([.. changed.Months.Where(x => known.Contains(x.Month)).Select(x => new LateMonth(x.TenantId, x.Month, 0))], changed.Next);
    }

    private async Task<List<DateOnly>> PlannedAsync(OrganizationId seller, CancellationToken ct)
    {
        await using var command = await CommandAsync(
            "select period_start from billing.runs where seller_id = $1 and planned order by period_start", ct, seller.Value);
        var months = new List<DateOnly>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            months.Add(rows.GetFieldValue<DateOnly>(0));
        return months;
    }

    private async Task<long?> MarkAsync(OrganizationId seller, string locked, CancellationToken ct)
    {
        await using var command = await CommandAsync($"select mark from billing.usage_marks where seller_id = $1{locked}", ct, seller.Value);
        return (long?)await command.ExecuteScalarAsync(ct);
    }

    private static async Task<IReadOnlyList<LateMonth>> ReadAsync(NpgsqlCommand command, CancellationToken ct)
    {
        var months = new List<LateMonth>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            months.Add(new LateMonth(new(rows.GetGuid(0)), rows.GetFieldValue<DateOnly>(1), rows.GetInt64(2)));
        return months;
    }

    private async Task<NpgsqlCommand> CommandAsync(string sql, CancellationToken ct, params object[] values)
    {
        var command = new NpgsqlCommand(sql, await session.OpenAsync(ct), session.Transaction);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return command;
    }
}
