using Licensing.Billing.Data;
using Licensing.Billing.Runs;
using Licensing.Billing.Tests.Invoices;
using Microsoft.EntityFrameworkCore;
using static Licensing.Billing.Tests.BillingApp;
using static Licensing.Billing.Tests.Settlement.SettlementApp;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>What came late while some months are issued and others are drafts that are drawn anew.</summary>
[Trait("Fault", "F23")]
public sealed class LateAndDraftsTests(SettlementApp app) : IClassFixture<SettlementApp>, IDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => app.Probe.At = null;

    [Fact]
    public async Task Who_has_the_months_invoice_gets_what_comes_late_with_the_next()
    {
        var branch = await app.BranchAsync();
        var other = await app.TenantAsync(branch.Platform, branch.Partner);
        var plan = await app.PlanAsync("issued", [Calls]);
        var (first, second) = (
            app.Subscribe(branch.Tenant, new(2024, 1, 1), Span(plan, "2024-01-01/2024-04-01", 0)),
            app.Subscribe(other, new(2024, 1, 1), Span(plan, "2024-01-01/2024-04-01", 0)));
        app.Use(branch.Tenant, first, "2024-01-10", "calls", "7");
        app.Use(other, second, "2024-01-10", "calls", "7");
        await app.BillAsync("2024-01");
        await app.BillAsync("2024-02", issue: false);
        using var platform = await app.PlatformAsync();
        var (path, _) = await app.InvoiceOfAsync(branch.Tenant, "2024-02");
        await Sent(await platform.PostAsync($"{path}/issue", null));
        app.Use(branch.Tenant, first, "2024-01-11", "calls", "5");
        app.Use(other, second, "2024-01-11", "calls", "5");

        (await app.BillAsync("2024-02")).Text("state").ShouldBe("Succeeded");
        string[] late = ["Calls 2.00 at 20", "Calls 43.00 at 20, 2024-01-01 #1: 115.00 - 72.00"];
        (await app.LinesAsync(branch.Tenant, "2024-02")).ShouldBe(["Calls 2.00 at 20"]);
        (await app.LinesAsync(other, "2024-02")).ShouldBe(late);
        await app.BillAsync("2024-03");
        (await app.LinesAsync(branch.Tenant, "2024-03")).ShouldBe(late);
        (await app.LinesAsync(other, "2024-03")).ShouldBe(["Calls 2.00 at 20"]);
        await CommonChecker.HoldsAsync(app, Ct);
    }

    [Fact]
    public async Task What_only_a_draft_adjusts_is_looked_at_until_that_is_issued()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("drafted", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2024, 5, 1), Span(plan, "2024-05-01/2024-08-01", 0));
        app.Use(branch.Tenant, subscription, "2024-05-10", "calls", "7");
        await app.BillAsync("2024-05");
        app.Use(branch.Tenant, subscription, "2024-05-11", "calls", "5");
        await app.BillAsync("2024-06", issue: false);
        string[] late = ["Calls 2.00 at 20", "Calls 43.00 at 20, 2024-05-01 #1: 115.00 - 72.00"];
        (await app.LinesAsync(branch.Tenant, "2024-06")).ShouldBe(late);

        // It owes nothing beside the draft, and yet the draft may be drawn anew.
        await app.BillAsync("2024-07");
        (await app.LinesAsync(branch.Tenant, "2024-07")).ShouldBe(["Calls 2.00 at 20"]);
        await app.BillAsync("2024-06");
        (await app.LinesAsync(branch.Tenant, "2024-06")).ShouldBe(late);
        await CommonChecker.HoldsAsync(app, Ct);
    }

    [Fact]
    public async Task What_takes_back_what_a_draft_adjusted_is_taken_back_itself_when_the_draft_goes()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("taken-back", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2023, 5, 1), Span(plan, "2023-05-01/2023-08-01", 0));
        app.Use(branch.Tenant, subscription, "2023-05-10", "calls", "7");
        await app.BillAsync("2023-05");
        app.Use(branch.Tenant, subscription, "2023-05-11", "calls", "5");
        await app.BillAsync("2023-06", issue: false);
        app.Use(branch.Tenant, subscription, "2023-05-11", "calls", "-5");
        await app.BillAsync("2023-07");
        (await app.LinesAsync(branch.Tenant, "2023-07")).ShouldBe(["Calls 2.00 at 20", "Calls -43.00 at 20, 2023-05-01 #2: 72.00 - 115.00"]);
        await app.BillAsync("2023-06");
        (await app.LinesAsync(branch.Tenant, "2023-06")).ShouldBe(["Calls 2.00 at 20", "Calls 43.00 at 20, 2023-05-01 #3: 72.00 - 29.00"]);
        await CommonChecker.HoldsAsync(app, Ct);
    }

    [Fact]
    public async Task What_is_noted_anew_while_it_is_settled_is_not_forgotten()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("anew", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2025, 1, 1), Span(plan, "2025-01-01/2025-05-01", 0));
        app.Use(branch.Tenant, subscription, "2025-01-10", "calls", "7");
        await app.BillAsync("2025-01");
        app.Use(branch.Tenant, subscription, "2025-01-11", "calls", "5");
        await app.BillAsync("2025-02");
        using var platform = await app.PlatformAsync();
        await StartAsync(platform, "2025-03");
        var met = false;
        app.Probe.At = async place =>
        {
            // March has found that January owes nothing any more. Before it writes that down more comes, of which April is told when it is planned.
            if (place != "rated" || met)
                return;
            met = true;
            app.Use(branch.Tenant, subscription, "2025-01-12", "calls", "1");
            await StartAsync(platform, "2025-04");
            var april = await app.InAsync<BillingDb, BillingRun>(
                db => db.Runs.AsNoTracking().SingleAsync(x => x.PeriodStart == new DateOnly(2025, 4, 1), Ct));
            await app.InAsync<RunPlanner, bool>(async planner =>
            {
                await planner.PlanAsync(april, Ct);
                return true;
            });
        };
        await app.DrainAsync();
        met.ShouldBeTrue();
        (await app.LinesAsync(branch.Tenant, "2025-03")).ShouldBe(["Calls 2.00 at 20"]);
        (await app.LinesAsync(branch.Tenant, "2025-04")).ShouldBe(
            ["Calls 2.00 at 20", "Calls 5.00 at 20, 2025-01-01 #2: 120.00 - 115.00"]);
        await CommonChecker.HoldsAsync(app, Ct);
    }
}
