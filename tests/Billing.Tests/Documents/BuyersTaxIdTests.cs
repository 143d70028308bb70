using System.Net.Http.Json;
using System.Xml.Linq;
using Licensing.Billing.Tests.Invoices;
using Licensing.Billing.Tests.Taxes;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Documents;

/// <summary>A seller with a VAT id.</summary>
public sealed class VatSeller : BillingApp
{
    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["Billing:Invoices:Seller:TaxId"] = "US123456789" };
}

/// <summary>What a buyer must be named by is taken from what is known of him by now, where a document does not say it.</summary>
public sealed class BuyersTaxIdTests(VatSeller app) : IClassFixture<VatSeller>
{
    private static int _month;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    // Whoever owes the tax himself is named by any number; a supply within the Union by one for VAT; an export by none.
    [InlineData("AE", "12/345", true)]
    [InlineData("K", "12/345", false)]
    [InlineData("K", "DE123456789", true)]
    public async Task A_paid_invoice_is_sent_when_the_buyers_number_is_known(string category, string number, bool isEnough)
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await Sent(await platform.SetAsync(branch.Tenant, "0", chargedAs: category));
        var (path, _) = await app.InvoiceAsync(branch, Month(), issue: true, "10", "5");
        await Sent(await platform.PayAsync(path, "15.00", $"paid {category}"));
        await Sent(await platform.CreditAsync(path, (2, null)));
        var note = $"{path}/credit-notes/{(await ItemsAsync(platform, $"{path}/credit-notes")).ShouldHaveSingleItem().Text("id")}";
        var page = await SentAsync(platform, path, "text/html");
        foreach (var document in (string[])[path, note])
            (await SentAsync(platform, document)).ShouldBe("buyer_tax_id_missing");

        await Sent(await platform.PatchAsJsonAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", new { taxId = number }));
        foreach (var document in (string[])[path, note])
            if (isEnough)
            {
                var ubl = XElement.Parse(await SentAsync(platform, document));
                En16931.Broken(ubl).ShouldBeEmpty();
                ubl.ToString().ShouldContain($"<cbc:CompanyID>{number}</cbc:CompanyID>");
            }
            else
                (await SentAsync(platform, document)).ShouldBe("buyer_tax_id_missing");
        // What is kept reads as it was issued.
        (await SentAsync(platform, path, "text/html")).ShouldBe(page);
    }

    [Fact]
    public async Task What_a_document_says_stays_and_an_export_asks_for_nothing_of_the_buyer()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await Sent(await platform.SetAsync(branch.Tenant, "0", chargedAs: "G"));
        var (exported, _) = await app.InvoiceAsync(branch, Month(), issue: true, "10");
        En16931.Broken(XElement.Parse(await SentAsync(platform, exported))).ShouldBeEmpty();
        await Sent(await platform.SetAsync(branch.Tenant, "0", chargedAs: "K"));
        await Sent(await platform.PatchAsJsonAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", new { taxId = "DE123456789" }));
        var (path, _) = await app.InvoiceAsync(branch, Month(), issue: true, "10");
        await Sent(await platform.PatchAsJsonAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", new { taxId = "DE999999999" }));
        (await SentAsync(platform, path)).ShouldContain("DE123456789");
        (await SentAsync(platform, exported)).ShouldNotContain("DE999999999");
    }

    [Fact]
    public async Task Who_does_not_reach_the_buyer_any_more_is_not_told_what_was_entered_since()
    {
        var branch = await app.BranchAsync();
        var next = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        await Sent(await platform.SetAsync(branch.Tenant, "0", chargedAs: "K"));
        var (path, _) = await app.InvoiceAsync(branch, "2025-12", issue: true, "10");
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = next.Id.Value, reason = "agreed" }));
        await app.DrainAsync();
        await Sent(await platform.PatchAsJsonAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", new { taxId = "DE123456789" }));
        using var former = branch.As(Roles.PartnerReader);
        (await SentAsync(former, path)).ShouldBe("buyer_tax_id_missing");
        using var distributor = branch.As(Roles.DistributorReader);
        (await SentAsync(distributor, path)).ShouldContain("DE123456789");
    }

    // A billing run is of everyone.
    private static string Month() => new DateOnly(2021, 1, 1).AddMonths(Interlocked.Increment(ref _month)).ToString("yyyy-MM");

    // The document, or the code of why there is none.
    private static async Task<string> SentAsync(HttpClient client, string path, string accept = "application/xml")
    {
        using var answer = await client.GetAsAsync(path, accept);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(Ct) : (await answer.CodeAsync())!;
    }
}
