using System.Text.Json;
using Licensing.Billing.Contracts;
using Licensing.Billing.Invoices;
using Licensing.Billing.Runs;

namespace Licensing.Billing.Coupons;

/// <summary>What invoices used of coupons and credits, as rows to be copied; a trigger takes it off what is left of the credits.</summary>
internal static class ReductionRows
{
    public const string Copy = """
        copy billing.reduction_uses (invoice_id, tenant_id, reduction_id, kind, amount, consumed, adjusts, exchange) from stdin (format binary)
        """;

    public static void Add(CopyBuffer rows, InvoiceId id, TenantBill bill)
    {
        foreach (var use in bill.Uses)
        {
            rows.Row(8);
            rows.Uuid(id.Value);
            rows.Uuid(bill.Tenant.Id.Value);
            rows.Uuid(use.Reduction.Id);
            rows.Text(use.Reduction.Kind.ToString());
            rows.Text(ExactText.Of(use.Amount));
            rows.Numeric(use.Consumed.TryToDecimal(out var consumed) ? consumed : throw new InvalidOperationException($"{use.Consumed} of a credit"));
            if (use.Adjusts is { } month)
                rows.Date(month);
            else
                rows.Null();
            if (use.Reduction.Exchange is { } exchange)
                rows.Jsonb(JsonSerializer.SerializeToUtf8Bytes(LineExchange.Of(exchange), StoredJson.Options));
            else
                rows.Null();
        }
    }
}
