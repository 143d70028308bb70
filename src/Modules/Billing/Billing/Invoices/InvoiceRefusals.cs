using Licensing.Billing.Contracts;

namespace Licensing.Billing.Invoices;

internal static class InvoiceRefusals
{
    public static Refusal NotFound(InvoiceId id) => new(RefusalKind.NotFound, "invoice_not_found", $"There is no invoice {id.Value}.");

    public static Refusal OrganizationNotFound(Guid id) => new(RefusalKind.NotFound, "organization_not_found", $"There is no organisation {id}.");

    public static Refusal NotADraft { get; } = new(
        RefusalKind.Conflict, "invoice_not_draft", "The invoice is issued already; only a draft can be issued.");

    public static Refusal BilledAlready { get; } =
        new(RefusalKind.Conflict, "already_billed", "Someone else has just billed this; read it again.");

    public static Refusal NotIssued { get; } = new(
        RefusalKind.Conflict, "invoice_not_issued", "The invoice is a draft, or void; only what is issued is paid, credited or sent.");

    public static Refusal SellerTaxIdMissing { get; } = new(
        RefusalKind.Conflict, "seller_tax_id_missing",
        "The document takes VAT and names no tax id of its seller, or is of a supply within the Union (K) or an export (G) and names no VAT id, "
        + "without which no electronic invoice is valid. Set the platform's taxId, or Billing:Invoices:Seller:TaxId where the platform names none; "
        + "documents that are issued already are sent with it, too. As JSON, CSV and HTML it is there all the same.");

    public static Refusal BuyerTaxIdMissing { get; } = new(
        RefusalKind.Conflict, "buyer_tax_id_missing",
        "The document has a line that the buyer pays the tax of himself (AE), or of a supply within the Union (K), and names no tax id of his, for K "
        + "no VAT id, without which no electronic invoice is valid. Set the tenant's taxId; documents that are issued already are sent with it, "
        + "too.");

    public static Refusal VoidAlready { get; } = new(RefusalKind.Conflict, "invoice_void_already", "The invoice is void already.");

    public static Refusal PaidAlready { get; } = new(
        RefusalKind.Conflict, "invoice_has_payments", "Something has been paid of this invoice; credit it instead.");

    public static Refusal CreditSpent { get; } = new(
        RefusalKind.Conflict, "credit_spent",
        "This invoice gave back to a credit what has been spent since; void the invoice that spent it first, or credit this one.");

    public static Refusal PaymentReferenceUsed { get; } = new(
        RefusalKind.Conflict, "payment_reference_used",
        "A payment of this reference with another amount, day or method was recorded for this invoice; references are never used twice.");

    public static Refusal NothingOpen { get; } = new(RefusalKind.Conflict, "nothing_open", "Nothing is open of this invoice.");

    public static Refusal PaymentNotFound(Guid id) =>
        new(RefusalKind.NotFound, "payment_not_found", $"There is no payment {id} of this invoice.");

    public static Refusal PaymentReversedAlready { get; } =
        new(RefusalKind.Conflict, "payment_reversed_already", "This payment has been reversed; what is paid now has a reference of its own.");

    public static Refusal MoreThanOpen(Money open) => Refusal.Field(
        "/amount", "more_than_open", $"{open} is open of this invoice; a payment has its sign and is at most so much.");

    public static Refusal OtherCurrency(Currency currency) =>
        Refusal.Field("/amount/currency", "currency_mismatch", $"The invoice is in {currency}.");

    public static Refusal PaidAhead { get; } = Refusal.Field("/paidOn", "too_late", "paidOn must not lie ahead.");

    public static Refusal NothingToCredit { get; } = new(
        RefusalKind.Conflict, "nothing_to_credit", "Nothing of what is named is left to credit.");

    public static Refusal NoSuchLine(int index) =>
        Refusal.Field($"/lines/{index}/position", "line_not_found", $"The invoice has no line of the position that lines[{index}] names.");

    public static Refusal CreditedTwice(int index) =>
        Refusal.Field($"/lines/{index}/position", "duplicate", $"lines[{index}] names a position that another one names, too.");

    public static Refusal NotACredit(int index, string message) => Refusal.Field($"/lines/{index}/amount", "not_an_amount", message);

    public static Refusal CreditNoteNotFound(CreditNoteId id) =>
        new(RefusalKind.NotFound, "credit_note_not_found", $"There is no credit note {id.Value} of this invoice.");
}
