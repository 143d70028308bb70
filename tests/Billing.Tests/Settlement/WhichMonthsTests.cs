using Licensing.Billing.Tests.Invoices;
using Licensing.Host.Database;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;
using static Licensing.Billing.Tests.Settlement.SettlementApp;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>Which months a round looks at again, and which it leaves to a round of their own.</summary>
public sealed class WhichMonthsTests(SettlementApp app) : IClassFixture<SettlementApp>
{
    [Fact]
    public async Task What_is_shown_of_a_month_that_is_billed_after_all_takes_back_what_another_adjusted()
    {
        var branch = await app.BranchAsync();
        object calls = new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "1.00" } };
        var subscription = app.Subscribe(branch.Tenant, new(2020, 1, 1), Span(await app.PlanAsync("shown", [calls]), "2020-01-01/2020-04-01", 0));
        await app.BillAsync("2020-01");
        app.Use(branch.Tenant, subscription, "2020-01-10", "calls", "10");
        await app.BillAsync("2020-02");
        // Nothing is noted any more: it follows from what stands alone.
        await app.BillAsync("2020-03");
        (await app.ScalarAsync<long>($"select count(*) from billing.late_months where tenant_id = '{branch.Tenant.Id.Value}'")).ShouldBe(0);
        using var platform = await app.PlatformAsync();
        (await GetAsync(platform, "/api/v1/billing/generate/2020-01")).GetProperty("totals")[0].Amount("net").ShouldBe("0.00");
        await app.BillAsync("2020-01");
        (await app.LinesAsync(branch.Tenant, "2020-01")).ShouldBe(["Calls 10.00 at 20", "Calls -10.00 at 20, 2020-01-01 #2: 0.00 - 10.00"]);
    }

    [Fact]
    public async Task A_month_in_which_a_tenant_could_not_be_billed_waits_for_its_own_round()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("left-out", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2021, 1, 1), Span(plan, "2021-01-01/2021-03-01", 0));
        app.Use(branch.Tenant, subscription, "2021-01-10", "calls", "7");
        app.Use(branch.Tenant, subscription, "2021-01-10", "gb", "1");
        (await app.BillAsync("2021-01")).GetProperty("errors").EnumerateArray().Single(x => x.Text("subject") == branch.Tenant.ExternalId)
            .Text("code").ShouldBe("price_missing");

        // Mended, January is nobody's difference: nothing of it is billed yet.
        app.Use(branch.Tenant, subscription, "2021-01-10", "gb", "-1");
        await app.BillAsync("2021-02");
        (await app.LinesAsync(branch.Tenant, "2021-02")).ShouldBe(["Calls 2.00 at 20"]);
        await app.BillAsync("2021-01");
        (await app.LinesAsync(branch.Tenant, "2021-01")).ShouldBe(["Calls 72.00 at 20"]);
    }

    [Fact]
    public async Task A_mark_of_another_database_has_everything_looked_at_once_more()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("marked", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2022, 1, 1), Span(plan, "2022-01-01/2022-03-01", 0));
        app.Use(branch.Tenant, subscription, "2022-01-10", "calls", "7");
        await app.BillAsync("2022-01");
        // As in a copy, whose transactions began anew.
        var owner = app.Services.GetRequiredService<SchemaOwner>().Database;
        await using (var ahead = owner.CreateCommand("update billing.usage_marks set mark = 1000000"))
            (await ahead.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
        app.Use(branch.Tenant, subscription, "2022-01-11", "calls", "5");
        await app.BillAsync("2022-02");
        (await app.LinesAsync(branch.Tenant, "2022-02")).ShouldBe(["Calls 2.00 at 20", "Calls 43.00 at 20, 2022-01-01 #1: 115.00 - 72.00"]);
    }
}
