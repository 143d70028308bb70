using Licensing.Billing.Rating;

namespace Licensing.Billing.Documents;

/// <summary>
/// A tax category as EN 16931 names it (UNCL 5305). Ours are data and may be called anything; what has a rate is <c>S</c> there, and what
/// has none and is none of the named exemptions is <c>Z</c>.
/// </summary>
/// <param name="Code">S, Z, E, AE, K, G, O, L or M.</param>
/// <param name="Percent">Null of what is outside the scope of VAT.</param>
/// <param name="ReasonCode">VATEX, where there is one.</param>
/// <param name="Reason">Of every exemption.</param>
internal sealed record UblTaxCategory(string Code, decimal? Percent, string? ReasonCode = null, string? Reason = null)
{
    /// <summary>What is outside the scope of VAT stands alone on a document; beside something else it is exempt.</summary>
    public static UblTaxCategory Of(string? category, decimal? percent, bool alone) => (category, percent ?? 0) switch
    {
        (_, 0) when alone => new("O", null, "VATEX-EU-O", "Not subject to VAT"),
        (var own, var rate) when TaxRate.IsLocal(own) => new(own!, rate),
        (_, > 0) => new("S", percent),
        ("AE", _) => new("AE", 0, "VATEX-EU-AE", "Reverse charge"),
        ("K", _) => new("K", 0, "VATEX-EU-IC", "Intra-Community supply"),
        ("G", _) => new("G", 0, "VATEX-EU-G", "Export outside the EU"),
        (null or "O" or "E", _) => new("E", 0, null, "Exempt from VAT"),
        _ => new("Z", 0),
    };

    /// <summary>With why nothing is taxed as the rate said it: only of an exemption, and with a code where the category has none itself.</summary>
    public UblTaxCategory Saying(TaxReason? reason) => reason is null || Reason is null ? this : this with
    {
        ReasonCode = ReasonCode ?? reason.Code,
        Reason = reason.Text ?? Reason,
    };
}

/// <summary>The sums of one category and rate.</summary>
internal sealed record UblTaxSubtotal(UblTaxCategory Category, decimal Net, decimal Tax)
{
    /// <summary>Each category and rate once, however many of ours are the same there.</summary>
    public static IReadOnlyList<UblTaxSubtotal> Of(BillingDocument document)
    {
        var alone = IsAlone(document);
        var ours = document.Taxes.Select(tax => (
            Category: UblTaxCategory.Of(tax.Category, tax.Percent, alone), tax.Net, tax.Tax, Reason: TaxReason.Of(tax.ReasonCode, tax.Reason)));
        if (document.HasUntaxed || document.Taxes.Count == 0)
            ours = ours.Append((UblTaxCategory.Of(null, null, alone), document.Untaxed.Amount, 0m, null));
        return
        [
            .. ours.GroupBy(x => x.Category)
                .Select(x => new UblTaxSubtotal(x.Key.Saying(TaxReason.Of(x.Select(y => y.Reason))), x.Sum(y => y.Net), x.Sum(y => y.Tax))),
        ];
    }

    /// <summary>
    /// Whether nothing on the document is within the scope of VAT: all says so, or a seller without a tax id takes no tax, who cannot call it
    /// anything else (BR-Z-02, BR-E-02, …). Who supplies within the Union or exports has an id, whether it is known here or not.
    /// </summary>
    public static bool IsAlone(BillingDocument document) => document.Taxes.All(
        tax => tax.Percent == 0 && (tax.Category == "O" || (document.Said.Seller.TaxId is null && tax.Category is not ("K" or "G"))));

    /// <summary>
    /// Whether there is no valid way to write it down: whoever takes VAT names his tax id (BR-S-02), and who supplies within the Union or exports one
    /// for VAT (BR-IC-02, BR-G-02).
    /// </summary>
    public static bool LacksSellerTaxId(BillingDocument document) => !IsAlone(document) && (document.Said.Seller.TaxId is null
        || (!document.Said.Seller.HasVatId && Of(document).Any(tax => tax.Category.Code is "K" or "G")));

    /// <summary>
    /// Whether a tax id that the seller has by now says it better: also of what the buyer owes the tax of himself, which is that only where the
    /// seller names one (BR-AE-02), and outside the scope of VAT without.
    /// </summary>
    public static bool TakesSellerTaxId(BillingDocument document) => LacksSellerTaxId(document)
        || (document.Said.Seller.TaxId is null && document.Taxes.Any(tax => tax is { Category: "AE", Percent: 0 }));

    /// <summary>
    /// Whether the buyer must be named by a number that he has not: by any where he owes the tax himself (BR-AE-02), by one for VAT where the
    /// supply is within the Union (BR-IC-02).
    /// </summary>
    public static bool LacksBuyerTaxId(BillingDocument document)
    {
        var buyer = document.Said.Buyer;
        return Of(document).Any(tax => tax.Category.Code switch
        {
            "AE" => buyer.TaxId is null,
            "K" => !buyer.HasVatId,
            _ => false,
        });
    }
}
