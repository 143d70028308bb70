using System.Text.Json;
using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Statements;

public sealed class CommissionSummaryTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    [Fact]
    public async Task Commissions_are_worked_out_up_the_tree()
    {
        var branch = await app.BranchAsync();
        var second = await app.PartnerAsync(branch.Platform, branch.Distributor);
        var (tenant, third) = (await app.TenantAsync(branch.Platform, second), await app.TenantAsync(branch.Platform, branch.Partner));
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Distributor, [Tier("0", null, "20")], basis: "Override");
        await SchemeAsync(platform, branch.Partner, Usual);
        app.Invoices.Issue("2024-02", branch.Tenant, "6999.99");
        app.Invoices.Issue("2024-02", third, "0.01");
        app.Invoices.Issue("2024-02", tenant, "1000.00");

        using var distributor = branch.As(Roles.DistributorReader);
        // The list goes by path, whose order among siblings is not that of their codes.
        var items = (await ItemsAsync(distributor, "/api/v1/commissions/summary?period=2024-02"))
            .OrderByDescending(x => decimal.Parse(x.GetProperty("basis").GetProperty("amount").GetString()!)).ToList();
        items.Select(Told).ShouldBe(
        [
            // 8,000 at 20 %, less what its partners earn.
            $"{branch.Distributor.ExternalId} Distributor basis 8000.00 gross 1600.00 overridden 770.00 commission 830.00",
            $"{branch.Partner.ExternalId} Partner basis 7000.00 gross 570.00 overridden 0.00 commission 570.00",
            // Without a scheme of its own it earns by its distributor's.
            $"{second.ExternalId} Partner basis 1000.00 gross 200.00 overridden 0.00 commission 200.00",
        ]);
        items[1].GetProperty("steps").GetRawText().ShouldBe(
            """[{"from":"0","to":"1000","percent":"5","basis":"1000","amount":"50"},"""
            + """{"from":"1000","to":"5000","percent":"8","basis":"4000","amount":"320"},"""
            + """{"from":"5000","to":null,"percent":"10","basis":"2000","amount":"200"}]""");
        items[2].GetProperty("scheme").GetProperty("inherited").GetBoolean().ShouldBeTrue();
        items[2].GetProperty("scheme").GetProperty("id").ValueKind.ShouldBe(JsonValueKind.Null);
        items[1].GetProperty("invoiceCount").GetInt32().ShouldBe(2);
        Sum(items[1].GetProperty("invoices").EnumerateArray(), "commission").ShouldBe(570.00m);

        var one = (await ItemsAsync(distributor, $"/api/v1/commissions/summary?period=2024-02&organizationId={second.Id.Value}"))
            .ShouldHaveSingleItem();
        Told(one).ShouldEndWith("commission 200.00");
    }

    [Fact]
    public async Task Volume_pays_all_at_the_tier_it_falls_in()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, Usual, "Volume");
        app.Invoices.Issue("2024-03", branch.Tenant, "7000.00");
        using var partner = branch.As(Roles.PartnerReader);
        Told((await ItemsAsync(partner, "/api/v1/commissions/summary?period=2024-03")).ShouldHaveSingleItem()).ShouldEndWith("commission 700.00");
    }

    [Fact]
    public async Task Another_currency_is_told_for_that_organisation_alone()
    {
        var branch = await app.BranchAsync();
        var second = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Distributor, [Tier("0", null, "10")], basis: "Override");
        app.Invoices.Issue("2024-06", branch.Tenant, "100.00", "USD");
        app.Invoices.Issue("2024-06", await app.TenantAsync(branch.Platform, second), "50.00");
        using var distributor = branch.As(Roles.DistributorReader);
        var summary = await Sent(await distributor.GetAsync("/api/v1/commissions/summary?period=2024-06"));
        summary.GetProperty("errors").EnumerateArray().Select(x => $"{x.GetProperty("subject").GetString()} {x.GetProperty("code").GetString()}")
            .ShouldBe(
            [$"{branch.Partner.ExternalId} exchange_rate_missing", $"{branch.Distributor.ExternalId} exchange_rate_missing"]);
        Told(summary.GetProperty("items").EnumerateArray().ShouldHaveSingleItem()).ShouldBe(
            $"{second.ExternalId} Partner basis 50.00 gross 5.00 overridden 0.00 commission 5.00");
    }

    private static string Told(JsonElement item) =>
        $"{item.GetProperty("externalId").GetString()} {item.GetProperty("kind").GetString()} "
        + string.Join(' ',
            new[] { "basis", "gross", "overridden", "commission" }.Select(x => $"{x} {item.GetProperty(x).GetProperty("amount").GetString()}"));

    private static decimal Sum(IEnumerable<JsonElement> lines, string field) =>
        lines.Sum(x => decimal.Parse(x.GetProperty(field).GetProperty("amount").GetString()!));
}
