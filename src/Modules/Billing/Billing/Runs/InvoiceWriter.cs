using System.Text.Json;
using Licensing.Billing.Contracts;
using Licensing.Billing.Coupons;
using Licensing.Billing.Invoices;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Billing.Runs;

/// <summary>Throws old drafts away and writes new ones with their lines by binary COPY, in the caller's transaction.</summary>
internal sealed class InvoiceWriter(DbSession session, TimeProvider clock)
{
    /// <summary>
    /// Throws away the drafts of the tenants after <paramref name="after"/> up to <paramref name="last"/>, also of those that owe
    /// nothing any more. They are locked in the order in which they are issued; what someone else issued meanwhile stays.
    /// </summary>
    public async Task DiscardDraftsAsync(OrganizationId seller, Period period, OrganizationId? after, OrganizationId? last, CancellationToken ct)
    {
        var connection = await session.OpenAsync(ct);
        var drafts = new List<Guid>();
        await using (var select = new NpgsqlCommand("""
            select id from billing.invoices
            where seller_id = $1 and period_start = $2 and period_end = $3 and status = 'Draft'
                and ($4::uuid is null or tenant_id > $4) and ($5::uuid is null or tenant_id <= $5)
            order by id for update
            """, connection)
        {
            Parameters =
            {
                new() { Value = seller.Value }, new() { Value = period.Start }, new() { Value = period.End },
                new() { Value = after?.Value ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
                new() { Value = last?.Value ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
            },
        })
        await using (var rows = await select.ExecuteReaderAsync(ct))
            while (await rows.ReadAsync(ct))
                drafts.Add(rows.GetGuid(0));
        if (drafts.Count == 0)
            return;

        await using var discard = new NpgsqlBatch(connection);
        foreach (var delete in (string[])["delete from billing.invoice_lines where invoice_id = any ($1)",
            "delete from billing.invoices where id = any ($1)"])
            discard.BatchCommands.Add(new NpgsqlBatchCommand(delete) { Parameters = { new() { Value = drafts.ToArray() } } });
        await discard.ExecuteNonQueryAsync(ct);
    }

    public async Task WriteAsync(OrganizationId seller, Period period, IReadOnlyList<TenantBill> bills, CancellationToken ct)
    {
        if (bills.Count == 0)
            return;

        var now = clock.GetUtcNow();
        var invoices = bills.Select(bill => (Id: Id.New<InvoiceId>(now), Bill: bill)).ToList();
        var connection = await session.OpenAsync(ct);
        await using (var rows = await connection.BeginBinaryImportAsync("""
            copy billing.invoices (id, tenant_id, owner_path, seller_id, period_start, period_end, kind, currency, net, tax, total, usage_exact,
                line_count, taxes, status, created_at, version) from stdin (format binary)
            """, ct))
        {
            foreach (var (id, bill) in invoices)
            {
                await rows.StartRowAsync(ct);
                await rows.WriteAsync(id.Value, NpgsqlDbType.Uuid, ct);
                await rows.WriteAsync(bill.Tenant.Id.Value, NpgsqlDbType.Uuid, ct);
                await rows.WriteAsync(bill.Tenant.Path, NpgsqlDbType.Text, ct);
                await rows.WriteAsync(seller.Value, NpgsqlDbType.Uuid, ct);
                await rows.WriteAsync(period.Start, NpgsqlDbType.Date, ct);
                await rows.WriteAsync(period.End, NpgsqlDbType.Date, ct);
                await rows.WriteAsync(nameof(InvoiceKind.Regular), NpgsqlDbType.Text, ct);
                await rows.WriteAsync(bill.Rated.Currency.Code, NpgsqlDbType.Text, ct);
                await rows.WriteAsync(bill.Rated.Net.Amount, NpgsqlDbType.Numeric, ct);
                await rows.WriteAsync(bill.Rated.Tax.Amount, NpgsqlDbType.Numeric, ct);
                await rows.WriteAsync(bill.Rated.Total.Amount, NpgsqlDbType.Numeric, ct);
                await rows.WriteAsync(bill.UsageExact.ToString(), NpgsqlDbType.Text, ct);
                await rows.WriteAsync(bill.Charges.Count, NpgsqlDbType.Integer, ct);
                await rows.WriteAsync(JsonSerializer.Serialize(Taxes(bill), StoredJson.Options), NpgsqlDbType.Jsonb, ct);
                await rows.WriteAsync(nameof(InvoiceStatus.Draft), NpgsqlDbType.Text, ct);
                await rows.WriteAsync(now, NpgsqlDbType.TimestampTz, ct);
                await rows.WriteAsync(1, NpgsqlDbType.Integer, ct);
            }

            await rows.CompleteAsync(ct);
        }

        await using var lines = await connection.BeginBinaryImportAsync("""
            copy billing.invoice_lines (
                invoice_id, tenant_id, position, subscription_id, charge_key, meter, sku, region, is_usage, starts_on, ends_on, description, quantity,
                days, period_days, unrounded, currency, net, tax, tax_category, tax_percent, steps,
                cap_reduction, discount, credit, exchange) from stdin (format binary)
            """, ct);
        foreach (var (id, bill) in invoices)
        {
            var percents = bill.Rated.Taxes.ToDictionary(tax => tax.Category, tax => Percent(tax.Percent));
            for (var i = 0; i < bill.Charges.Count; i++)
            {
                var (due, line) = bill.Charges[i];
                await lines.StartRowAsync(ct);
                await lines.WriteAsync(id.Value, NpgsqlDbType.Uuid, ct);
                await lines.WriteAsync(bill.Tenant.Id.Value, NpgsqlDbType.Uuid, ct);
                await lines.WriteAsync(i + 1, NpgsqlDbType.Integer, ct);
                await lines.WriteAsync(due.Key.Subscription.Value, NpgsqlDbType.Uuid, ct);
                await lines.WriteAsync(due.Key.Charge, NpgsqlDbType.Text, ct);
                await lines.WriteAsync(due.Key.Meter, NpgsqlDbType.Text, ct);
                await lines.WriteAsync(due.Key.Sku, NpgsqlDbType.Text, ct);
                await lines.WriteAsync(due.Key.Region, NpgsqlDbType.Text, ct);
                await lines.WriteAsync(due.IsUsage, NpgsqlDbType.Boolean, ct);
                await lines.WriteAsync(due.Days.Start, NpgsqlDbType.Date, ct);
                await lines.WriteAsync(due.Days.End, NpgsqlDbType.Date, ct);
                await lines.WriteAsync(due.Description, NpgsqlDbType.Text, ct);
                await lines.WriteAsync(line.Quantity.ToString(), NpgsqlDbType.Text, ct);
                await lines.WriteAsync(due.Days.Days, NpgsqlDbType.Integer, ct);
                await lines.WriteAsync(period.Days, NpgsqlDbType.Integer, ct);
                await lines.WriteAsync(ExactText.Of(line.Unrounded), NpgsqlDbType.Text, ct);
                await lines.WriteAsync(bill.Rated.Currency.Code, NpgsqlDbType.Text, ct);
                await lines.WriteAsync(line.Net.Amount, NpgsqlDbType.Numeric, ct);
                await lines.WriteAsync(line.Tax.Amount, NpgsqlDbType.Numeric, ct);
                if (line.TaxCategory is { } category && percents.TryGetValue(category, out var percent))
                {
                    await lines.WriteAsync(category, NpgsqlDbType.Text, ct);
                    await lines.WriteAsync(percent, NpgsqlDbType.Numeric, ct);
                }
                else
                {
                    await lines.WriteNullAsync(ct);
                    await lines.WriteNullAsync(ct);
                }

                await lines.WriteAsync(JsonSerializer.Serialize(line.Steps.Select(LineStep.Of), StoredJson.Options), NpgsqlDbType.Jsonb, ct);
                await lines.WriteAsync(line.CapReduction.Amount, NpgsqlDbType.Numeric, ct);
                await lines.WriteAsync(line.Discount.Amount, NpgsqlDbType.Numeric, ct);
                await lines.WriteAsync(line.Credit.Amount, NpgsqlDbType.Numeric, ct);
                if (line.Exchange is { } exchange)
                    await lines.WriteAsync(JsonSerializer.Serialize(LineExchange.Of(exchange), StoredJson.Options), NpgsqlDbType.Jsonb, ct);
                else
                    await lines.WriteNullAsync(ct);
            }
        }

        await lines.CompleteAsync(ct);
        await lines.CloseAsync(ct);
        await ReductionWriter.WriteAsync(connection, invoices, ct);
    }

    private static IEnumerable<InvoiceTax> Taxes(TenantBill bill) =>
        bill.Rated.Taxes.Select(tax => new InvoiceTax(tax.Category, Percent(tax.Percent), tax.Net.Amount, tax.Tax.Amount));

    // It was a decimal column before it was an Exact.
    private static decimal Percent(Exact percent) =>
        percent.TryToDecimal(out var value) ? value : throw new InvalidOperationException($"{percent} %");
}
