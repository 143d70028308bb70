using System.Globalization;
using System.Xml.Linq;
using CsvHelper;
using FsCheck;
using FsCheck.Fluent;
using Licensing.Billing.Documents;
using Licensing.Billing.Invoices;
using Licensing.Billing.Rating;
using Licensing.Billing.Tests.Rating;
using Microsoft.AspNetCore.Http;

namespace Licensing.Billing.Tests.Documents;

public sealed class DocumentTests
{
    private static readonly XNamespace Cac = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
    private static readonly XNamespace Cbc = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";

    [Fact]
    public void Every_form_shows_the_same_figures_and_the_lines_add_up_to_the_totals() => Prop.ForAll(DocumentSamples.Any.ToArbitrary(), sample =>
    {
        var (net, tax, total) = (sample.Document.Net.Amount, sample.Document.Tax.Amount, sample.Document.Total.Amount);
        sample.Lines.Sum(x => x.Net.Amount).ShouldBe(net);
        sample.Lines.Sum(x => x.Tax.Amount).ShouldBe(tax);

        var html = Page(Wait(sample.HtmlAsync()));
        Cells(html, "n net").Sum().ShouldBe(net);
        Cells(html, "n net").ShouldBe(sample.Lines.Select(x => x.Net.Amount));
        (Sum(html, "sum-net"), Sum(html, "sum-tax"), Sum(html, "sum-total total")).ShouldBe((net, tax, total));

        var csv = Wait(CsvAsync(sample));
        csv.Select(x => decimal.Parse(x["net"])).ShouldBe(sample.Lines.Select(x => x.Net.Amount));
        (csv.Sum(x => decimal.Parse(x["net"])), csv.Sum(x => decimal.Parse(x["tax"]))).ShouldBe((net, tax));
        csv.ShouldAllBe(x => decimal.Parse(x["gross"]) - decimal.Parse(x["allowance"]) == decimal.Parse(x["net"]));

        var ubl = Wait(sample.UblAsync());
        ubl.Elements().Where(x => x.Name.LocalName.EndsWith("Line", StringComparison.Ordinal))
            .Select(x => decimal.Parse(x.Element(Cbc + "LineExtensionAmount")!.Value)).ShouldBe(sample.Lines.Select(x => x.Net.Amount));
        decimal.Parse(ubl.Element(Cac + "TaxTotal")!.Element(Cbc + "TaxAmount")!.Value).ShouldBe(tax);
        decimal.Parse(ubl.Element(Cac + "LegalMonetaryTotal")!.Element(Cbc + "PayableAmount")!.Value).ShouldBe(total);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_sent_to_machines_breaks_no_rule_of_EN_16931() =>
        Prop.ForAll(DocumentSamples.Any.ToArbitrary(), sample => En16931.Broken(Wait(sample.UblAsync())).ShouldBeEmpty())
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("BR-02", "ID")]
    [InlineData("BR-03", "IssueDate")]
    [InlineData("BR-CO-10", "LineExtensionAmount")]
    [InlineData("BR-CO-15", "TaxExclusiveAmount")]
    [InlineData("BR-CO-16", "PayableAmount")]
    [InlineData("PEPPOL-EN16931-R003", "BuyerReference")]
    [InlineData("BR-27", "PriceAmount")]
    public async Task The_rules_find_what_is_wrong(string rule, string element)
    {
        var ubl = await Sample().UblAsync();
        var at = ubl.Descendants(Cbc + element).First();
        if (element.EndsWith("Amount", StringComparison.Ordinal))
            at.Value = "-1.00";
        else
            at.Remove();
        En16931.Broken(ubl).ShouldContain(rule);
    }

    [Fact]
    public async Task Elements_out_of_order_are_found()
    {
        var ubl = await Sample().UblAsync();
        var currency = ubl.Element(Cbc + "DocumentCurrencyCode")!;
        currency.Remove();
        ubl.Add(currency);
        En16931.Broken(ubl).ShouldContain("order of Invoice");
    }

    [Fact]
    public async Task A_page_says_what_a_customer_needs()
    {
        var page = await Sample().HtmlAsync();
        foreach (var said in (string[])[
            "Rechnung 1-2024-000007", "Müller &amp; Söhne &lt;KG&gt;", "Hauptstraße 1", "ATU12345678", "DE123456789", "02.04.2024", "16.04.2024",
            "01.03.2024 - 31.03.2024", "163,99 EUR", "20 % USt auf 136,66", "Verwendungszweck: 1-2024-000007", "AT61 1904 3002 3457 3201",
            "--brand: #0a5", "1 × 68,33 = 68,33"])
            page.ShouldContain(said);
        page.ShouldNotContain("<KG>");
        foreach (var outside in (string[])["http:", "https:", "<script", "<img", "<link", "url(", "@import"])
            page.ShouldNotContain(outside);

        var english = Sample(DocumentSamples.Said with { Language = "en" });
        (await english.HtmlAsync()).ShouldContain("Please pay by 2024-04-16: 163.99 EUR");
    }

    [Fact]
    public async Task A_draft_and_a_colour_that_is_none_do_no_harm()
    {
        var look = DocumentSamples.Said.Look with
        {
            PrimaryColor = "red;} body{display:none",
            Name = "</style><script>alert(1)</script>",
            LogoUrl = "javascript:alert(1)",
        };
        var page = await Sample(DocumentSamples.Said with { Look = look }, number: null).HtmlAsync();
        page.ShouldContain("Entwurf - keine Rechnung");
        page.ShouldContain("--brand: #1f3a5f");
        page.ShouldNotContain("display:none");
        page.ShouldNotContain("<script>");
        page.ShouldNotContain("Verwendungszweck");
        page.ShouldNotContain("<img");
        HtmlDocument.PolicyOf(look).ShouldNotContain("img-src");
    }

    [Fact]
    public async Task A_page_tells_what_took_from_a_line_why_nothing_is_taxed_and_what_is_owed_to_the_buyer()
    {
        var eur = Currency.Parse("EUR");
        Money Of(decimal amount) => new(amount, eur);
        var line = new DocumentLine(
            1, null, "Calls", null, DocumentSamples.March, 31, 1_234_567, Of(100), Of(40), Of(0), "AE", 0,
            [new LineStep("0", null, "1234567", "0.00008100007", "0", "100")])
        {
            CapReduction = Of(30),
            Credit = Of(10),
        };
        var back = line with { Position = 2, Quantity = -1, Gross = Of(-90), Net = Of(-90), CapReduction = Of(0), Credit = Of(0), Steps = [] };
        var document = new BillingDocument(
            DocumentKind.Invoice, "1-2024-000008", null, DocumentSamples.March, Of(-50), Of(0), [new InvoiceTax("AE", 0, -50, 0)], false,
            DocumentSamples.Said);
        var page = await new SampleDocument(document, [line, back]).HtmlAsync();
        foreach (var said in (string[])[
            "1.234.567 × ≈ 0,000081 = 100", "Über dem Höchstbetrag: -30,00 EUR", "Rabatt: -20,00 EUR", "Durch Guthaben bezahlt: -10,00 EUR",
            "0 % USt auf -50,00 (Steuerschuldnerschaft des Leistungsempfängers)", "Zu Ihren Gunsten: 50,00 EUR"])
            page.ShouldContain(said);
        page.ShouldNotContain("Bitte zahlen Sie");
    }

    [Fact]
    public async Task What_is_outside_the_scope_of_VAT_names_no_VAT_identifier()
    {
        var bill = RatingSamples.Rate(new RatingRequest(RatingSamples.Eur, DocumentSamples.March, [RatingSamples.Flat("10")]) { Taxes = [] });
        var ubl = await DocumentSamples.Of(bill).UblAsync();
        En16931.Broken(ubl).ShouldBeEmpty();
        ubl.Descendants(Cac + "TaxCategory").ShouldHaveSingleItem().Element(Cbc + "ID")!.Value.ShouldBe("O");
        ubl.Descendants(Cac + "PartyTaxScheme").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Z")]
    [InlineData("E")]
    [InlineData("AE")]
    public async Task A_seller_without_a_tax_id_who_takes_no_tax_is_outside_the_scope_of_VAT(string category)
    {
        var request = new RatingRequest(RatingSamples.Eur, DocumentSamples.March, [RatingSamples.Flat("10", category), RatingSamples.Flat("5")])
        {
            Taxes = [new TaxRate(category, 0)],
        };
        var nameless = DocumentSamples.Said with { Seller = DocumentSamples.Said.Seller with { TaxId = null } };
        var ubl = await DocumentSamples.Of(RatingSamples.Rate(request), said: nameless).UblAsync();
        En16931.Broken(ubl).ShouldBeEmpty();
        ubl.Descendants(Cac + "TaxCategory").ShouldHaveSingleItem().Element(Cbc + "ID")!.Value.ShouldBe("O");
        ubl.Element(Cac + "AccountingSupplierParty")!.Descendants(Cac + "PartyIdentification").ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_discount_is_an_allowance_of_its_line()
    {
        var request = new RatingRequest(RatingSamples.Eur, DocumentSamples.March, [RatingSamples.Flat("100", "S")])
        {
            Coupons = [new Coupon(10, null)],
            Taxes = RatingSamples.Vat20,
        };
        var line = (await DocumentSamples.Of(RatingSamples.Rate(request)).UblAsync()).Element(Cac + "InvoiceLine")!;
        var allowance = line.Element(Cac + "AllowanceCharge")!;
        allowance.Element(Cbc + "ChargeIndicator")!.Value.ShouldBe("false");
        (allowance.Element(Cbc + "Amount")!.Value, line.Element(Cbc + "LineExtensionAmount")!.Value).ShouldBe(("10.00", "90.00"));
    }

    // Two lines of 68.33 at 20 %: 136.66, 27.33, 163.99.
    private static SampleDocument Sample(InvoiceDocument? said = null, string? number = "1-2024-000007") => DocumentSamples.Of(
        RatingSamples.Rate(new RatingRequest(
            RatingSamples.Eur, DocumentSamples.March, [RatingSamples.Flat("68.33", "S"), RatingSamples.Flat("68.33", "S")])
        { Taxes = RatingSamples.Vat20 }),
        said: said, number: number);

    private static async Task<List<Dictionary<string, string>>> CsvAsync(SampleDocument sample)
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;
        await DocumentCsv.Of(new OpenedDocument(sample.Document, sample.Lines.ToAsyncEnumerable(), sample.Document)).ExecuteAsync(context);
        body.Position = 0;
        using var csv = new CsvReader(new StreamReader(body), CultureInfo.InvariantCulture);
        return [.. csv.GetRecords<dynamic>().Select(x => ((IDictionary<string, object>)x).ToDictionary(y => y.Key, y => (string)y.Value))];
    }

    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private static XElement Page(string html) => XElement.Parse(html[html.IndexOf("<html", StringComparison.Ordinal)..]);

    private static IEnumerable<decimal> Cells(XElement page, string name) =>
        page.Descendants("td").Where(x => x.Attribute("class")?.Value == name).Select(x => Read(x.Value));

    private static decimal Sum(XElement page, string name) =>
        Read(page.Descendants("tr").Single(x => x.Attribute("class")?.Value == name).Elements("td").Last().Value.Split(' ')[0]);

    // As a German reader does.
    private static decimal Read(string text) =>
        decimal.Parse(text.Replace(".", "", StringComparison.Ordinal).Replace(',', '.'), NumberStyles.Number, CultureInfo.InvariantCulture);
}
