using System.Runtime.CompilerServices;
using System.Text.Json;
using Licensing.Billing.Contracts;
using Licensing.Billing.Invoices;
using Licensing.Billing.Runs;
using Licensing.Kernel.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Billing.Activity;

/// <summary>
/// The lines of a month, tenant by tenant, some at a time: those of the invoices that stand, and of tenants that have none yet what a run
/// would charge them now. However many there are, no more than a chunk of them is held.
/// </summary>
internal sealed class ChargedLines(DbSession session, Estimates estimates, BillingSettings settings)
{
    // The invoices' index on period and tenant is in this order. What credit notes took of an invoice may come to nothing, so each line is looked up.
    private const string Next = """
        select l.tenant_id, i.owner_path, i.seller_id, l.position, l.subscription_id, l.charge_key, l.meter, l.sku, l.region, l.is_usage, l.starts_on,
            l.ends_on, l.description, l.quantity,
            case when jsonb_array_length(l.steps) = 1 and l.steps -> 0 ->> 'flatFee' = '0' and l.steps -> 0 ->> 'quantity' = l.quantity
                then l.steps -> 0 ->> 'unitPrice' end,
            l.exchange ->> 'rate', l.currency, l.net + l.cap_reduction + l.discount + l.credit, l.net, l.invoice_id, i.number, i.status,
            l.adjusts is not null, l.tax, l.tax_percent, l.exchange::text,
            case when exists (
                select from billing.credit_note_lines c
                where c.invoice_id = l.invoice_id and c.tenant_id = l.tenant_id and c.invoice_position = l.position) then (
                select jsonb_agg(jsonb_build_object('number', n.number, 'net', c.net::text, 'tax', c.tax::text) order by n.number)::text
                from billing.credit_note_lines c join billing.credit_notes n on n.id = c.credit_note_id and n.tenant_id = c.tenant_id
                where c.invoice_id = l.invoice_id and c.tenant_id = l.tenant_id and c.invoice_position = l.position) end
        from billing.invoices i
        join billing.invoice_lines l on l.invoice_id = i.id and l.tenant_id = i.tenant_id
        where i.period_start = $1 and i.period_end = $2 and i.status <> 'Void'
            and exists (select from unnest($3::text[], $4::text[]) as r (lower, upper)
                where i.owner_path >= r.lower collate "C" and i.owner_path < r.upper collate "C")
            and ($5::uuid is null or i.tenant_id = $5) and ($6::uuid is null or l.subscription_id = $6) and ($7::text is null or l.meter = $7)
            and (l.is_usage or not $8) and i.tenant_id >= $9 and i.tenant_id <= $12
            and (i.tenant_id, l.invoice_id, l.position) >= ($9, $10, $11)
        order by i.tenant_id, l.invoice_id, l.position limit $13
        """;

    /// <param name="month">Of the invoices.</param>
    /// <param name="filter">Which.</param>
    /// <param name="estimating">Whether tenants without an invoice are rated.</param>
    /// <param name="from">The first line.</param>
    /// <param name="chunk">About how many lines are read at a time.</param>
    /// <param name="ct">Gives up.</param>
    public async IAsyncEnumerable<IReadOnlyList<ChargedLine>> ReadAsync(
        Period month, LineFilter filter, bool estimating, LinePlace from, int chunk, [EnumeratorCancellation] CancellationToken ct)
    {
        // A tenant has some lines, so that fewer tenants fill a chunk.
        var tenants = Math.Min(Math.Max(chunk / 8, 5), settings.ChunkTenants);
        for (var after = Estimates.Before(from.TenantId); ;)
        {
            // Rated before the invoices are read: who is billed in between is in both, and counts with his invoice.
            var bills = estimating ? await estimates.NextAsync(month, filter, after, tenants, ct) : null;
            var rated = new Queue<ChargedLine>((bills?.Rated.Bills ?? []).SelectMany(bill => ChargedLine.Of(bill, bills!.Seller, month))
                .Where(line => filter.Takes(line) && !from.IsAfter(line)));
            for (var more = true; more;)
            {
                var billed = await InvoicedAsync(month, filter, from, bills?.Last?.Value ?? Guid.AllBitsSet, chunk, ct);
                more = billed.Count == chunk;
                var both = Together(rated, billed, whole: !more);
                if (both.Count > 0)
                    yield return both;
                if (more)
                    from = LinePlace.After(billed[^1]) with { Position = billed[^1].Position + 1 };
            }

            if (bills?.Last is not { } last)
                yield break;
            (after, from) = (last, LinePlace.StartOf(month.Start) with { TenantId = last.Value, InvoiceId = Guid.AllBitsSet });
        }
    }

    private static List<ChargedLine> Together(Queue<ChargedLine> rated, List<ChargedLine> billed, bool whole)
    {
        var invoiced = billed.Select(line => line.TenantId).ToHashSet();
        var lines = new List<ChargedLine>(billed.Count);
        void Take(Func<ChargedLine, bool> takes)
        {
            while (rated.TryPeek(out var line) && takes(line))
                if (rated.Dequeue() is var next && !invoiced.Contains(next.TenantId))
                    lines.Add(next);
        }

        foreach (var line in billed)
        {
            Take(next => next.TenantId.Value.CompareTo(line.TenantId.Value) <= 0);
            lines.Add(line);
        }

        if (whole)
            Take(_ => true);
        return lines;
    }

    private async Task<List<ChargedLine>> InvoicedAsync(
        Period month, LineFilter filter, LinePlace from, Guid until, int most, CancellationToken ct)
    {
        var (lower, upper) = filter.Scope.Ranges();
        await using var select = new NpgsqlCommand(Next, await session.OpenAsync(ct))
        {
            Parameters =
            {
                new() { Value = month.Start }, new() { Value = month.End }, new() { Value = lower }, new() { Value = upper },
                Given(filter.TenantId, NpgsqlDbType.Uuid), Given(filter.SubscriptionId, NpgsqlDbType.Uuid), Given(filter.Meter, NpgsqlDbType.Text),
                new() { Value = filter.UsageOnly }, new() { Value = from.TenantId }, new() { Value = from.InvoiceId },
                new() { Value = from.Position }, new() { Value = until }, new() { Value = most },
            },
        };
        var lines = new List<ChargedLine>();
        await using var rows = await select.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
        {
            var currency = Currency.Parse(rows.GetString(16));
            lines.Add(new ChargedLine(
                new(rows.GetGuid(0)), rows.GetString(1), new(rows.GetGuid(2)), month, rows.GetInt32(3), new(rows.GetGuid(4)), rows.GetString(5),
                rows.GetString(6), rows.GetString(7), rows.GetString(8), rows.GetBoolean(9),
                new Period(rows.GetFieldValue<DateOnly>(10), rows.GetFieldValue<DateOnly>(11)), rows.GetString(12), Exact.Parse(rows.GetString(13)),
                Number(rows, 14) * (Number(rows, 15) ?? 1), new Money(rows.GetDecimal(17), currency), new Money(rows.GetDecimal(18), currency),
                new LineInvoice(new InvoiceId(rows.GetGuid(19)), rows.IsDBNull(20) ? null : rows.GetString(20),
                    Enum.Parse<InvoiceStatus>(rows.GetString(21))))
            {
                IsDifference = rows.GetBoolean(22),
                Tax = rows.IsDBNull(24) ? null : new LineTax(new Money(rows.GetDecimal(23), currency), rows.GetDecimal(24)),
                Exchange = rows.IsDBNull(25) ? null : JsonSerializer.Deserialize<LineExchange>(rows.GetString(25), StoredJson.Options),
                Credits = rows.IsDBNull(26) ? [] : JsonSerializer.Deserialize<List<LineCredit>>(rows.GetString(26), StoredJson.Options)!,
            });
        }

        return lines;
    }

    private static Exact? Number(NpgsqlDataReader rows, int column) => rows.IsDBNull(column) ? null : Exact.Parse(rows.GetString(column));

    private static NpgsqlParameter Given<T>(T? value, NpgsqlDbType type) => new() { Value = value ?? (object)DBNull.Value, NpgsqlDbType = type };
}
