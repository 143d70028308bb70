using Licensing.Billing.Invoices;

namespace Licensing.Billing.Documents;

internal enum DocumentKind { Invoice, CreditNote }

/// <summary>The document that a credit note is of.</summary>
internal sealed record PrecedingDocument(string Number, DateOnly IssuedOn);

/// <summary>An invoice or a credit note as it is written down, in whatever form; its lines come beside it, one by one.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Number">Null of a draft.</param>
/// <param name="Preceding">Of a credit note, its invoice.</param>
/// <param name="Period">What it is for.</param>
/// <param name="Net">Sum of the lines, without tax.</param>
/// <param name="Tax">Sum of the taxes.</param>
/// <param name="Taxes">One per rate.</param>
/// <param name="HasUntaxed">Whether some line has no tax category.</param>
/// <param name="Said">Parties and terms.</param>
/// <param name="Reason">Of a credit note.</param>
/// <param name="Void">Whether an invoice was withdrawn.</param>
internal sealed record BillingDocument(
    DocumentKind Kind, string? Number, PrecedingDocument? Preceding, Period Period, Money Net, Money Tax, IReadOnlyList<InvoiceTax> Taxes,
    bool HasUntaxed, InvoiceDocument Said, string? Reason = null, bool Void = false)
{
    public Currency Currency => Net.Currency;

    public Money Total => Net + Tax;

    /// <summary>Sum of the lines without a tax category.</summary>
    public Money Untaxed => new(Net.Amount - Taxes.Sum(tax => tax.Net), Currency);

    /// <summary>
    /// With the tax ids of now where there is no valid way to write it down with those that it says
    /// (see <see cref="UblTaxSubtotal.TakesSellerTaxId"/>); otherwise as it is.
    /// </summary>
    public BillingDocument Naming(string? seller, string? buyer)
    {
        var named = seller is not null && UblTaxSubtotal.TakesSellerTaxId(this)
            ? this with { Said = Said with { Seller = Said.Seller with { TaxId = seller } } }
            : this;
        if (!UblTaxSubtotal.LacksBuyerTaxId(named))
            return named;
        if (buyer is not null)
            named = named with { Said = named.Said with { Buyer = named.Said.Buyer with { TaxId = buyer } } };
        // What can be written down as it is does not come to lack the buyer's for the seller's.
        return UblTaxSubtotal.LacksBuyerTaxId(named) && !UblTaxSubtotal.LacksSellerTaxId(this) ? this : named;
    }

    /// <param name="x">The invoice.</param>
    /// <param name="said">What it says beside its figures.</param>
    /// <param name="hasUntaxed">Whether some line has no tax category.</param>
    /// <param name="first">The first month that it adjusts: the days of the lines lie within those of the document.</param>
    /// <param name="end">The end of its last line, which may lie behind the month.</param>
    public static BillingDocument Of(Invoice x, InvoiceDocument said, bool hasUntaxed, DateOnly? first = null, DateOnly? end = null) => new(
        DocumentKind.Invoice, x.Number, null,
        new Period(first < x.PeriodStart ? first.Value : x.PeriodStart, end > x.PeriodEnd ? end.Value : x.PeriodEnd),
        new Money(x.Net, x.Currency), new Money(x.Tax, x.Currency), x.Taxes, hasUntaxed, said, Void: x.Status is InvoiceStatus.Void);

    public static BillingDocument Of(CreditNote x, PrecedingDocument of, bool hasUntaxed) => new(
        DocumentKind.CreditNote, x.Number, of, new Period(x.PeriodStart, x.PeriodEnd), new Money(x.Net, x.Currency), new Money(x.Tax, x.Currency),
        x.Taxes, hasUntaxed, x.Document, x.Reason);
}

/// <summary>That a line is what is due for a billed month less what was billed for it before.</summary>
internal sealed record DocumentAdjustment(Period Month, Money Due, Money Before);

/// <summary>One line of a document.</summary>
/// <param name="Position">1, 2, … within the document.</param>
/// <param name="InvoicePosition">Of a credit note's line, the invoice line that it takes back.</param>
/// <param name="Gross">What was rated, rounded, before coupons and caps; the rest up to <paramref name="Net"/> is an allowance or a charge.</param>
/// <param name="Steps">How the gross was reached.</param>
internal sealed record DocumentLine(
    int Position, int? InvoicePosition, string Description, string? Sku, Period Days, int PeriodDays, Exact Quantity, Money Gross, Money Net,
    Money Tax, string? TaxCategory, decimal? TaxPercent, IReadOnlyList<LineStep> Steps)
{
    /// <summary>Of a line that adjusts a month which was billed; null of all others.</summary>
    public DocumentAdjustment? Adjustment { get; init; }

    /// <summary>The first day of the month for which it is billed in advance; null of all others.</summary>
    public DateOnly? AheadOf { get; init; }

    /// <summary>What a cap, coupons and credits took off; below zero, what was added.</summary>
    public Money Allowance => Gross - Net;

    /// <summary>What of it a cap took off; of documents that do not tell them apart, as credit notes, none.</summary>
    public Money CapReduction { get; init; } = Money.Zero(Net.Currency);

    /// <summary>What of it credits paid.</summary>
    public Money Credit { get; init; } = Money.Zero(Net.Currency);

    /// <summary>The rest of it.</summary>
    public Money Discount => Allowance - CapReduction - Credit;

    public static DocumentLine Of(InvoiceLine x) => new(
        x.Position, null, x.Description, x.Sku.Length > 0 ? x.Sku : null, new Period(x.StartsOn, x.EndsOn), x.PeriodDays, Exact.Parse(x.Quantity),
        GrossOf(x), new Money(x.Net, x.Currency), new Money(x.Tax, x.Currency), x.TaxCategory, x.TaxPercent,
        x.Steps)
    {
        CapReduction = new Money(x.CapReduction, x.Currency),
        Credit = new Money(x.Credit, x.Currency),
        Adjustment = x is { Adjusts: { } month, BilledBefore: { } before }
            ? new DocumentAdjustment(
                Period.Month(month.Year, month.Month), new Money(before + x.Net + x.Credit, x.Currency), new Money(before, x.Currency))
            : null,
        AheadOf = x.AheadOf,
    };

    // The difference of two rounded amounts is not that of the unrounded ones.
    private static Money GrossOf(InvoiceLine x) => x.Adjusts is null
        ? ExactText.Parse(x.Unrounded).Round(x.Currency)
        : new Money(x.Net + x.CapReduction + x.Discount + x.Credit, x.Currency);

    public static DocumentLine Of(CreditNoteLine x, Period period) => new(
        x.Position, x.InvoicePosition, x.Description, null, period, period.Days, Math.Sign(x.Net) < 0 ? -1 : 1, new Money(x.Net, x.Currency),
        new Money(x.Net, x.Currency), new Money(x.Tax, x.Currency), x.TaxCategory, x.TaxPercent, []);
}
