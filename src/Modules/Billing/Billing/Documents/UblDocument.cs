using System.Globalization;
using System.Xml;
using Licensing.Billing.Invoices;

namespace Licensing.Billing.Documents;

/// <summary>
/// UBL 2.1 as EN 16931 and Peppol BIS Billing 3.0 want it: an Invoice (380) or a CreditNote (381), elements in the order of the schema.
/// Written as it goes, so that thousands of lines cost no more memory than one.
/// </summary>
internal sealed class UblDocument(BillingDocument document)
{
    private const string Cac = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
    private const string Cbc = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";
    private const string Customization = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0";
    private const string Profile = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0";
    // UN/ECE Rec 20: one. What is counted has units of its own, which are no code.
    private const string One = "C62";
    private const int LinesPerFlush = 200;

    private readonly bool _invoice = document.Kind is DocumentKind.Invoice;
    private readonly bool _outsideVat = UblTaxSubtotal.IsAlone(document);

    public async Task WriteAsync(Stream to, IAsyncEnumerable<DocumentLine> lines, CancellationToken ct)
    {
        using var buffer = new MemoryStream();
        await using var xml = XmlWriter.Create(
            buffer, new XmlWriterSettings { Encoding = new System.Text.UTF8Encoding(false), Indent = true, Async = true });
        var root = _invoice ? "Invoice" : "CreditNote";
        xml.WriteStartDocument();
        xml.WriteStartElement(root, $"urn:oasis:names:specification:ubl:schema:xsd:{root}-2");
        xml.WriteAttributeString("xmlns", "cac", null, Cac);
        xml.WriteAttributeString("xmlns", "cbc", null, Cbc);
        Head(xml);
        Party(xml, "AccountingSupplierParty", document.Said.Seller, isSeller: true);
        Party(xml, "AccountingCustomerParty", document.Said.Buyer, isSeller: false);
        Terms(xml);
        Sums(xml);
        var written = 0;
        await foreach (var line in lines.WithCancellation(ct))
        {
            Line(xml, line);
            if (++written % LinesPerFlush == 0)
                await FlushAsync(xml, buffer, to, ct);
        }

        xml.WriteEndElement();
        xml.WriteEndDocument();
        await FlushAsync(xml, buffer, to, ct);
    }

    private static async Task FlushAsync(XmlWriter xml, MemoryStream buffer, Stream to, CancellationToken ct)
    {
        await xml.FlushAsync();
        await to.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), ct);
        buffer.SetLength(0);
    }

    private void Head(XmlWriter xml)
    {
        var said = document.Said;
        Value(xml, "CustomizationID", Customization);
        Value(xml, "ProfileID", Profile);
        Value(xml, "ID", document.Number);
        Value(xml, "IssueDate", Day(said.IssuedOn));
        if (_invoice)
            Value(xml, "DueDate", Day(said.DueOn));
        Value(xml, _invoice ? "InvoiceTypeCode" : "CreditNoteTypeCode", _invoice ? "380" : "381");
        Value(xml, "Note", document.Reason);
        Value(xml, "DocumentCurrencyCode", document.Currency.Code);
        // Peppol wants one: what the buyer is called where he buys.
        Value(xml, "BuyerReference", said.Buyer.ExternalId);
        Days(xml, document.Period);
        if (document.Preceding is { } preceding)
            Within(xml, "BillingReference", () => Within(xml, "InvoiceDocumentReference", () =>
            {
                Value(xml, "ID", preceding.Number);
                Value(xml, "IssueDate", Day(preceding.IssuedOn));
            }));
    }

    private void Party(XmlWriter xml, string role, DocumentParty party, bool isSeller) => Within(xml, role, () => Within(xml, "Party", () =>
    {
        if (party.Email is { } email)
            Value(xml, "EndpointID", email, ("schemeID", "EM"));
        var namesVat = party.HasVatId && !_outsideVat;
        // A seller is known by something (BR-CO-26): his VAT identifier, else what he is called here.
        if (isSeller && !namesVat)
            Within(xml, "PartyIdentification", () => Value(xml, "ID", party.ExternalId));
        Within(xml, "PartyName", () => Value(xml, "Name", party.Name));
        Within(xml, "PostalAddress", () =>
        {
            Value(xml, "StreetName", party.AddressLines.ElementAtOrDefault(0));
            Value(xml, "AdditionalStreetName", party.AddressLines.ElementAtOrDefault(1));
            Value(xml, "CityName", party.City);
            Value(xml, "PostalZone", party.PostalCode);
            Value(xml, "CountrySubentity", party.Region);
            if (party.AddressLines.Count > 2)
                Within(xml, "AddressLine", () => Value(xml, "Line", string.Join(", ", party.AddressLines.Skip(2))));
            Within(xml, "Country", () => Value(xml, "IdentificationCode", party.Country));
        });
        // What is outside the scope of VAT names no VAT identifier (BR-O-02); a buyer's other number is a registration.
        var isVat = party.HasVatId;
        if (party.TaxId is { } id && !_outsideVat && (isVat || isSeller))
            Within(xml, "PartyTaxScheme", () =>
            {
                Value(xml, "CompanyID", id);
                Within(xml, "TaxScheme", () => Value(xml, "ID", isVat ? "VAT" : "TAX"));
            });
        Within(xml, "PartyLegalEntity", () =>
        {
            Value(xml, "RegistrationName", party.Name);
            if (!isVat && !isSeller)
                Value(xml, "CompanyID", party.TaxId);
        });
        if (party.ContactName is not null || party.Email is not null)
            Within(xml, "Contact", () =>
            {
                Value(xml, "Name", party.ContactName);
                Value(xml, "ElectronicMail", party.Email);
            });
    }));

    private void Terms(XmlWriter xml)
    {
        var said = document.Said;
        if (UblTaxSubtotal.Of(document).Any(tax => tax.Category.Code == "K"))
            Within(xml, "Delivery", () => Within(xml, "DeliveryLocation", () => Within(xml, "Address", () =>
                Within(xml, "Country", () => Value(xml, "IdentificationCode", said.Buyer.Country)))));
        if (_invoice)
            Within(xml, "PaymentMeans", () =>
            {
                // A credit transfer names an account (BR-61); without one the means are not defined.
                Value(xml, "PaymentMeansCode", said.Iban is null ? "1" : "30");
                Value(xml, "PaymentID", document.Number);
                if (said.Iban is { } iban)
                    Within(xml, "PayeeFinancialAccount", () =>
                    {
                        Value(xml, "ID", iban.Replace(" ", "", StringComparison.Ordinal));
                        if (said.Bic is { } bic)
                            Within(xml, "FinancialInstitutionBranch", () => Value(xml, "ID", bic));
                    });
            });
        Within(xml, "PaymentTerms", () => Value(xml, "Note", _invoice
            ? $"{said.PaymentDays} days net, due on {Day(said.DueOn)}"
            : $"Set off against invoice {document.Preceding!.Number}"));
    }

    private void Sums(XmlWriter xml)
    {
        Within(xml, "TaxTotal", () =>
        {
            Amount(xml, "TaxAmount", document.Tax);
            foreach (var subtotal in UblTaxSubtotal.Of(document))
                Within(xml, "TaxSubtotal", () =>
                {
                    Amount(xml, "TaxableAmount", new Money(subtotal.Net, document.Currency));
                    Amount(xml, "TaxAmount", new Money(subtotal.Tax, document.Currency));
                    Category(xml, "TaxCategory", subtotal.Category, withReason: true);
                });
        });
        Within(xml, "LegalMonetaryTotal", () =>
        {
            Amount(xml, "LineExtensionAmount", document.Net);
            Amount(xml, "TaxExclusiveAmount", document.Net);
            Amount(xml, "TaxInclusiveAmount", document.Total);
            Amount(xml, "PayableAmount", document.Total);
        });
    }

    private void Line(XmlWriter xml, DocumentLine line) => Within(xml, _invoice ? "InvoiceLine" : "CreditNoteLine", () =>
    {
        var price = UblPrice.Of(line);
        Value(xml, "ID", line.Position.ToString(CultureInfo.InvariantCulture));
        if (line.Steps.Count > 0 || line.Adjustment is not null)
            Value(xml, "Note", string.Join("; ", DocumentText.English.Steps(line)));
        Value(xml, _invoice ? "InvoicedQuantity" : "CreditedQuantity", price.Quantity.ToString(), ("unitCode", One));
        Amount(xml, "LineExtensionAmount", line.Net);
        Days(xml, line.Days);
        if (line.Allowance.Amount != 0)
            Within(xml, "AllowanceCharge", () =>
            {
                var isCharge = line.Allowance.Amount < 0;
                Value(xml, "ChargeIndicator", isCharge ? "true" : "false");
                Value(xml, "AllowanceChargeReason", isCharge ? "Adjustment" : "Discount");
                Amount(xml, "Amount", isCharge ? -line.Allowance : line.Allowance);
            });
        Within(xml, "Item", () =>
        {
            Value(xml, "Name", line.Description.Length > 0 ? line.Description : line.Sku ?? "Item");
            if (line.Sku is { } sku)
                Within(xml, "SellersItemIdentification", () => Value(xml, "ID", sku));
            Category(xml, "ClassifiedTaxCategory", UblTaxCategory.Of(line.TaxCategory, line.TaxPercent, _outsideVat), withReason: false);
        });
        Within(xml, "Price", () =>
        {
            Value(xml, "PriceAmount", price.Amount.ToString(), ("currencyID", document.Currency.Code));
            Value(xml, "BaseQuantity", price.BaseQuantity.ToString(), ("unitCode", One));
        });
    });

    private static void Category(XmlWriter xml, string name, UblTaxCategory category, bool withReason) => Within(xml, name, () =>
    {
        Value(xml, "ID", category.Code);
        if (category.Percent is { } percent)
            Value(xml, "Percent", DecimalStrings.Of(percent));
        if (withReason)
        {
            Value(xml, "TaxExemptionReasonCode", category.ReasonCode);
            Value(xml, "TaxExemptionReason", category.Reason);
        }

        Within(xml, "TaxScheme", () => Value(xml, "ID", "VAT"));
    });

    // The last day counts there.
    private static void Days(XmlWriter xml, Period period) => Within(xml, "InvoicePeriod", () =>
    {
        Value(xml, "StartDate", Day(period.Start));
        Value(xml, "EndDate", Day(period.End.AddDays(-1)));
    });

    private static void Within(XmlWriter xml, string name, Action content)
    {
        xml.WriteStartElement("cac", name, Cac);
        content();
        xml.WriteEndElement();
    }

    // There are no empty elements (PEPPOL-EN16931-R008).
    private static void Value(XmlWriter xml, string name, string? value, params (string Name, string Value)[] attributes)
    {
        if (string.IsNullOrWhiteSpace(value))
            return;
        xml.WriteStartElement("cbc", name, Cbc);
        foreach (var attribute in attributes)
            xml.WriteAttributeString(attribute.Name, attribute.Value);
        xml.WriteString(DocumentText.Clean(value));
        xml.WriteEndElement();
    }

    private static void Amount(XmlWriter xml, string name, Money money) =>
        Value(xml, name, money.ToAmountString(), ("currencyID", money.Currency.Code));

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}

/// <summary>
/// Quantity, price and the quantity that the price is for: price × quantity / base quantity is the line's gross, to the cent
/// (PEPPOL-EN16931-R120). The unit price where there is a single one; else the gross itself, for the quantity as a whole.
/// </summary>
internal sealed record UblPrice(Exact Quantity, Exact Amount, Exact BaseQuantity)
{
    public static UblPrice Of(DocumentLine line)
    {
        if (line is { Steps: [var step], Quantity.Sign: > 0 } && line.Days.Days == line.PeriodDays && Exact.Parse(step.FlatFee).Sign == 0
            && Exact.Parse(step.UnitPrice) is { Sign: >= 0 } price && (price * line.Quantity).Round(line.Net.Currency) == line.Gross)
            return new UblPrice(line.Quantity, price, 1);

        // Prices are not negative (BR-27): what goes the other way has a negative quantity.
        var amount = (Exact)line.Gross.Amount;
        var (size, sign) = (line.Quantity.Sign switch { 0 => 1, < 0 => -line.Quantity, _ => line.Quantity }, amount.Sign < 0 ? -1 : 1);
        return new UblPrice(size * sign, amount.Sign < 0 ? -amount : amount, size);
    }
}
