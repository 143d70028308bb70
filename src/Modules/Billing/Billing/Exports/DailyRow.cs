using Licensing.Billing.Activity;
using Licensing.Billing.Contracts;
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
    public static DailyRow Of(ChargedPart part) => new(
        part.Days.Start, part.Line.TenantId, part.Line.SubscriptionId, part.Line.Invoice?.Id, part.Line.Position, Some(part.Line.ChargeKey),
        Some(part.Line.Sku), Some(part.Line.Meter), Some(part.Line.Region), part.Line.Description, part.Quantity.ToString(), part.Net,
        part.Line.Invoice?.Status.ToString(), part.Line.Invoice is null);

    private static string? Some(string text) => text.Length > 0 ? text : null;
}
