using Licensing.Billing.Coupons;
using Licensing.Billing.Data;
using Licensing.Billing.Invoices;
using Licensing.Billing.Rating;
using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Billing.Settlement;

/// <summary>What is known of some tenants' months: which are closed, what stands for them, and by what they were billed.</summary>
internal sealed record BilledBooks(
    ILookup<LateMonth, BilledLine> Lines, IReadOnlyDictionary<DateOnly, BillingRun> Runs, IReadOnlySet<LateMonth> Closed,
    IReadOnlySet<OrganizationId> Issued, IReadOnlySet<OrganizationId> LateIssued, IReadOnlySet<(DateOnly Month, Guid Redemption)> RedeemedSince,
    BilledUses Uses)
{
    /// <summary>The round that each month's invoice is of; no month of which none stands. 0: it was not kept.</summary>
    public IReadOnlyDictionary<(OrganizationId TenantId, DateOnly Month), int> Rounds { get; init; } =
        new Dictionary<(OrganizationId, DateOnly), int>();

    /// <summary>Coupons and prices of a tenant's month as when it was billed: later redemptions and exchange rates change nothing of it.</summary>
    public (IReadOnlyList<GrantedReduction> Reductions, PeriodPrices Prices) As(
        OrganizationId tenant, IEnumerable<GrantedReduction> reductions, PeriodPrices prices)
    {
        var rates = new Dictionary<(Currency From, Currency To), Exchange>();
        var standing = Lines.Where(x => x.Key.TenantId == tenant && x.Key.Month == prices.Period.Start).SelectMany(lines => lines).ToList();
        var ahead = BilledLines.RatesInAdvance(standing);
        // What was charged in advance by a change within the month has the rate of what it changed; usage never has. Where that is void there are
        // two rates left, and the month's own is of the later day.
        foreach (var line in standing.Where(line => !line.IsAhead && line.Exchange is not null).OrderByDescending(line => line.Exchange!.On))
        {
            var (used, pair) = (line.Exchange!, (line.Exchange!.From, line.Net.Currency));
            if (!line.IsUsage && rates.TryGetValue(pair, out var month) && month != used)
                ahead.TryAdd(pair, used);
            else if (line.IsUsage || ahead.GetValueOrDefault(pair) != used)
                rates.TryAdd(pair, used);
        }

        foreach (var (to, used) in Uses.Rates[(tenant, prices.Period.Start)])
            rates.TryAdd((used.From, to), used);
        foreach (var (pair, rate) in prices.Rates)
            rates.TryAdd(pair, rate);
        return (
            [.. reductions.Where(x => !RedeemedSince.Contains((prices.Period.Start, x.Id)))],
            prices with { Rates = rates, RatesInAdvance = ahead });
    }
}

/// <summary>Reads them, for all late months of a chunk together; nobody asks where there is none.</summary>
internal sealed class BilledMonths(BillingDb db, DbSession session, UsesRead uses)
{
    // Of the round's own drafts nothing counts: they are drawn anew.
    private const string LinesOf =
        $"""
        select {BilledLines.Columns}
        from (
            select i.id, i.tenant_id, l.position
            from billing.invoices i join billing.invoice_lines l on l.invoice_id = i.id and l.tenant_id = i.tenant_id
            where i.period_start = any ($3) and i.tenant_id = any ($2) and i.kind = 'Regular' and i.status <> 'Void' and l.adjustment = 0
                and l.ahead_of is null
            union all
            select l.invoice_id, l.tenant_id, l.position from billing.invoice_lines l
            where l.tenant_id = any ($2) and l.ahead_of = any ($3) and l.billed
            union all
            select l.invoice_id, l.tenant_id, l.position from billing.invoice_lines l
            where l.tenant_id = any ($2) and l.adjusts = any ($3) and l.adjustment > 0 and l.billed) s
        join billing.invoices i on i.id = s.id and i.seller_id = $1 and i.status <> 'Void'
            and not (i.status = 'Draft' and i.period_start = $4 and i.period_end = $5)
        join billing.invoice_lines l on l.invoice_id = i.id and l.tenant_id = i.tenant_id and l.position = s.position
        order by l.adjustment, l.invoice_id, l.position
        """;

    // Coupons that were redeemed for a month after it was billed are not for it; what was taken off counts whenever it was redeemed. Where there was
    // nothing to invoice, because all of it was billed in advance or nothing was due, it was billed by the round that found that.
    private const string Since =
        """
        select m.month, r.id from billing.coupon_redemptions r
        join unnest($3) as m (month) on r.starts_on < m.month + interval '1 month'
        left join billing.invoices i on i.tenant_id = r.tenant_id and i.seller_id = $1 and i.period_start = m.month and i.kind = 'Regular'
            and i.status in ('Issued', 'Paid')
        left join billing.runs n on n.seller_id = $1 and n.period_start = m.month and n.state = 'Finished' and n.operation_id is not null
        where r.tenant_id = any ($2) and coalesce(i.created_at, n.round_at) < r.created_at and not exists (
            select from billing.reduction_uses u where u.invoice_id = i.id and u.tenant_id = i.tenant_id and u.reduction_id = r.id)
        """;

    public async Task<BilledBooks> ReadAsync(OrganizationId seller, Period period, IReadOnlyList<LateMonth> late, CancellationToken ct)
    {
        var tenants = late.Select(x => x.TenantId).Distinct().ToList();
        var months = late.Select(x => x.Month).Append(period.Start).Distinct().ToList();
        var invoices = await db.Invoices.AsNoTracking()
            .Where(x => x.SellerId == seller && tenants.Contains(x.TenantId) && months.Contains(x.PeriodStart))
            .Select(x => new { x.TenantId, x.PeriodStart, x.Kind, x.Status, x.VoidedAt, x.Round }).ToListAsync(ct);
        var runs = await db.Runs.AsNoTracking().Where(x => x.SellerId == seller && months.Contains(x.PeriodStart)).ToListAsync(ct);
        var parked = await ParkedAsync(runs, tenants, ct);

        // Billed, or looked at and found to owe nothing. A month whose invoice was withdrawn waits for a round of its own that began later, as one
        // does that could not be billed.
        bool IsClosed(LateMonth x)
        {
            var run = runs.Find(run => run.PeriodStart == x.Month && run is { State: RunState.Finished, OperationId: not null });
            var own = invoices.Where(i => i.TenantId == x.TenantId && i.PeriodStart == x.Month && i.Kind is InvoiceKind.Regular
                && !(i.Status is InvoiceStatus.Void && i.VoidedAt < run?.RoundAt)).ToList();
            return own.Count > 0
                ? own.Exists(i => i.Status is InvoiceStatus.Issued or InvoiceStatus.Paid)
                : run is not null && !parked.Contains((x.TenantId, x.Month));
        }

        HashSet<OrganizationId> IssuedAs(InvoiceKind kind) =>
        [
            .. invoices.Where(i => i.PeriodStart == period.Start && i.Kind == kind && i.Status is (InvoiceStatus.Issued or InvoiceStatus.Paid))
                .Select(i => i.TenantId),
        ];
        return new BilledBooks(
            await LinesAsync(seller, period, late, ct), runs.ToDictionary(run => run.PeriodStart), late.Where(IsClosed).ToHashSet(),
            IssuedAs(InvoiceKind.Regular), IssuedAs(InvoiceKind.Late), await RedeemedSinceAsync(seller, tenants, months, ct),
            await uses.ReadAsync(seller, period, tenants, months, ct))
        {
            Rounds = invoices.Where(i => i.Kind is InvoiceKind.Regular && i.Status is (InvoiceStatus.Issued or InvoiceStatus.Paid))
                .ToDictionary(i => (i.TenantId, i.PeriodStart), i => i.Round ?? 0),
        };
    }

    /// <summary>
    /// Keeps what was read of the invoices that are adjusted from changing until the caller's transaction ends, so that a credit note and an
    /// adjustment know of each other; where one has changed meanwhile the server undoes the caller.
    /// </summary>
    public async Task HoldAsync(IEnumerable<TenantBill> bills, CancellationToken ct)
    {
        var adjusted = bills.SelectMany(bill => bill.Adjusted).Distinct().ToList();
        if (adjusted.Count == 0)
            return;
        await using var command = await CommandAsync(
            "select billing.hold_adjusted($1, $2)", ct, adjusted.Select(x => x.Id).ToArray(), adjusted.Select(x => x.Version).ToArray());
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<ILookup<LateMonth, BilledLine>> LinesAsync(
        OrganizationId seller, Period period, IReadOnlyList<LateMonth> late, CancellationToken ct)
    {
        var asked = late.ToDictionary(x => (x.TenantId, x.Month));
        var found = new List<(LateMonth Month, BilledLine Line)>();
        await using var command = await CommandAsync(
            LinesOf, ct, seller.Value, late.Select(x => x.TenantId.Value).Distinct().ToArray(), late.Select(x => x.Month).Distinct().ToArray(),
            period.Start, period.End);
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            if (asked.TryGetValue((new(rows.GetGuid(0)), rows.GetFieldValue<DateOnly>(1)), out var month))
                found.Add((month, BilledLines.Read(rows)));
        return found.ToLookup(x => x.Month, x => x.Line);
    }

    private async Task<HashSet<(OrganizationId, DateOnly)>> ParkedAsync(
        List<BillingRun> runs, List<OrganizationId> tenants, CancellationToken ct)
    {
        await using var command = await CommandAsync(
            "select run_id, tenant_id from billing.run_parked where run_id = any ($1) and tenant_id = any ($2)", ct,
            runs.Select(run => run.Id).ToArray(), tenants.Select(x => x.Value).ToArray());
        var parked = new HashSet<(OrganizationId, DateOnly)>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            parked.Add((new(rows.GetGuid(1)), runs.Single(run => run.Id == rows.GetGuid(0)).PeriodStart));
        return parked;
    }

    private async Task<HashSet<(DateOnly, Guid)>> RedeemedSinceAsync(
        OrganizationId seller, List<OrganizationId> tenants, List<DateOnly> months, CancellationToken ct)
    {
        await using var command = await CommandAsync(Since, ct, seller.Value, tenants.Select(x => x.Value).ToArray(), months.ToArray());
        var since = new HashSet<(DateOnly, Guid)>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            since.Add((rows.GetFieldValue<DateOnly>(0), rows.GetGuid(1)));
        return since;
    }

    private async Task<NpgsqlCommand> CommandAsync(string sql, CancellationToken ct, params object[] values)
    {
        var command = new NpgsqlCommand(sql, await session.OpenAsync(ct), session.Transaction);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return command;
    }
}
