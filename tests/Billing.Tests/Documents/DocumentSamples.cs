using System.Text;
using System.Xml.Linq;
using FsCheck;
using FsCheck.Fluent;
using Licensing.Billing.Documents;
using Licensing.Billing.Invoices;
using Licensing.Billing.Rating;

namespace Licensing.Billing.Tests.Documents;

/// <summary>A document with its lines in memory.</summary>
internal sealed record SampleDocument(BillingDocument Document, IReadOnlyList<DocumentLine> Lines)
{
    public async Task<string> HtmlAsync() => await WrittenAsync(new HtmlDocument(Document).WriteAsync);

    public async Task<XElement> UblAsync() => XElement.Parse(await WrittenAsync(new UblDocument(Document).WriteAsync));

    private async Task<string> WrittenAsync(Func<Stream, IAsyncEnumerable<DocumentLine>, CancellationToken, Task> write)
    {
        using var to = new MemoryStream();
        await write(to, Lines.ToAsyncEnumerable(), TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(to.ToArray());
    }
}

/// <summary>Documents as the billing run would make them: rated by the rater, of any charges, coupons, rates and currencies.</summary>
internal static class DocumentSamples
{
    public static Period March { get; } = Period.Parse("2024-03");

    public static DocumentParty Seller { get; } = new(
        "Platform GmbH", "platform", ["Hauptstraße 1"], "Wien", "1010", null, "AT", "ATU12345678", "Accounts", "billing@platform.example");

    public static DocumentParty Buyer { get; } = new(
        "Müller & Söhne <KG>", "T-1", ["Gasse 2", "Stiege 3", "Tür 4"], "Berlin", "10115", "Berlin", "DE", "DE123456789", null, "m@s.example");

    public static InvoiceDocument Said { get; } = new(
        Seller, Buyer, new DocumentLook("Platform", "#0a5", null, "help@platform.example", null), "de", new DateOnly(2024, 4, 2),
        new DateOnly(2024, 4, 16), 14, "AT61 1904 3002 3457 3201", "BKAUATWW");

    public static SampleDocument Of(
        RatedBill bill, DocumentKind kind = DocumentKind.Invoice, InvoiceDocument? said = null, string? number = "1-2024-000007")
    {
        var percents = bill.Taxes.ToDictionary(x => x.Category, x => x.Percent.TryToDecimal(out var percent) ? percent : 0);
        var lines = bill.AllLines.Select((line, i) => new DocumentLine(
            i + 1, kind is DocumentKind.CreditNote ? i + 1 : null, line.Name, null, March, March.Days, line.Quantity,
            line.Amount, line.Net, line.Tax, line.TaxCategory is { } category && percents.ContainsKey(category) ? category : null,
            line.TaxCategory is { } taxed && percents.TryGetValue(taxed, out var percent) ? percent : null,
            [.. line.Steps.Select(LineStep.Of)])).ToList();
        return new SampleDocument(
            new BillingDocument(
                kind, number, kind is DocumentKind.CreditNote ? new PrecedingDocument("1-2024-000001", new DateOnly(2024, 3, 1)) : null, March,
                bill.Net, bill.Tax,
                [.. bill.Taxes.Select(x => new InvoiceTax(x.Category, percents[x.Category], x.Net.Amount, x.Tax.Amount))],
                lines.Exists(x => x.TaxCategory is null), said ?? Said, kind is DocumentKind.CreditNote ? "Not delivered" : null),
            lines);
    }

    /// <summary>Any bill that can be rated.</summary>
    public static Gen<SampleDocument> Any { get; } =
        from currency in Gen.Elements("EUR", "JPY", "USD")
        from kind in Gen.Elements(DocumentKind.Invoice, DocumentKind.CreditNote)
        from count in Gen.Choose(1, 12)
        from items in Gen.ListOf(Item, count)
        from coupon in Gen.Choose(0, 30)
        from minimum in Gen.Elements<decimal?>(null, 500m)
        from rate in Gen.Elements(20m, 19m, 7.7m)
        select Of(Rated(Currency.Parse(currency), [.. items], coupon, minimum, rate), kind);

    private static RatedBill Rated(Currency currency, IReadOnlyList<RatingItem> items, int coupon, decimal? minimum, decimal rate)
    {
        var request = new RatingRequest(currency, March, items)
        {
            Coupons = coupon == 0 ? [] : [new Coupon(coupon, null)],
            Minimum = minimum,
            MinimumTaxCategory = "S",
            Taxes = [new TaxRate("S", rate), new TaxRate("R", 10), new TaxRate("Z", 0), new TaxRate("E", 0), new TaxRate("AE", 0),
                new TaxRate("K", 0), new TaxRate("G", 0)],
        };
        return Rater.Rate(request).Refused(out var refusal, out var bill) ? throw new InvalidOperationException(refusal.Message) : bill;
    }

    private static Gen<RatingItem> Item { get; } =
        from cents in Gen.Choose(-500, 200_000)
        from quantity in Gen.Choose(0, 40_000)
        from category in Gen.Elements("S", "R", "Z", "E", "AE", "K", "G", null)
        from model in Gen.Choose(0, 2)
        from name in Gen.Elements("Base", "Seats & more", "<b>Calls</b>", "Speicher \"groß\"", "=1+1", "\u0001Odd")
        let price = Math.Max(0, cents) / 1000m
        select new RatingItem(
            name,
            model switch
            {
                0 => new FlatCharge(price),
                1 => new PerUnitCharge(price) { Prorate = false },
                _ => new GraduatedCharge([new Tier(10, price, 1.5m), new Tier(null, price / 2, 0)]),
            },
            new UsageAggregate(quantity / 100m))
        {
            TaxCategory = category,
            IsCredit = cents < 0,
        };
}
