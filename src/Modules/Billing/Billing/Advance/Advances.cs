using Licensing.Billing.Runs;
using Licensing.Billing.Settlement;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Npgsql;

namespace Licensing.Billing.Advance;

/// <summary>What billing in advance is to the tenants of a chunk.</summary>
/// <param name="Standing">What was billed in advance for the month, and what has adjusted that.</param>
/// <param name="Next">Subscriptions whose charges in advance for the month after it are billed with it.</param>
internal sealed record AdvanceBooks(ILookup<OrganizationId, BilledLine> Standing, ILookup<OrganizationId, BillableSubscription> Next)
{
    /// <summary>The credits that paid something of the month; of those alone of whose lines in advance a credit paid some.</summary>
    public ILookup<OrganizationId, PaidCredit> Paid { get; init; } = Array.Empty<PaidCredit>().ToLookup(_ => default(OrganizationId));

    public static AdvanceBooks None { get; } = new(
        Array.Empty<BilledLine>().ToLookup(_ => default(OrganizationId)),
        Array.Empty<BillableSubscription>().ToLookup(subscription => subscription.TenantId));
}

/// <summary>The month after the run's is billed or being billed by now: nothing of it may be billed in advance any more.</summary>
internal sealed class NextMonthBegunException(BillingRun run) : Exception(
    $"The month after {run.Period} is being billed; {run.Period} is rated anew.");

/// <summary>
/// Reads and guards what is billed in advance. A month is billed in advance until its own run is planned, and never after: whoever writes such lines
/// holds the month, shared, and looks; whoever plans it waits for them. So its run sees all of them, and they are no longer made.
/// </summary>
internal sealed class Advances(DbSession session, ISubscriptionDirectory subscriptions, UsesRead uses)
{
    // Of the month's own drafts nothing counts: they are drawn anew.
    private static string Standing(string tenants) =>
        $"""
        with ahead as materialized (
            select l.invoice_id, l.tenant_id, l.position from billing.invoice_lines l where l.ahead_of = $2 and {tenants} and l.billed)
        select {BilledLines.Columns}
        from (
            select invoice_id, tenant_id, position from ahead
            union all
            select l.invoice_id, l.tenant_id, l.position from billing.invoice_lines l
            where l.tenant_id in (select tenant_id from ahead) and l.adjusts = $2 and l.adjustment > 0 and l.billed) s
        join billing.invoices i on i.id = s.invoice_id and i.tenant_id = s.tenant_id and i.seller_id = $1 and i.status <> 'Void'
            and not (i.status = 'Draft' and i.period_start = $2 and i.period_end = $3)
        join billing.invoice_lines l on l.invoice_id = s.invoice_id and l.tenant_id = s.tenant_id and l.position = s.position
        order by l.adjustment, l.invoice_id, l.position
        """;

    private static readonly string StandingBetween = Standing("l.tenant_id > $4 and l.tenant_id <= $5");
    private static readonly string StandingOf = Standing("l.tenant_id = any ($4)");

    /// <summary>What stands of these tenants for the period: one read, of nothing where nobody was billed in advance.</summary>
    public Task<ILookup<OrganizationId, BilledLine>> StandingAsync(OrganizationId seller, Period period, TenantRange range, CancellationToken ct) =>
        ReadAsync(
            StandingBetween, ct, seller.Value, period.Start, period.End, range.After?.Value ?? Guid.Empty, range.Last?.Value ?? Guid.AllBitsSet);

    public Task<ILookup<OrganizationId, BilledLine>> StandingAsync(
        OrganizationId seller, Period period, IReadOnlyList<OrganizationId> tenants, CancellationToken ct) => ReadAsync(
            StandingOf, ct, seller.Value, period.Start, period.End, tenants.Select(x => x.Value).ToArray());

    /// <summary>
    /// The subscriptions of these tenants that are charged in advance for the month after the period: those that have begun before it. Nothing is
    /// read where no plan has such charges, and nothing is billed in advance of a month whose own run has begun.
    /// </summary>
    public async Task<ILookup<OrganizationId, BillableSubscription>> NextAsync(
        OrganizationId seller, Period period, IReadOnlyList<OrganizationId> tenants, IReadOnlySet<PlanVersionId> inAdvance, CancellationToken ct)
    {
        var next = After(period);
        if (inAdvance.Count == 0 || tenants.Count == 0 || await IsPlannedAsync(seller, next, ct))
            return AdvanceBooks.None.Next;
        var found = await subscriptions.BillableByAsync(next, tenants, inAdvance, ct);
        return found.Where(x => x.StartedOn < next.Start && x.Spans.Any(span => inAdvance.Contains(span.PlanVersionId))).ToLookup(x => x.TenantId);
    }

    /// <summary>What credits paid of the month so far, of those for whom they paid a part of what was billed in advance; mostly of nobody.</summary>
    public async Task<ILookup<OrganizationId, PaidCredit>> PaidAsync(
        OrganizationId seller, Period period, ILookup<OrganizationId, BilledLine> standing, CancellationToken ct)
    {
        var paid = standing.Where(lines => lines.Any(line => line.Credit.Amount != 0)).Select(lines => lines.Key).ToList();
        if (paid.Count == 0)
            return Array.Empty<PaidCredit>().ToLookup(_ => default(OrganizationId));
        var read = await uses.ReadAsync(seller, period, paid, [period.Start], ct);
        return paid.SelectMany(id => read.Paid[(id, period.Start)], (id, credit) => (id, credit)).ToLookup(x => x.id, x => x.credit);
    }

    /// <summary>The month after a month.</summary>
    public static Period After(Period period) => new(period.End, period.End.AddMonths(1));

    /// <summary>Who was billed in advance for a period, in order; for what is only shown.</summary>
    public async Task<IReadOnlyList<OrganizationId>> TenantsAsync(Period period, CancellationToken ct)
    {
        await using var command = await CommandAsync(
            "select distinct tenant_id from billing.invoice_lines where ahead_of = $1 and billed order by tenant_id", ct, period.Start);
        return await TenantsAsync(command, ct);
    }

    /// <summary>Those of them after one tenant, up to another, who are not in a chunk as it is; the first ones.</summary>
    /// <param name="period">The month.</param>
    /// <param name="after">Null: from the first.</param>
    /// <param name="chunk">Up to its last; without its own.</param>
    /// <param name="of">Of these alone; null is everyone.</param>
    /// <param name="most">So many.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<OrganizationId>> BesideAsync(
        Period period, OrganizationId? after, TenantChunk chunk, IReadOnlyCollection<OrganizationId>? of, int most, CancellationToken ct)
    {
        await using var command = await CommandAsync(
            """
            select distinct tenant_id from billing.invoice_lines
            where ahead_of = $1 and billed and tenant_id > $2 and tenant_id <= $3 and tenant_id <> all ($4) and ($5 or tenant_id = any ($6))
            order by tenant_id limit $7
            """, ct, period.Start, after?.Value ?? Guid.Empty, chunk.Last?.Value ?? Guid.AllBitsSet, chunk.Tenants.Select(x => x.Value).ToArray(),
            of is null, of?.Select(x => x.Value).ToArray() ?? [], most);
        return await TenantsAsync(command, ct);
    }

    /// <summary>
    /// In the transaction that plans the month: waits for those who write lines in advance of it, and lets no more of them be written.
    /// </summary>
    public async Task CloseAsync(Period month, CancellationToken ct)
    {
        await using var command = await CommandAsync("select pg_advisory_xact_lock(hashtext('billing.ahead'), $1)", ct, Number(month));
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>In the transaction that writes lines in advance of the month after the run's, before them.</summary>
    /// <exception cref="NextMonthBegunException">That month is planned.</exception>
    public async Task HoldAsync(BillingRun run, CancellationToken ct)
    {
        var next = After(run.Period);
        await using (var hold = await CommandAsync("select pg_advisory_xact_lock_shared(hashtext('billing.ahead'), $1)", ct, Number(next)))
            await hold.ExecuteNonQueryAsync(ct);
        if (await IsPlannedAsync(run.SellerId, next, ct))
            throw new NextMonthBegunException(run);
    }

    private async Task<bool> IsPlannedAsync(OrganizationId seller, Period month, CancellationToken ct)
    {
        await using var command = await CommandAsync(
            "select exists (select from billing.runs where seller_id = $1 and period_start = $2 and period_end = $3 and planned)", ct, seller.Value,
            month.Start, month.End);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task<IReadOnlyList<OrganizationId>> TenantsAsync(NpgsqlCommand command, CancellationToken ct)
    {
        var tenants = new List<OrganizationId>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            tenants.Add(new OrganizationId(rows.GetGuid(0)));
        return tenants;
    }

    private static int Number(Period month) => month.Start.Year * 12 + month.Start.Month;

    private async Task<ILookup<OrganizationId, BilledLine>> ReadAsync(string sql, CancellationToken ct, params object[] values)
    {
        await using var command = await CommandAsync(sql, ct, values);
        var found = new List<(OrganizationId Tenant, BilledLine Line)>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            found.Add((new(rows.GetGuid(0)), BilledLines.Read(rows)));
        return found.ToLookup(x => x.Tenant, x => x.Line);
    }

    private async Task<NpgsqlCommand> CommandAsync(string sql, CancellationToken ct, params object[] values)
    {
        var command = new NpgsqlCommand(sql, await session.OpenAsync(ct), session.Transaction);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return command;
    }
}
