using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Rates;

/// <summary>Percentages of plans and products beside the tiers.</summary>
public sealed class OwnRatesTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static object[] Rates { get; } =
        [new { plan = "gold", percent = "20" }, new { product = "cloud", percent = "15.5" }, new { plan = "free", percent = "0" }];

    // Schemes begin after what is closed, so each test has a year of its own, later than those before.
    private static int _year = 2010;

    private readonly int _own = Interlocked.Increment(ref _year);

    [Fact]
    public async Task A_plan_goes_before_its_product_and_both_before_the_tiers_and_everyone_is_told_which()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var agreed = await SchemeAsync(platform, branch.Distributor, Usual, validFrom: $"{_own}-06", rates: Rates);
        agreed.GetProperty("rates").GetArrayLength().ShouldBe(3);
        // 1,100 by tiers: 50 + 8; gold 333.33 of 20 %, silver 66.67 of its product's 15.5 %; free nothing. In all 134.9999, rounded once.
        app.Invoices.Of(
            app.Invoices.Issue($"{_own}-06", branch.Tenant, "1500.00"), "gold cloud 333.33", "silver cloud 66.67", "basic other 900.00",
            "- - 200.00");
        app.Invoices.Of(app.Invoices.Issue($"{_own}-06", branch.Tenant, "70.00"), "free cloud 70.00");

        // The partner earns by its distributor's scheme, and is told the rates but not whose they are.
        using var partner = branch.As(Roles.PartnerReader);
        var summary = (await ItemsAsync(partner, $"/api/v1/commissions/summary?period={_own}-06")).ShouldHaveSingleItem();
        (Amount(summary, "gross"), Rated(summary)).ShouldBe(
            ("135.00", "gold 20 % of 333.33 = 66.666, cloud 15.5 % of 66.67 = 10.33385, free 0 % of 70.00 = 0.00"));
        summary.GetProperty("steps").EnumerateArray().Select(x => $"{x.GetProperty("basis").GetString()} {x.GetProperty("amount").GetString()}")
            .ShouldBe(["1000 50", "100 8"]);
        await CloseAsync(platform, $"{_own}-06");
        var statement = await StatementAsync(partner, branch.Partner, $"{_own}-06");
        (Amount(statement, "commission"), Rated(statement)).ShouldBe(("135.00", Rated(summary)));
        statement.GetProperty("scheme").GetProperty("rates").GetArrayLength().ShouldBe(3);
        var lines = await ItemsAsync(partner, $"/api/v1/commissions/statements/{statement.GetProperty("id").GetString()}/lines");
        lines.Select(x => $"{Amount(x, "commission")}: {Parts(x)}").ShouldBe(
        [
            "135.00: gold 20 333.33 66.67, silver 15.5 66.67 10.33, basic  900.00 47.45, -  200.00 10.55", "0.00: free 0 70.00 0.00",
        ]);
        var path = $"/api/v1/commissions/statements/{statement.GetProperty("id").GetString()}";
        (await TextAsync(partner, path, "text/html")).ShouldContain("<td>Plan gold</td><td></td><td class=\"n\">20 %</td>");
        (await TextAsync(partner, $"{path}/lines", "text/csv")).ShouldContain("gold 20 %: 333.33 -> 66.67; silver 15.5 %: 66.67 -> 10.33");
    }

    [Fact]
    public async Task A_document_of_a_closed_month_is_taken_back_with_what_its_parts_earned()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: $"{_own}-03", rates: Rates);
        var first = app.Invoices.Of(app.Invoices.Issue($"{_own}-03", branch.Tenant, "300.00"), "gold cloud 100.00", "- - 200.00");
        app.Invoices.Of(app.Invoices.Issue($"{_own}-03", branch.Tenant, "100.00"), "free other 100.00");
        await CloseAsync(platform, $"{_own}-03");
        app.Invoices.Void(first);
        app.Invoices.Of(app.Invoices.Issue($"{_own}-03", branch.Tenant, "1000.00"), "free other 1000.00");
        await CloseAsync(platform, $"{_own}-04");
        var statement = await StatementAsync(platform, branch.Partner, $"{_own}-04");
        Balance(statement).ShouldBe("0.00 -> 0.00 + -40.00 + 0.00 = -40.00, on -40.00, due ");
        // What earns nothing has no share in what is taken back.
        (await ItemsAsync(platform, $"/api/v1/commissions/statements/{statement.GetProperty("id").GetString()}/lines"))
            .Select(x => $"{Amount(x, "commission")}: {Parts(x)}").ShouldBe(
            ["0.00: free 0 1000.00 0.00", "-40.00: gold 20 -100.00 -20.00, -  -200.00 -20.00"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_preview_tells_what_rates_would_earn_and_nothing_is_kept()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: $"{_own}-03");
        app.Invoices.Of(app.Invoices.Issue($"{_own}-03", branch.Tenant, "300.00"), "gold cloud 100.00", "- - 200.00");
        var preview = await Sent(await platform.PostAsJsonAsync("/api/v1/commissions/schemes/preview", new
        {
            organizationId = branch.Partner.Id.Value,
            tiers = new[] { Tier("0", null, "10") },
            rates = Rates,
            period = $"{_own}-03",
        }));
        var item = preview.GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        (Amount(item, "before"), Amount(item, "after"), Rated(item)).ShouldBe(("30.00", "40.00", "gold 20 % of 100.00 = 20.00"));
    }

    [Fact]
    public async Task Lines_are_read_of_documents_on_which_somebody_earns_by_rates_and_of_no_others()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var second = await app.PartnerAsync(other.Platform, other.Distributor);
        using var platform = branch.Administrator();
        // Here the partner earns by its distributor's rates; there one partner has rates, and its distributor and the other partner have none.
        await SchemeAsync(platform, branch.Distributor, [Tier("0", null, "10")], validFrom: $"{_own}-03", rates: Rates);
        await SchemeAsync(platform, other.Distributor, [Tier("0", null, "10")], validFrom: $"{_own}-03");
        await SchemeAsync(platform, second, [Tier("0", null, "10")], validFrom: $"{_own}-03", rates: Rates);
        var below = await app.TenantAsync(other.Platform, second);
        var read = new[] { branch.Tenant, below }.Select(x => app.Invoices.Of(
            app.Invoices.Issue($"{_own}-03", x, "100.00"), "gold cloud 100.00").DocumentId).ToList();
        var plain = app.Invoices.Of(app.Invoices.Issue($"{_own}-03", other.Tenant, "100.00"), "gold cloud 100.00").DocumentId;
        app.Invoices.PartsAsked.Clear();
        await CloseAsync(platform, $"{_own}-03");

        // Months of other tests are looked at, too.
        app.Invoices.PartsAsked.Where(read.Append(plain).Contains).ShouldBe(read, ignoreOrder: true);
        foreach (var (earner, commission) in new[]
            { (branch.Distributor, "20.00"), (branch.Partner, "20.00"), (other.Distributor, "20.00"), (other.Partner, "10.00"), (second, "20.00") })
            Amount(await StatementAsync(platform, earner, $"{_own}-03"), "commission").ShouldBe(commission);

        // Who tries rates out reads what they would be on.
        await Sent(await platform.PostAsJsonAsync("/api/v1/commissions/schemes/preview", new
        {
            organizationId = other.Partner.Id.Value,
            tiers = new[] { Tier("0", null, "10") },
            rates = Rates,
            period = $"{_own}-03",
        }));
        app.Invoices.PartsAsked.ShouldContain(plain);
    }

    [Fact]
    public async Task Rates_that_cannot_be_are_refused_by_field()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        foreach (var (rates, code) in new (object[], string)[]
        {
            ([new { percent = "5" }], "/rates/0 rate_without_target"), ([new { plan = "", percent = "5" }], "/rates/0 rate_without_target"),
            ([new { plan = "a", product = "p", percent = "5" }], "/rates/0 rate_without_target"),
            ([new { plan = "a", percent = "100.1" }], "/rates/0/percent not_a_percentage"),
            ([new { plan = "a", percent = "1" }, new { plan = "a", percent = "2" }], "/rates/1 rate_twice"),
            ([.. Enumerable.Range(0, 201).Select(i => new { plan = $"p{i}", percent = "1" })], "/rates too_many_rates"),
        })
        {
            var refused = await platform.PostAsJsonAsync(
                "/api/v1/commissions/schemes", new { organizationId = branch.Partner.Id.Value, tiers = Usual, rates });
            refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
            (await refused.JsonAsync()).GetProperty("errors").EnumerateArray()
                .Select(x => $"{x.GetProperty("pointer").GetString()} {x.GetProperty("code").GetString()}").ShouldBe([code]);
        }
    }

    private static string Rated(JsonElement of) => string.Join(", ", of.GetProperty("rated").EnumerateArray().Select(x =>
        $"{(x.GetProperty("plan").GetString() ?? x.GetProperty("product").GetString())} {x.GetProperty("percent").GetString()} % of "
        + $"{Amount(x, "basis")} = {Amount(x, "amount")}"));

    private static string Parts(JsonElement line) => string.Join(", ", line.GetProperty("parts").EnumerateArray().Select(x =>
        $"{x.GetProperty("plan").GetString() ?? "-"} {x.GetProperty("percent").GetString()} {Amount(x, "net")} {Amount(x, "commission")}"));

    private static async Task<string> TextAsync(HttpClient client, string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Accept = { new MediaTypeWithQualityHeaderValue(accept) } } };
        using var answer = await client.SendAsync(request, Ct);
        return await answer.Content.ReadAsStringAsync(Ct);
    }
}
