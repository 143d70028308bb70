using Licensing.Billing.Activity;
using Licensing.Billing.Contracts;
using Licensing.Billing.Invoices;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Exports;

/// <summary>What one line comes to on one day.</summary>
/// <param name="InvoiceId">Null of an estimate.</param>
/// <param name="Position">Of the line; of an estimate, as the bill has it now.</param>
/// <param name="InvoiceStatus">Null of an estimate.</param>
/// <param name="Estimated">Whether it is on no invoice yet, but rated now as a run would.</param>
internal sealed record DailyRow(
    DateOnly Day, OrganizationId TenantId, SubscriptionId SubscriptionId, InvoiceId? InvoiceId, int Position, string? ChargeKey, string? Sku,
    string? Meter, string? Region, string Description, string Quantity, Money Amount, string? InvoiceStatus, bool Estimated)
{
    public static DailyRow Of(ChargedPart part)
    {
        var line = part.Line;
        return new DailyRow(
            part.Days.Start, line.TenantId, line.SubscriptionId, line.Invoice?.Id, line.Position, InvoiceLine.Shown(line.ChargeKey),
            InvoiceLine.Shown(line.Sku), InvoiceLine.Shown(line.Meter), InvoiceLine.Shown(line.Region), line.Description,
            part.Quantity.ToString(), part.Net, line.Invoice?.Status.ToString(), line.Invoice is null);
    }
}
