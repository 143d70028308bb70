using Licensing.Billing.Contracts;
using Licensing.Billing.Invoices;
using Licensing.Billing.Runs;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Billing.Coupons;

/// <summary>Writes what invoices used of coupons and credits, which uses the credits up: a trigger takes it off what is left of them.</summary>
internal static class ReductionWriter
{
    public static async Task WriteAsync(NpgsqlConnection connection, IEnumerable<(InvoiceId Id, TenantBill Bill)> invoices, CancellationToken ct)
    {
        var used = invoices.Where(invoice => invoice.Bill.Uses.Count > 0).ToList();
        if (used.Count == 0)
            return;

        await using var rows = await connection.BeginBinaryImportAsync(
            "copy billing.reduction_uses (invoice_id, tenant_id, reduction_id, kind, amount, consumed) from stdin (format binary)", ct);
        foreach (var (id, bill) in used)
            foreach (var use in bill.Uses)
            {
                await rows.StartRowAsync(ct);
                await rows.WriteAsync(id.Value, NpgsqlDbType.Uuid, ct);
                await rows.WriteAsync(bill.Tenant.Id.Value, NpgsqlDbType.Uuid, ct);
                await rows.WriteAsync(use.Reduction.Id, NpgsqlDbType.Uuid, ct);
                await rows.WriteAsync(use.Reduction.Kind.ToString(), NpgsqlDbType.Text, ct);
                await rows.WriteAsync(ExactText.Of(use.Amount), NpgsqlDbType.Text, ct);
                await rows.WriteAsync(
                    use.Consumed.TryToDecimal(out var consumed) ? consumed : throw new InvalidOperationException($"{use.Consumed} of a credit"),
                    NpgsqlDbType.Numeric, ct);
            }

        await rows.CompleteAsync(ct);
    }
}
