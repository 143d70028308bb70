using System.Net;
using System.Net.Http.Json;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.CustomerArea;

/// <summary>Customers who are suspended, closed or none, prices that are gone or nothing, and requests that no sample shows.</summary>
public sealed class UnusualCustomersTests(SellingApp app) : IClassFixture<SellingApp>
{
    private const string NotActive = """409 {"code":409,"message":"The tenant, or an organisation above it, is suspended or closed."}""";

    [Fact]
    public async Task A_suspended_customer_gets_nothing_and_gives_back_what_was_never_begun()
    {
        var (branch, edition, client) = await SoldAsync("5.00", "15.00");
        var named = new { license_id = (await client.AssignAsync(branch, edition)).LicenseId(), customer_code = branch.Tenant.Code };
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        var active = new { license_id = (await client.AssignAsync(branch, edition)).LicenseId(), customer_code = branch.Tenant.Code };
        await client.AreaAsync("POST", "licenses/activate", active);
        using var administrator = branch.Administrator();
        (await administrator.PostAsJsonAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}/suspend", new { reason = "late" }, Ct))
            .EnsureSuccessStatusCode();

        (await client.RefusedAreaAsync("POST", "licenses/activate", named)).ShouldBe(NotActive);
        (await client.RefusedAreaAsync("POST", "licenses/renew", active)).ShouldBe(NotActive);
        (await client.RefusedAreaAsync("POST", "licenses/demo", new { customer_code = branch.Tenant.Code })).ShouldBe(NotActive);
        (await client.RefusedAreaAsync(
            "POST", "licenses/bulk", new { customer_code = branch.Tenant.Code, license_code = edition, license_info = "x" })).ShouldBe(NotActive);
        (await client.AreaAsync("GET", $"customers/detail?customer_code={branch.Tenant.Code}"))
            .GetProperty("content").GetProperty("active").GetBoolean()
            .ShouldBeFalse();
        (await branch.CreditAsync()).ShouldStartWith("5 EUR");
        await client.AreaAsync("POST", "licenses/cancel", named);
        (await branch.CreditAsync()).ShouldStartWith("10 EUR");
    }

    [Fact]
    public async Task A_closed_customer_and_what_is_no_customer_are_not_there()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Partner();
        using var administrator = branch.Administrator();
        (await administrator.DeleteAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", Ct)).EnsureSuccessStatusCode();

        foreach (var code in (int[])[branch.Tenant.Code, branch.Partner.Code, branch.Distributor.Code, branch.Platform.Code, 0, int.MaxValue])
        {
            var notFound = $$"""404 {"code":404,"message":"There is no customer {{code}}."}""";
            foreach (var path in (string[])["licenses/available", "licenses", "customers/detail", "auth/token"])
                (await client.RefusedAreaAsync("GET", $"{path}?customer_code={code}")).ShouldBe(notFound, path);
            (await client.RefusedAreaAsync("POST", "licenses/demo", new { customer_code = code })).ShouldBe(notFound);
            (await client.RefusedAreaAsync("POST", "customers/password", new { customer_code = code, password = "maple-7-river" }))
                .ShouldBe(notFound);
        }

        (await client.AreaAsync("GET", "customers")).GetProperty("content").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task What_costs_nothing_leaves_no_trace_in_the_ledger_when_it_comes_and_when_it_goes()
    {
        var branch = await app.BranchAsync();
        var edition = await branch.EditionAsync("0.00");
        using var client = branch.Partner();

        var free = await client.AssignAsync(branch, edition);
        (free.GetProperty("license_amount").GetRawText(), free.GetProperty("license_amount_currency").GetString()).ShouldBe(("0", "EUR"));
        (await client.AreaAsync("POST", "licenses/cancel", new { license_id = free.LicenseId(), customer_code = branch.Tenant.Code }))
            .GetProperty("content").State().ShouldBe("Cancelled");

        var credit = (await client.AreaAsync("GET", "credit")).GetProperty("content");
        (credit.GetProperty("balance").GetRawText(), credit.GetProperty("movements").GetArrayLength()).ShouldBe(("0", 0));
    }

    [Fact]
    public async Task A_renewal_is_refused_in_a_currency_that_is_gone_and_bought_in_one_that_is_there()
    {
        var (branch, edition, client) = await SoldAsync("5.00", "20.00");
        var named = new { license_id = (await client.AssignAsync(branch, edition)).LicenseId(), customer_code = branch.Tenant.Code };
        await client.AreaAsync("POST", "licenses/activate", named);
        await PricedAsync(branch, edition, "USD", "4.00");

        (await client.RefusedAreaAsync("POST", "licenses/renew", named)).ShouldBe(
            """422 {"code":422,"message":"The given data was invalid.","errors":"""
            + $$$"""{"currency_code":["currency_code: the license {{{edition}}} has no price in EUR."]}}""");
        (await client.RefusedAreaAsync("POST", "licenses/renew", new { named.license_id, named.customer_code, currency_code = "USD" })).ShouldBe(
            """402 {"code":402,"message":"Insufficient credit","content":{"required":4,"available":0,"currency":"USD"}}""");
        (await client.StatesAsync(branch)).ShouldBe("Active");
        (await branch.CreditAsync()).ShouldStartWith("15 EUR");
        await PricedAsync(branch, edition, "EUR", "6.00");
        await client.AreaAsync("POST", "licenses/renew", named);
        (await branch.CreditAsync()).ShouldStartWith("9 EUR");
    }

    [Fact]
    public async Task An_edition_that_is_off_sale_is_neither_listed_nor_assigned_nor_renewed()
    {
        var (branch, edition, client) = await SoldAsync("5.00", "20.00");
        var named = new { license_id = (await client.AssignAsync(branch, edition)).LicenseId(), customer_code = branch.Tenant.Code };
        await client.AreaAsync("POST", "licenses/activate", named);
        await ChangedAsync(branch, edition, new { onSale = false });

        (await client.AreaAsync("GET", $"licenses/available?customer_code={branch.Tenant.Code}&license_code={edition}")).GetProperty("content")
            .GetArrayLength().ShouldBe(0);
        (await client.RefusedAreaAsync("POST", "licenses/bulk", new { named.customer_code, license_code = edition, license_info = "x" })).ShouldBe(
            """422 {"code":422,"message":"The given data was invalid.","errors":"""
            + $$$"""{"license_code":["license_code: no license {{{edition}}} is on sale."]}}""");
        (await client.RefusedAreaAsync("POST", "licenses/renew", named))
            .ShouldBe($$"""409 {"code":409,"message":"The license {{edition}} is not on sale any more, so it cannot be renewed."}""");
        (await branch.CreditAsync()).ShouldStartWith("15 EUR");
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=201", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("after=***", "after")]
    [InlineData("limit=1&limit=2", "limit")]
    [InlineData("limit=1&LIMIT=2", "LIMIT")]
    [InlineData("lang=e%0an", "lang")]
    [InlineData("LANG=EN", "LANG")]
    public async Task A_lists_parameters_are_named_when_they_are_wrong(string query, string named)
    {
        var branch = await app.BranchAsync();
        using var client = branch.Partner();

        foreach (var path in (string[])["customers", "credit", "directory/currencies", "directory/licenses/versions"])
        {
            using var answer = await client.GetAsync($"/customerarea/{path}?{query}", Ct);
            var body = await answer.Content.ReadAsStringAsync(Ct);
            answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity, body);
            (await answer.JsonAsync()).GetProperty("errors").EnumerateObject().Select(x => x.Name).ShouldBe([named], path);
        }
    }

    [Theory]
    [InlineData("GET", "/customerarea/nothing", 404)]
    [InlineData("GET", "/CustomerArea/nothing", 404)]
    [InlineData("PUT", "/customerarea/credit", 405)]
    [InlineData("DELETE", "/customerarea/licenses", 405)]
    public async Task What_is_no_route_is_told_in_the_envelope(string method, string path, int status)
    {
        var branch = await app.BranchAsync();
        using var client = branch.Partner();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await client.SendAsync(request, Ct);

        ((int)answer.StatusCode).ShouldBe(status);
        var body = await answer.JsonAsync();
        body.EnumerateObject().Select(x => x.Name).ShouldBe(["code", "message"]);
        body.GetProperty("code").GetInt32().ShouldBe(status);
    }

    private async Task<(Branch Branch, string Edition, HttpClient Client)> SoldAsync(string price, string credit)
    {
        var branch = await app.BranchAsync();
        var edition = await branch.EditionAsync(price);
        await branch.TopUpAsync(credit);
        return (branch, edition, branch.Partner());
    }

    private static Task PricedAsync(Branch branch, string edition, string currency, string amount) =>
        ChangedAsync(branch, edition, new { prices = new[] { new { amount, currency } } });

    private static async Task ChangedAsync(Branch branch, string edition, object change)
    {
        using var administrator = branch.Administrator();
        var found = await (await administrator.GetAsync($"/api/v1/license-editions?code={edition}", Ct)).JsonAsync();
        using var answer = await administrator.PatchAsJsonAsync($"/api/v1/license-editions/{found.GetProperty("items")[0].IdOf()}", change, Ct);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Ct));
    }
}
