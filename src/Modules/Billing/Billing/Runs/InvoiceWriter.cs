using System.Text.Json;
using Licensing.Billing.Contracts;
using Licensing.Billing.Invoices;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using NpgsqlTypes;

namespace Licensing.Billing.Runs;

/// <summary>Writes drafts with their lines by binary COPY, in the caller's transaction.</summary>
internal sealed class InvoiceWriter(DbSession session, TimeProvider clock)
{
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
            copy billing.invoice_lines (invoice_id, tenant_id, position, subscription_id, charge_key, meter, sku, region, is_usage, starts_on, ends_on,
                description, quantity, days, period_days, unrounded, currency, net, tax, tax_category, tax_percent, steps) from stdin (format binary)
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
            }
        }

        await lines.CompleteAsync(ct);
    }

    private static IEnumerable<InvoiceTax> Taxes(TenantBill bill) =>
        bill.Rated.Taxes.Select(tax => new InvoiceTax(tax.Category, Percent(tax.Percent), tax.Net.Amount, tax.Tax.Amount));

    // It was a decimal column before it was an Exact.
    private static decimal Percent(Exact percent) => percent.TryToDecimal(out var value) ? value : throw new InvalidOperationException($"{percent} %");
}
