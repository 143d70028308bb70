using System.Net;
using System.Text;
using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Tests.Pricing;

public sealed class CalculatorTests(BillingApp app) : IClassFixture<BillingApp>
{
    private const string Example = """
        {"currency":"EUR","period":{"start":"2024-03-01","end":"2024-04-01"},"active":{"start":"2024-03-05","end":"2024-04-01"},
         "charges":[
          {"name":"Base","model":"flat","amount":"10.00"},
          {"name":"Seats","model":"perUnit","unitPrice":"10","quantity":"5","prorate":true,"taxCategory":"S"},
          {"name":"Calls","model":"graduated","quantity":"12","chargeAtZero":true,"tiers":[
           {"upTo":"10","unitPrice":"10","flatFee":"2"},
           {"upTo":"20","unitPrice":"5","flatFee":"3"},
           {"upTo":null,"unitPrice":"5","flatFee":"3"}]},
          {"name":"Blocks","model":"package","quantity":"121","size":"10","price":"100","freeUnits":"0"},
          {"name":"Fees","model":"percentage","percent":"1.3","fixedFee":"2","freeEvents":3,"freeUnits":"0","minimum":null,"maximum":null,
           "events":["50","100","250","400"]},
          {"name":"Plan","model":"stairstep","quantity":"7","tiers":[{"upTo":"5","price":"10"},{"upTo":null,"price":"18"}]}],
         "minimum":"1000.00","cap":null,"coupons":[{"percent":"10"},{"amount":"50.00"}],"taxes":[{"category":"S","percent":"20"}]}
        """;

    [Fact]
    public async Task The_example_is_answered_with_these_numbers()
    {
        var branch = await app.BranchAsync();
        using var user = branch.As(Roles.TenantUser);
        var answer = await SendAsync(user, Example);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var bill = await answer.JsonAsync();
        string[] lines = [.. bill.GetProperty("lines").EnumerateArray().Select(x => string.Join(' ', Texts(x, "name", "quantity", "net", "tax")))];
        lines.ShouldBe(
        [
            "Base 1 7.55 0.00", "Seats 5 37.73 7.55", "Calls 12 99.65 0.00", "Blocks 121 1126.44 0.00", "Fees 800 6.24 0.00", "Plan 7 15.60 0.00",
        ]);
        Texts(bill, "currency", "trueUp", "discount", "net", "tax", "total").ShouldBe(["EUR", "0.00", "199.25", "1293.21", "7.55", "1300.76"]);
        bill.GetProperty("lines")[2].GetProperty("steps").GetRawText().ShouldBe(
            """[{"from":"0","to":"10","quantity":"10","unitPrice":"10","flatFee":"2","amount":"102"},"""
            + """{"from":"10","to":"20","quantity":"2","unitPrice":"5","flatFee":"3","amount":"13"}]""");
        bill.GetProperty("lines")[4].GetProperty("steps").GetRawText().ShouldBe(
            """[{"from":"0","to":null,"quantity":"400","unitPrice":"0.013","flatFee":"2","amount":"7.2"}]""");
    }

    [Theory]
    [InlineData("\"model\":\"flat\",\"amount\":\"10.00\"", "\"model\":\"flat\"", "/charges/0/amount required")]
    [InlineData("\"model\":\"stairstep\"", "\"model\":\"guess\"", "/charges/5/model unknown_model")]
    [InlineData("{\"upTo\":\"20\"", "{\"upTo\":\"10\"", "/charges/2/tiers/1/upTo tiers_not_ascending")]
    [InlineData("\"size\":\"10\"", "\"size\":\"0\"", "/charges/3/size must_be_positive")]
    [InlineData("\"freeUnits\":\"0\"}", "\"freeUnits\":\"-1\"}", "/charges/3/freeUnits must_not_be_negative")]
    [InlineData("\"taxCategory\":\"S\"", "\"taxCategory\":\"Z\"", "/charges/1/taxCategory tax_rate_missing")]
    [InlineData("{\"amount\":\"50.00\"}", "{}", "/coupons/1 coupon_percent_or_amount")]
    [InlineData("\"2024-03-05\",\"end\":\"2024-04-01\"", "\"2024-03-05\",\"end\":\"2024-04-02\"", "/active outside_period")]
    [InlineData("\"cap\":null", "\"cap\":\"10\"", "/cap maximum_below_minimum")]
    [InlineData("\"quantity\":\"121\"", "\"quantity\":\"99999999999999999999\"", "/charges/3 amount_too_large")]
    public async Task What_cannot_be_priced_is_refused_with_its_pointer(string what, string by, string error)
    {
        Example.Contains(what).ShouldBeTrue();
        using var caller = await app.PlatformAsync(Roles.PlatformReader);
        var answer = await SendAsync(caller, Example.Replace(what, by));
        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await answer.JsonAsync()).GetProperty("errors").EnumerateArray().Select(x => string.Join(' ', Texts(x, "pointer", "code")))
            .ShouldBe([error]);
    }

    [Theory]
    [InlineData("{\"percent\":\"10\"}", 20, "/coupons out_of_range")]
    [InlineData("{\"category\":\"S\",\"percent\":\"20\"}", 51, "/taxes out_of_range")]
    [InlineData("{\"upTo\":\"5\",\"price\":\"10\"}", 1_000, "/charges/5/tiers out_of_range")]
    public async Task Lists_are_bounded(string what, int more, string error)
    {
        Example.Contains(what).ShouldBeTrue();
        using var caller = await app.PlatformAsync(Roles.PlatformReader);
        var answer = await SendAsync(caller, Example.Replace(what, string.Join(',', Enumerable.Repeat(what, more)), StringComparison.Ordinal));
        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await answer.JsonAsync()).GetProperty("errors").EnumerateArray().Select(x => string.Join(' ', Texts(x, "pointer", "code")))
            .ShouldBe([error]);
    }

    [Theory]
    [InlineData("\"amount\":\"10.00\"", "\"amount\":10.00")]
    [InlineData("\"name\":\"Base\"", "\"nom\":\"Base\"")]
    [InlineData("\"currency\":\"EUR\"", "\"currency\":\"EURO\"")]
    [InlineData("\"2024-03-01\",\"end\":\"2024-04-01\"", "\"2024-04-01\",\"end\":\"2024-04-01\"")]
    public async Task What_cannot_be_read_is_malformed(string what, string by)
    {
        using var caller = await app.PlatformAsync(Roles.PlatformReader);
        (await SendAsync(caller, Example.Replace(what, by))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Nobody_calculates_without_a_credential() =>
        (await SendAsync(app.Anonymous(), Example)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string body) =>
        client.PostAsync("/api/v1/pricing/calculate", new StringContent(body, Encoding.UTF8, "application/json"));

    private static string?[] Texts(JsonElement from, params string[] names) => [.. names.Select(name => from.GetProperty(name).GetString())];
}
