using Licensing.Billing.Invoices;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Documents;

/// <summary>
/// Tax ids may be entered after a document was issued, and one that was paid cannot be withdrawn for them: what is not valid without is written down
/// with those of now.
/// </summary>
internal sealed class PresentTaxIds(ILegalDetails details, IOrganizationDirectory organizations, InvoiceSettings terms)
{
    /// <param name="document">As it was issued.</param>
    /// <param name="seller">Of it.</param>
    /// <param name="buyer">Of it.</param>
    /// <param name="reader">Who has lost sight of the buyer since is not told what was entered since.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<BillingDocument> InAsync(
        BillingDocument document, OrganizationId seller, OrganizationId buyer, Scope reader, CancellationToken ct)
    {
        if (document.Number is null || !(UblTaxSubtotal.TakesSellerTaxId(document) || UblTaxSubtotal.LacksBuyerTaxId(document)))
            return document;
        var parties = await details.FindAsync([seller, buyer], ct);
        var isSeen = await organizations.FindAsync(buyer, ct) is { } tenant && reader.Contains(tenant.Path);
        return document.Naming(
            parties.GetValueOrDefault(seller)?.TaxId ?? terms.Seller.TaxId, isSeen ? parties.GetValueOrDefault(buyer)?.TaxId : null);
    }
}
