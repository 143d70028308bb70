using System.Net;
using System.Net.Http.Json;
using System.Xml.Linq;
using Licensing.Billing.Tests.Invoices;
using Licensing.Billing.Tests.Taxes;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Documents;

public sealed class SentDocumentTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Theory]
    [InlineData("text/csv", "text/csv")]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html")]
    [InlineData("application/xml", "application/vnd.oasis.ubl+xml")]
    [InlineData("application/vnd.oasis.ubl+xml", "application/vnd.oasis.ubl+xml")]
    [InlineData("application/json", "application/json")]
    [InlineData("image/png", "application/json")]
    [InlineData("text/html;q=0, text/csv;q=0.1", "text/csv")]
    public async Task The_form_is_what_the_caller_likes_best(string accept, string sent)
    {
        var branch = await app.BranchAsync();
        var (path, _) = await app.InvoiceAsync(branch, Month(), issue: true, "10");
        using var tenant = branch.As(Roles.TenantAdministrator);
        (await tenant.GetAsAsync(path, accept)).Content.Headers.ContentType!.MediaType.ShouldBe(sent);
    }

    [Fact]
    public async Task An_issued_invoice_reads_the_same_however_the_parties_change()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var tenant = $"/api/v1/tenants/{branch.Tenant.Id.Value}";
        await Sent(await platform.PatchAsJsonAsync(tenant, new
        {
            legalName = "Müller & Söhne KG",
            taxId = "DE123456789",
            billingAddress = new { lines = new[] { "Gasse 2" }, city = "Berlin", postalCode = "10115" },
        }));
        var (path, _) = await app.InvoiceAsync(branch, Month(), issue: true, "68.33", "68.33");
        var (html, ubl) = (await platform.TextAsAsync(path, "text/html"), await platform.TextAsAsync(path, "application/xml"));
        html.ShouldContain("Müller &amp; Söhne KG");
        html.ShouldContain("163,99 EUR");
        ubl.ShouldContain("<cbc:CompanyID>DE123456789</cbc:CompanyID>");
        ubl.ShouldContain("<cbc:StreetName>Gasse 2</cbc:StreetName>");

        await Sent(await platform.PatchAsJsonAsync(tenant, new { legalName = "Other", taxId = "DE999999999", country = "AT" }));
        await Sent(await platform.CreditAsync(path, (1, null)));
        (await platform.TextAsAsync(path, "text/html")).ShouldBe(html);
        (await platform.TextAsAsync(path, "application/xml")).ShouldBe(ubl);
    }

    [Fact]
    public async Task A_credit_note_is_a_document_that_names_its_invoice()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await Sent(await platform.PatchAsJsonAsync($"/api/v1/settings/branding?organizationId={branch.Platform.Id.Value}", new { name = "Brand" }));
        var (path, invoice) = await app.InvoiceAsync(branch, Month(), issue: true, "68.33", "68.33");
        var note = await Sent(await platform.CreditAsync(path, (1, null)));
        var notePath = $"{path}/credit-notes/{note.Text("id")}";

        (await GetAsync(platform, notePath)).Amount("total").ShouldBe("82.00");
        var ubl = XElement.Parse(await platform.TextAsAsync(notePath, "application/vnd.oasis.ubl+xml"));
        ubl.Name.LocalName.ShouldBe("CreditNote");
        En16931.Broken(ubl).ShouldBeEmpty();
        ubl.Descendants().Single(x => x.Name.LocalName == "InvoiceDocumentReference").Elements().First().Value.ShouldBe(invoice.Text("number"));
        var html = await platform.TextAsAsync(notePath, "text/html");
        html.ShouldContain("Gutschrift (Rechnungskorrektur)");
        html.ShouldContain("82,00 EUR");
        html.ShouldContain("Not delivered");
        html.ShouldContain("<div class=\"brand\">Brand</div>");
        (await platform.TextAsAsync(notePath, "text/csv")).Split("\r\n")[1].ShouldContain(",68.33,13.67,S,20,EUR,");

        using var stranger = (await app.BranchAsync()).As(Roles.DistributorAdministrator);
        foreach (var form in (string[])["text/html", "application/xml", "text/csv", "application/json"])
        {
            (await stranger.GetAsAsync(notePath, form)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await stranger.GetAsAsync(path, form)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task A_page_loads_and_runs_nothing_and_a_draft_is_no_UBL()
    {
        var branch = await app.BranchAsync();
        var (path, _) = await app.InvoiceAsync(branch, Month(), issue: false, "10");
        using var platform = branch.Administrator();
        using var page = await platform.GetAsAsync(path, "text/html");
        page.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem().ShouldStartWith("default-src 'none'");
        (await page.Content.ReadAsStringAsync()).ShouldContain("Entwurf - keine Rechnung");
        (await (await platform.GetAsAsync(path, "application/xml")).CodeAsync()).ShouldBe("invoice_not_issued");
    }

    [Fact]
    public async Task The_list_is_CSV_too()
    {
        var branch = await app.BranchAsync();
        var month = Month();
        var (path, invoice) = await app.InvoiceAsync(branch, month, issue: true, "10");
        using var tenant = branch.As(Roles.TenantAdministrator);
        var rows = (await tenant.TextAsAsync($"/api/v1/invoices?period={month}", "text/csv")).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        rows.Length.ShouldBe(2);
        rows[0].ShouldStartWith("id,number,status,");
        rows[1].ShouldStartWith($"{path.Split('/')[^1]},{invoice.Text("number")},Issued,");
        rows[1].ShouldContain(",EUR,10.00,2.00,12.00,0.00,0.00,12.00,");
        (rows[0].Split(',')[^3], rows[1].Split(',')[^3]).ShouldBe(("kind", "Regular"));
        (await tenant.GetAsAsync("/api/v1/invoices?period=march", "text/csv")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task What_was_issued_before_the_sellers_tax_id_was_known_is_sent_with_the_one_of_now()
    {
        var branch = await app.BranchAsync();
        var (path, invoice) = await app.InvoiceAsync(branch, Month(), issue: true, "68.33");
        await using (var forget = app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand($"""
            alter table billing.invoices disable trigger keep_issued;
            update billing.invoices set document = document #- array['seller', 'taxId'] where id = '{invoice.Text("id")}';
            alter table billing.invoices enable trigger keep_issued
            """))
            await forget.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        using var tenant = branch.As(Roles.TenantAdministrator);
        var ubl = await tenant.TextAsAsync(path, "application/xml");
        En16931.Broken(XElement.Parse(ubl)).ShouldBeEmpty();
        ubl.ShouldContain("12-3456789");
        // What is kept reads as it was issued.
        (await tenant.TextAsAsync(path, "text/html")).ShouldNotContain("12-3456789");
    }

    [Fact]
    public async Task The_logo_is_on_the_page_and_nothing_else_is_loaded_for_it()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var branding = $"/api/v1/settings/branding?organizationId={branch.Platform.Id.Value}";
        await Sent(await platform.PatchAsJsonAsync(branding, new { logoUrl = "https://cdn.example:8443/a&b/logo.svg?v=1" }));
        try
        {
            var (path, _) = await app.InvoiceAsync(branch, Month(), issue: true, "10");
            using var page = await platform.GetAsAsync(path, "text/html");
            page.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem().ShouldBe(
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; img-src https://cdn.example:8443");
            var logo = XElement.Parse((await page.Content.ReadAsStringAsync()).Replace("<!DOCTYPE html>", "")).Descendants("img")
                .ShouldHaveSingleItem();
            (logo.Attribute("src")!.Value, logo.Attribute("alt")!.Value.Length > 0).ShouldBe(("https://cdn.example:8443/a&b/logo.svg?v=1", true));
        }
        finally
        {
            await Sent(await platform.PatchAsJsonAsync(branding, new { logoUrl = (string?)null }));
        }
    }

    [Theory]
    // The tests' seller has a number that is none for VAT.
    [InlineData("K", "seller_tax_id_missing")]
    [InlineData("G", "seller_tax_id_missing")]
    [InlineData("AE", null)]
    public async Task Who_has_no_VAT_id_neither_supplies_within_the_Union_nor_exports(string category, string? refused)
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await Sent(await platform.PatchAsJsonAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", new { taxId = "DE123456789" }));
        await Sent(await platform.SetAsync(branch.Tenant, "0", chargedAs: category));
        var (path, _) = await app.InvoiceAsync(branch, Month(), issue: true, "10");
        using var answer = await platform.GetAsAsync(path, "application/xml");
        if (refused is null)
            En16931.Broken(XElement.Parse(await answer.Content.ReadAsStringAsync())).ShouldBeEmpty();
        else
            (await answer.CodeAsync()).ShouldBe(refused);
    }

    private static int _month;

    // A billing run is of everyone.
    private static string Month() => new DateOnly(2021, 1, 1).AddMonths(Interlocked.Increment(ref _month)).ToString("yyyy-MM");
}

/// <summary>Where nobody has said what the seller's tax id is.</summary>
public sealed class NamelessSeller : BillingApp
{
    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>();
}

public sealed class NamelessSellerTests(NamelessSeller app) : IClassFixture<NamelessSeller>
{
    [Fact]
    public async Task Who_has_no_tax_id_sends_no_electronic_invoice_with_VAT_and_a_valid_one_without()
    {
        using var platform = await app.PlatformAsync();
        await Sent(await platform.PutAsJsonAsync(
            "/api/v1/tax-rates", new { country = "AT", category = "S", percent = "0", validFrom = "2020-01-01" }));
        foreach (var (country, month) in ((string, string)[])[("DE", "2022-02"), ("AT", "2022-03")])
        {
            var (path, _) = await app.InvoiceAsync(await app.BranchAsync(country), month, issue: true, "68.33");
            using var answer = await platform.GetAsAsync(path, "application/xml");
            if (country == "DE")
            {
                var refused = await answer.Content.ReadAsStringAsync();
                refused.ShouldContain("seller_tax_id_missing");
                refused.ShouldContain("Billing:Invoices:Seller:TaxId");
                foreach (var form in (string[])["application/json", "text/csv", "text/html"])
                    (await platform.GetAsAsync(path, form)).StatusCode.ShouldBe(HttpStatusCode.OK);
            }
            else
                En16931.Broken(XElement.Parse(await answer.Content.ReadAsStringAsync())).ShouldBeEmpty();
        }
    }

    [Theory]
    [InlineData("K", "DE", 1)]
    [InlineData("G", "FR", 2)]
    public async Task Who_supplies_within_the_Union_or_exports_is_not_outside_the_scope_for_want_of_an_id(string category, string country, int month)
    {
        var (path, platform) = await UntaxedAsync(category, country, $"2023-0{month}");
        using (platform)
        {
            var refused = await (await platform.GetAsAsync(path, "application/xml")).Content.ReadAsStringAsync();
            refused.ShouldContain("seller_tax_id_missing");
            refused.ShouldContain("taxId, or Billing:Invoices:Seller:TaxId where the platform names none");
            (await GetAsync(platform, path)).GetProperty("taxes")[0].Text("category").ShouldBe(category);

            await SetPlatformsAsync("US123456789");
            var ubl = await UblAsync(platform, path);
            (ubl.Contains($">{category}</cbc:ID>", StringComparison.Ordinal), ubl.Contains("VATEX-EU-O", StringComparison.Ordinal))
                .ShouldBe((true, false));
            await SetPlatformsAsync(null);
            (await (await platform.GetAsAsync(path, "application/xml")).CodeAsync()).ShouldBe("seller_tax_id_missing");
        }
    }

    [Fact]
    public async Task What_the_buyer_owes_the_tax_of_himself_says_so_as_soon_as_the_seller_has_an_id()
    {
        var (path, platform) = await UntaxedAsync("AE", "IT", "2023-03");
        using (platform)
        {
            (await UblAsync(platform, path)).ShouldContain("VATEX-EU-O");
            await SetPlatformsAsync("12-3456789");
            var ubl = await UblAsync(platform, path);
            ubl.ShouldContain("VATEX-EU-AE");
            ubl.ShouldNotContain("VATEX-EU-O<");
            await SetPlatformsAsync(null);
            (await UblAsync(platform, path)).ShouldContain("VATEX-EU-O");
        }
    }

    [Fact]
    public async Task What_can_be_sent_without_any_id_is_sent_so_while_the_buyer_has_none()
    {
        var (path, platform) = await UntaxedAsync("AE", "ES", "2023-04", hasId: false);
        using (platform)
        {
            await SetPlatformsAsync("12-3456789");
            (await UblAsync(platform, path)).ShouldContain("VATEX-EU-O");
            await SetPlatformsAsync(null);
        }
    }

    private async Task<(string Path, HttpClient Platform)> UntaxedAsync(
        string category, string country, string month, bool hasId = true)
    {
        var branch = await app.BranchAsync(country);
        var platform = branch.Administrator();
        if (hasId)
            await Sent(await platform.PatchAsJsonAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", new { taxId = $"{country}123456789" }));
        await Sent(await platform.SetAsync(branch.Tenant, "0", chargedAs: category));
        return ((await app.InvoiceAsync(branch, month, issue: true, "10")).Path, platform);
    }

    private async Task SetPlatformsAsync(string? taxId)
    {
        await using var set = app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(
            "update identity.organizations set tax_id = $1 where kind = 'Platform'");
        set.Parameters.Add(new() { Value = taxId ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        (await set.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
    }

    private static async Task<string> UblAsync(HttpClient client, string path)
    {
        var ubl = await client.TextAsAsync(path, "application/xml");
        En16931.Broken(XElement.Parse(ubl)).ShouldBeEmpty();
        return ubl;
    }
}
