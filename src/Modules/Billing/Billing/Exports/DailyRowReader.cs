using System.Runtime.CompilerServices;
using Licensing.Billing.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Npgsql;

namespace Licensing.Billing.Exports;

/// <summary>
/// Reads the lines of the invoices that stand, month by month and tenant by tenant, some at a time, and spreads each over its days. The
/// usage of a day is read from the rollups, for all tenants of a chunk at once.
/// </summary>
internal sealed class DailyRowReader(DbSession session, IUsageTotals usage)
{
    private sealed record Line(
        Guid TenantId, Guid InvoiceId, int Position, Guid SubscriptionId, string ChargeKey, string Meter, string Sku, string Region, bool IsUsage,
        bool IsAdjustment, Period Days, string Description, Exact Quantity, Money Net, string Status);

    // The invoices' index on period and tenant is in this order.
    private const string Next =
        """
        select l.tenant_id, l.invoice_id, l.position, l.subscription_id, l.charge_key, l.meter, l.sku, l.region, l.is_usage, l.starts_on, l.ends_on,
            l.description, l.quantity, l.net, l.currency, i.status, l.adjustment > 0
        from billing.invoices i
        join billing.invoice_lines l on l.invoice_id = i.id and l.tenant_id = i.tenant_id
        where i.period_start = $1 and i.period_end = $2 and i.status <> 'Void' and l.starts_on < $3 and l.ends_on > $4
            and ($5::uuid is null or i.tenant_id = $5)
            and exists (select from unnest($6::text[], $7::text[]) as r (lower, upper)
                where i.owner_path >= r.lower collate "C" and i.owner_path < r.upper collate "C")
            and (i.tenant_id, l.invoice_id, l.position) >= ($8, $9, $10)
        order by i.tenant_id, l.invoice_id, l.position limit $11
        """;

    /// <param name="range">Only the days of it; a line is spread over all of its days whatever is asked for.</param>
    /// <param name="scope">Whose.</param>
    /// <param name="tenant">Only this one.</param>
    /// <param name="after">Goes on there.</param>
    /// <param name="chunk">Lines read at a time.</param>
    /// <param name="ct">Gives up.</param>
    public async IAsyncEnumerable<(DailyRow Row, DailyPlace Place)> ReadAsync(
        Period range, Scope scope, Guid? tenant, DailyPlace? after, int chunk, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var month in (await MonthsAsync(range, ct)).Where(month => after is null || month >= after.Month))
        {
            var from = after?.Month == month ? after : new DailyPlace(month, Guid.Empty, Guid.Empty, 0, DateOnly.MinValue);
            for (var more = true; more;)
            {
                var lines = await NextAsync(month, range, scope, tenant, from, chunk, ct);
                var used = await UsedAsync(lines, ct);
                foreach (var line in lines)
                    foreach (var part in Spread(line, used))
                    {
                        var place = new DailyPlace(month, line.TenantId, line.InvoiceId, line.Position, part.Day);
                        if (range.Contains(part.Day) && !IsBefore(place, from))
                            yield return (RowOf(line, part), place);
                    }

                more = lines.Count == chunk;
                if (more)
                    from = new DailyPlace(month, lines[^1].TenantId, lines[^1].InvoiceId, lines[^1].Position, DateOnly.MaxValue);
            }
        }
    }

    // What came late for a day is on an invoice of a later month.
    private async Task<IEnumerable<DateOnly>> MonthsAsync(Period range, CancellationToken ct)
    {
        var months = new SortedSet<DateOnly>();
        for (var month = new DateOnly(range.Start.Year, range.Start.Month, 1); month < range.End; month = month.AddMonths(1))
            months.Add(month);
        await using var select = new NpgsqlCommand(
            """
            select distinct i.period_start from billing.invoice_lines l
            join billing.invoices i on i.id = l.invoice_id and i.tenant_id = l.tenant_id
            where l.adjustment > 0 and l.billed and l.starts_on < $2 and l.ends_on > $1
            """, await session.OpenAsync(ct))
        { Parameters = { new() { Value = range.Start }, new() { Value = range.End } } };
        await using var rows = await select.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            months.Add(rows.GetFieldValue<DateOnly>(0));
        return months;
    }

    // How much was used on a day stands with the month's own line; an adjustment is the amount alone.
    private static IEnumerable<DailyPart> Spread(Line line, ILookup<(Guid Subscription, string Meter), (DateOnly Day, UsageTotal Total)> used)
    {
        var parts = DailySpread.Of(line.Days, line.Net, line.Quantity, line.IsUsage ? Of(line, used) : null);
        return line.IsAdjustment ? parts.Select(part => part with { Quantity = 0 }).Where(part => part.Amount.Amount != 0) : parts;
    }

    // Of the line on which a page, or a chunk, ended.
    private static bool IsBefore(DailyPlace place, DailyPlace from) =>
        (place.TenantId, place.InvoiceId, place.Position) == (from.TenantId, from.InvoiceId, from.Position) && place.Day <= from.Day;

    private async Task<List<Line>> NextAsync(
        DateOnly month, Period range, Scope scope, Guid? tenant, DailyPlace from, int chunk, CancellationToken ct)
    {
        var (lower, upper) = scope.Ranges();
        await using var select = new NpgsqlCommand(Next, await session.OpenAsync(ct))
        {
            Parameters =
            {
                new() { Value = month }, new() { Value = month.AddMonths(1) }, new() { Value = range.End }, new() { Value = range.Start },
                new() { Value = tenant ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid }, new() { Value = lower },
                new() { Value = upper }, new() { Value = from.TenantId }, new() { Value = from.InvoiceId }, new() { Value = from.Position },
                new() { Value = chunk },
            },
        };
        var lines = new List<Line>();
        await using var rows = await select.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            lines.Add(new Line(
                rows.GetGuid(0), rows.GetGuid(1), rows.GetInt32(2), rows.GetGuid(3), rows.GetString(4), rows.GetString(5), rows.GetString(6),
                rows.GetString(7), rows.GetBoolean(8), rows.GetBoolean(16),
                new Period(rows.GetFieldValue<DateOnly>(9), rows.GetFieldValue<DateOnly>(10)), rows.GetString(11),
                Exact.Parse(rows.GetString(12)), new Money(rows.GetDecimal(13), Currency.Parse(rows.GetString(14))), rows.GetString(15)));
        return lines;
    }

    private async Task<ILookup<(Guid Subscription, string Meter), (DateOnly Day, UsageTotal Total)>> UsedAsync(
        List<Line> lines, CancellationToken ct)
    {
        var ofUsage = lines.Where(line => line.IsUsage).ToList();
        var tenants = ofUsage.Select(line => new OrganizationId(line.TenantId)).Distinct().ToList();
        var found = new List<(DateOnly Day, UsageTotal Total)>();
        foreach (var day in ofUsage.SelectMany(line => Enumerable.Range(0, line.Days.Days).Select(line.Days.Start.AddDays)).Distinct().Order())
            found.AddRange((await usage.OfTenantsAsync(new Period(day, day.AddDays(1)), tenants, ct)).Select(total => (day, total)));
        return found.ToLookup(x => (x.Total.SubscriptionId.Value, x.Total.Meter));
    }

    /// <summary>
    /// What a line was rated from, by day. A plan's charge is of all SKUs, or where price lists are used of what has none: the one that adds up
    /// to the line's quantity.
    /// </summary>
    private static Dictionary<DateOnly, Exact> Of(Line line, ILookup<(Guid, string), (DateOnly Day, UsageTotal Total)> used)
    {
        var all = used[(line.SubscriptionId, line.Meter)].ToList();
        if (line.ChargeKey.Length == 0)
            return Summed(all.Where(x => x.Total.Sku == line.Sku && x.Total.Region == line.Region));
        var (whole, withoutSku) = (Summed(all), Summed(all.Where(x => x.Total.Sku.Length == 0)));
        return Exact.Sum(whole.Values) != line.Quantity && Exact.Sum(withoutSku.Values) == line.Quantity ? withoutSku : whole;
    }

    private static Dictionary<DateOnly, Exact> Summed(IEnumerable<(DateOnly Day, UsageTotal Total)> totals) =>
        totals.GroupBy(x => x.Day).ToDictionary(x => x.Key, x => Exact.Sum(x.Select(y => y.Total.Quantity)));

    private static DailyRow RowOf(Line line, DailyPart part) => new(
        part.Day, new OrganizationId(line.TenantId), new SubscriptionId(line.SubscriptionId), new InvoiceId(line.InvoiceId), line.Position,
        Some(line.ChargeKey), Some(line.Sku), Some(line.Meter), Some(line.Region), line.Description, part.Quantity.ToString(), part.Amount,
        line.Status);

    private static string? Some(string text) => text.Length > 0 ? text : null;
}
