using Licensing.Billing.Contracts;

namespace Licensing.Billing.Invoices;

internal static class InvoiceRefusals
{
    public static Refusal NotFound(InvoiceId id) => new(RefusalKind.NotFound, "invoice_not_found", $"There is no invoice {id.Value}.");

    public static Refusal PartnerNotFound(Guid id) => new(RefusalKind.NotFound, "organization_not_found", $"There is no organisation {id}.");

    public static Refusal NotADraft { get; } = new(
        RefusalKind.Conflict, "invoice_not_draft", "The invoice is issued already; only a draft can be issued.");

    public static Refusal BilledAlready { get; } =
        new(RefusalKind.Conflict, "already_billed", "Someone else has just billed this; read it again.");
}
