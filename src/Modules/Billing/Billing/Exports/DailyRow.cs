using Licensing.Billing.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Exports;

/// <summary>What one line of an invoice comes to on one day.</summary>
internal sealed record DailyRow(
    DateOnly Day, OrganizationId TenantId, SubscriptionId SubscriptionId, InvoiceId InvoiceId, int Position, string? ChargeKey, string? Sku,
    string? Meter, string? Region, string Description, string Quantity, Money Amount, string InvoiceStatus);

/// <summary>Where a list of daily rows goes on: in the month, after this day of this line.</summary>
internal sealed record DailyPlace(DateOnly Month, Guid TenantId, Guid InvoiceId, int Position, DateOnly Day)
{
    public override string ToString() => $"{Month:yyyy-MM-dd}|{TenantId}|{InvoiceId}|{Position}|{Day:yyyy-MM-dd}";

    public static DailyPlace? Read(string text) =>
        text.Split('|') is [var month, var tenant, var invoice, var position, var day] && DateOnly.TryParseExact(month, "yyyy-MM-dd", out var m)
        && Guid.TryParse(tenant, out var t) && Guid.TryParse(invoice, out var i) && int.TryParse(position, out var p)
        && DateOnly.TryParseExact(day, "yyyy-MM-dd", out var d)
            ? new DailyPlace(m, t, i, p, d)
            : null;
}
