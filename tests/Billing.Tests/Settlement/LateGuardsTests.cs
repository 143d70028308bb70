using Licensing.Billing.Tests.Invoices;
using Licensing.Host.Database;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;
using static Licensing.Billing.Tests.Settlement.SettlementApp;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>Months that look billed and are not, or of which nobody says that something came late.</summary>
public sealed class LateGuardsTests(SettlementApp app) : IClassFixture<SettlementApp>, IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        app.Probe.Generated = null;
        await CommonChecker.HoldsAsync(app, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_month_that_could_not_be_billed_is_adjusted_by_none_and_billed_as_a_whole()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("parked", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2022, 1, 1), Span(plan, "2022-01-01/2022-04-01", 0));
        app.Use(branch.Tenant, subscription, "2022-01-10", "calls", "7");
        app.Probe.Generated = bill => bill with { Charges = [.. bill.Charges, bill.Charges[0]] };
        (await app.BillAsync("2022-01")).GetProperty("result").GetProperty("notBilled").GetInt32().ShouldBeGreaterThan(0);
        app.Probe.Generated = null;

        app.Use(branch.Tenant, subscription, "2022-01-31", "calls", "5");
        await app.BillAsync("2022-02");
        (await app.LinesAsync(branch.Tenant, "2022-02")).ShouldBe(["Calls 2.00 at 20"]);
        await app.BillAsync("2022-01");
        (await app.LinesAsync(branch.Tenant, "2022-01")).ShouldBe(["Calls 115.00 at 20"]);
        await app.BillAsync("2022-03");
        (await app.LinesAsync(branch.Tenant, "2022-03")).ShouldBe(["Calls 2.00 at 20"]);
    }

    [Fact]
    public async Task A_mark_of_another_database_has_everything_looked_at_once_more()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("copied", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2021, 1, 1), Span(plan, "2021-01-01/2021-03-01", 0));
        app.Use(branch.Tenant, subscription, "2021-01-10", "calls", "7");
        await app.BillAsync("2021-01");

        await using (var further = app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(
            "update billing.usage_marks set mark = mark + 1000"))
            (await further.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
        app.Use(branch.Tenant, subscription, "2021-01-31", "calls", "5");
        await app.BillAsync("2021-02");
        (await app.LinesAsync(branch.Tenant, "2021-02")).ShouldBe(
            ["Calls 2.00 at 20", "Calls 43.00 at 20, 2021-01-01 #1: 115.00 - 72.00"]);
    }

    [Fact]
    public async Task A_preview_takes_back_what_another_month_adjusted_as_its_run_does()
    {
        var branch = await app.BranchAsync();
        object calls = new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "1.00" } };
        var plan = await app.PlanAsync("shown", [calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2023, 5, 1), Span(plan, "2023-05-01/2023-08-01", 0));
        await app.BillAsync("2023-05");
        app.Use(branch.Tenant, subscription, "2023-05-10", "calls", "10");
        await app.BillAsync("2023-06");
        (await app.NetAsync(branch.Tenant, "2023-06")).ShouldBe(10m);
        // Nothing is noted of May any more.
        await app.BillAsync("2023-07");

        using var platform = await app.PlatformAsync();
        var shown = (await GetAsync(platform, "/api/v1/billing/generate/2023-05")).GetProperty("totals")[0];
        (shown.GetProperty("invoices").GetInt32(), shown.Amount("net")).ShouldBe((1, "0.00"));
        await app.BillAsync("2023-05");
        (await app.NetAsync(branch.Tenant, "2023-05")).ShouldBe(0m);
    }
}
