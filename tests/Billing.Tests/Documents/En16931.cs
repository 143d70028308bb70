using System.Globalization;
using System.Xml.Linq;

namespace Licensing.Billing.Tests.Documents;

/// <summary>
/// The business rules of EN 16931 and of Peppol BIS Billing 3.0 that concern what we write, and the order of elements of the UBL 2.1
/// schema, written out from the standards and sharing nothing with the writer. Answers the rules that a document breaks.
/// </summary>
internal static class En16931
{
    private static readonly XNamespace Cac = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
    private static readonly XNamespace Cbc = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";

    private static readonly Dictionary<string, string> Order = new()
    {
        ["Invoice"] = """
            CustomizationID ProfileID ID IssueDate DueDate InvoiceTypeCode Note DocumentCurrencyCode BuyerReference InvoicePeriod BillingReference
            AccountingSupplierParty AccountingCustomerParty Delivery PaymentMeans PaymentTerms AllowanceCharge TaxTotal LegalMonetaryTotal InvoiceLine
            """,
        ["CreditNote"] = """
            CustomizationID ProfileID ID IssueDate CreditNoteTypeCode Note DocumentCurrencyCode BuyerReference InvoicePeriod BillingReference
            AccountingSupplierParty AccountingCustomerParty Delivery PaymentMeans PaymentTerms AllowanceCharge TaxTotal LegalMonetaryTotal
            CreditNoteLine
            """,
        ["Party"] = "EndpointID PartyIdentification PartyName PostalAddress PartyTaxScheme PartyLegalEntity Contact",
        ["PostalAddress"] = "StreetName AdditionalStreetName CityName PostalZone CountrySubentity AddressLine Country",
        ["PartyTaxScheme"] = "CompanyID TaxScheme",
        ["PartyLegalEntity"] = "RegistrationName CompanyID",
        ["Contact"] = "Name Telephone ElectronicMail",
        ["PaymentMeans"] = "PaymentMeansCode PaymentDueDate PaymentID PayeeFinancialAccount",
        ["PayeeFinancialAccount"] = "ID Name FinancialInstitutionBranch",
        ["TaxTotal"] = "TaxAmount TaxSubtotal",
        ["TaxSubtotal"] = "TaxableAmount TaxAmount TaxCategory",
        ["TaxCategory"] = "ID Percent TaxExemptionReasonCode TaxExemptionReason TaxScheme",
        ["ClassifiedTaxCategory"] = "ID Percent TaxScheme",
        ["LegalMonetaryTotal"] = """
            LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount AllowanceTotalAmount ChargeTotalAmount PrepaidAmount PayableRoundingAmount
            PayableAmount
            """,
        ["InvoiceLine"] = "ID Note InvoicedQuantity LineExtensionAmount InvoicePeriod AllowanceCharge Item Price",
        ["CreditNoteLine"] = "ID Note CreditedQuantity LineExtensionAmount InvoicePeriod AllowanceCharge Item Price",
        ["AllowanceCharge"] = "ChargeIndicator AllowanceChargeReasonCode AllowanceChargeReason MultiplierFactorNumeric Amount BaseAmount",
        ["Item"] = "Description Name SellersItemIdentification ClassifiedTaxCategory",
        ["Price"] = "PriceAmount BaseQuantity",
        ["InvoicePeriod"] = "StartDate EndDate",
        ["InvoiceDocumentReference"] = "ID IssueDate",
    };

    public static IReadOnlyList<string> Broken(XElement ubl)
    {
        var broken = new List<string>();
        void Rule(string name, bool holds)
        {
            if (!holds && !broken.Contains(name))
                broken.Add(name);
        }

        var isInvoice = ubl.Name.LocalName == "Invoice";
        var lines = ubl.Elements(Cac + (isInvoice ? "InvoiceLine" : "CreditNoteLine")).ToList();
        var (seller, buyer) = (PartyOf(ubl, "AccountingSupplierParty"), PartyOf(ubl, "AccountingCustomerParty"));
        Rule("root", ubl.Name.NamespaceName == $"urn:oasis:names:specification:ubl:schema:xsd:{ubl.Name.LocalName}-2");
        foreach (var element in ubl.DescendantsAndSelf())
        {
            Rule($"order of {element.Name.LocalName}", InOrder(element));
            Rule("PEPPOL-EN16931-R008", element.HasElements || element.Value.Trim().Length > 0);
        }

        Rule("BR-01", Value(ubl, "CustomizationID") == "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0");
        Rule("PEPPOL-EN16931-R001", Value(ubl, "ProfileID") == "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0");
        Rule("BR-02", Value(ubl, "ID") is not null);
        Rule("BR-03", DateOnly.TryParseExact(Value(ubl, "IssueDate"), "yyyy-MM-dd", out _));
        Rule("BR-04", Value(ubl, isInvoice ? "InvoiceTypeCode" : "CreditNoteTypeCode") == (isInvoice ? "380" : "381"));
        var currency = Value(ubl, "DocumentCurrencyCode");
        Rule("BR-05", currency is { Length: 3 });
        Rule("BR-CL-03", ubl.Descendants().Attributes("currencyID").All(x => x.Value == currency));
        Rule("PEPPOL-EN16931-R003", Value(ubl, "BuyerReference") is not null);
        Rule("BR-06", Value(seller.Element(Cac + "PartyLegalEntity"), "RegistrationName") is not null);
        Rule("BR-07", Value(buyer.Element(Cac + "PartyLegalEntity"), "RegistrationName") is not null);
        Rule("BR-08", seller.Element(Cac + "PostalAddress") is not null);
        Rule("BR-09", CountryOf(seller) is { Length: 2 });
        Rule("BR-10", buyer.Element(Cac + "PostalAddress") is not null);
        Rule("BR-11", CountryOf(buyer) is { Length: 2 });
        Rule("BR-16", lines.Count > 0);
        Rule("BR-CO-26", Value(seller.Element(Cac + "PartyIdentification"), "ID") is not null
            || Value(seller.Element(Cac + "PartyLegalEntity"), "CompanyID") is not null || VatIds(seller).Any());
        Rule("BR-55", isInvoice || Value(ubl.Element(Cac + "BillingReference")?.Element(Cac + "InvoiceDocumentReference"), "ID") is not null);
        foreach (var period in ubl.Descendants(Cac + "InvoicePeriod"))
            Rule("BR-29", string.CompareOrdinal(Value(period, "StartDate"), Value(period, "EndDate")) <= 0);
        var days = ubl.Element(Cac + "InvoicePeriod");
        foreach (var period in lines.Select(line => line.Element(Cac + "InvoicePeriod")))
        {
            Rule("PEPPOL-EN16931-R110", string.CompareOrdinal(Value(period, "StartDate"), Value(days, "StartDate")) >= 0);
            Rule("PEPPOL-EN16931-R111", string.CompareOrdinal(Value(period, "EndDate"), Value(days, "EndDate")) <= 0);
        }

        foreach (var party in (XElement[])[seller, buyer])
            foreach (var id in VatIds(party))
                Rule("BR-CO-09", id[..2] == CountryOf(party) || id[..2] == "EL");
        foreach (var means in ubl.Elements(Cac + "PaymentMeans"))
        {
            Rule("BR-49", Value(means, "PaymentMeansCode") is not null);
            Rule("BR-61", Value(means, "PaymentMeansCode") != "30" || Value(means.Element(Cac + "PayeeFinancialAccount"), "ID") is not null);
        }

        Totals(ubl, lines, Rule);
        Lines(lines, isInvoice, Rule);
        Taxes(ubl, lines, seller, buyer, Rule);
        return broken;
    }

    private static void Totals(XElement ubl, List<XElement> lines, Action<string, bool> rule)
    {
        var sums = ubl.Element(Cac + "LegalMonetaryTotal")!;
        var (net, exclusive) = (Number(sums, "LineExtensionAmount"), Number(sums, "TaxExclusiveAmount"));
        var (inclusive, payable) = (Number(sums, "TaxInclusiveAmount"), Number(sums, "PayableAmount"));
        var tax = Number(ubl.Element(Cac + "TaxTotal")!, "TaxAmount");
        rule("BR-12 to BR-15", net is not null && exclusive is not null && inclusive is not null && payable is not null);
        rule("BR-CO-10", net == lines.Sum(line => Number(line, "LineExtensionAmount")));
        rule("BR-CO-13", exclusive == net);
        rule("BR-CO-14", tax == ubl.Descendants(Cac + "TaxSubtotal").Sum(x => Number(x, "TaxAmount")));
        rule("BR-CO-15", inclusive == exclusive + tax);
        rule("BR-CO-16", payable == inclusive);
        rule("BR-CO-25", payable <= 0 || Value(ubl, "DueDate") is not null || ubl.Element(Cac + "PaymentTerms") is not null);
        rule("BR-DEC", ubl.Descendants()
            .Where(x => x.Name.LocalName.EndsWith("Amount", StringComparison.Ordinal) && x.Name.LocalName != "PriceAmount")
            .All(x => x.Value.SkipWhile(c => c != '.').Count() <= 3));
    }

    private static void Lines(List<XElement> lines, bool isInvoice, Action<string, bool> rule)
    {
        rule("BR-21", lines.Select(x => Value(x, "ID")).Distinct().Count() == lines.Count);
        foreach (var line in lines)
        {
            var quantity = line.Element(Cbc + (isInvoice ? "InvoicedQuantity" : "CreditedQuantity"));
            var price = line.Element(Cac + "Price")!;
            rule("BR-22", quantity is not null);
            rule("BR-23", quantity?.Attribute("unitCode") is not null);
            rule("BR-24", Number(line, "LineExtensionAmount") is not null);
            rule("BR-25", Value(line.Element(Cac + "Item"), "Name") is not null);
            rule("BR-26", Number(price, "PriceAmount") is not null);
            rule("BR-27", Number(price, "PriceAmount") >= 0);
            rule("PEPPOL-EN16931-R121", Number(price, "BaseQuantity") > 0);
            var allowances = line.Elements(Cac + "AllowanceCharge").ToList();
            rule("BR-41, BR-42", allowances.All(x => Number(x, "Amount") > 0 && Value(x, "AllowanceChargeReason") is not null));
            var added = allowances.Sum(x => Value(x, "ChargeIndicator") == "true" ? Number(x, "Amount") : -Number(x, "Amount"));
            var gross = Exact.Parse(quantity!.Value) * Exact.Parse(Value(price, "PriceAmount")!) / Exact.Parse(Value(price, "BaseQuantity")!);
            var rounded = gross.Round(Currency.Parse(price.Element(Cbc + "PriceAmount")!.Attribute("currencyID")!.Value)).Amount;
            rule("PEPPOL-EN16931-R120", Number(line, "LineExtensionAmount") == rounded + added);
        }
    }

    private static void Taxes(XElement ubl, List<XElement> lines, XElement seller, XElement buyer, Action<string, bool> rule)
    {
        var categories = lines.Select(line => (
            Id: Value(line.Element(Cac + "Item")!.Element(Cac + "ClassifiedTaxCategory"), "ID"),
            Percent: Number(line.Element(Cac + "Item")!.Element(Cac + "ClassifiedTaxCategory")!, "Percent"),
            Net: Number(line, "LineExtensionAmount")!.Value)).ToList();
        rule("BR-CO-04", categories.All(x => x.Id is not null));
        var subtotals = ubl.Descendants(Cac + "TaxSubtotal").ToList();
        rule("BR-CO-18", subtotals.Count > 0);
        var keys = subtotals.Select(x => (Value(x.Element(Cac + "TaxCategory"), "ID"), Number(x.Element(Cac + "TaxCategory")!, "Percent"))).ToList();
        rule("BR-S-01", keys.Distinct().Count() == keys.Count && categories.All(x => keys.Contains((x.Id, x.Percent))));
        foreach (var subtotal in subtotals)
        {
            var category = subtotal.Element(Cac + "TaxCategory")!;
            var (id, percent) = (Value(category, "ID")!, Number(category, "Percent"));
            var (net, tax) = (Number(subtotal, "TaxableAmount"), Number(subtotal, "TaxAmount"));
            rule("BR-45, BR-46, BR-47", net is not null && tax is not null);
            rule("BR-48", percent is not null || id == "O");
            rule($"BR-{id}-08", net == categories.Where(x => x.Id == id && x.Percent == percent).Sum(x => x.Net));
            // The rule allows for documents whose lines were rounded apart: less than one whole unit.
            rule("BR-CO-17", Math.Abs(tax!.Value - net!.Value * (percent ?? 0) / 100) < 1);
            var isExempt = id is "E" or "AE" or "K" or "G" or "O";
            rule($"BR-{id}-05", id switch { "S" => percent > 0, "O" => percent is null, _ => percent == 0 });
            rule($"BR-{id}-09", id == "S" || tax == 0);
            rule($"BR-{id}-10", isExempt == Value(category, "TaxExemptionReason") is not null);
            rule("BR-O-11", id != "O" || subtotals.Count == 1);
            if (id == "O")
                rule("BR-O-02", !VatIds(seller).Any() && !VatIds(buyer).Any());
            else
                rule($"BR-{id}-02", seller.Elements(Cac + "PartyTaxScheme").Any());
            rule("BR-AE-02", id != "AE" || VatIds(buyer).Any() || Value(buyer.Element(Cac + "PartyLegalEntity"), "CompanyID") is not null);
            rule("BR-IC-02", id != "K" || (VatIds(buyer).Any() && VatIds(seller).Any()));
            rule("BR-G-02", id != "G" || VatIds(seller).Any());
            rule("BR-IC-11", id != "K" || ubl.Element(Cac + "InvoicePeriod") is not null);
            rule("BR-IC-12", id != "K" || Value(ubl.Element(Cac + "Delivery")?.Element(Cac + "DeliveryLocation")?.Element(Cac + "Address")
                ?.Element(Cac + "Country"), "IdentificationCode") is not null);
        }
    }

    private static bool InOrder(XElement element)
    {
        if (!Order.TryGetValue(element.Name.LocalName, out var names))
            return true;
        var known = names.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var places = element.Elements().Select(x => Array.IndexOf(known, x.Name.LocalName)).ToList();
        return !places.Contains(-1) && places.SequenceEqual(places.Order());
    }

    private static XElement PartyOf(XElement ubl, string role) => ubl.Element(Cac + role)!.Element(Cac + "Party")!;

    private static string? CountryOf(XElement party) =>
        Value(party.Element(Cac + "PostalAddress")?.Element(Cac + "Country"), "IdentificationCode");

    private static IEnumerable<string> VatIds(XElement party) => party.Elements(Cac + "PartyTaxScheme")
        .Where(x => Value(x.Element(Cac + "TaxScheme"), "ID") == "VAT").Select(x => Value(x, "CompanyID")!);

    private static string? Value(XElement? parent, string name) => parent?.Element(Cbc + name)?.Value;

    private static decimal? Number(XElement parent, string name) =>
        Value(parent, name) is { } text ? decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture) : null;
}
