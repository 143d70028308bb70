using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using Licensing.Usage.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>What the usage and the days of a month come to: several regions, a change of plan, nothing due, corrections, trials.</summary>
public sealed class BilledUsageTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task A_resource_in_several_regions_is_billed_once()
    {
        var branch = await app.BranchAsync();
        var other = await app.TenantAsync(branch.Platform, branch.Partner);
        object[] charges = [new { key = "machines", name = "Machines", meter = "machines", price = new { model = "perUnit", unitPrice = "10" } }];
        // The same usage on both: without price lists, records that name a SKU are of the charge too.
        foreach (var (tenant, plan) in new[]
        {
            (branch.Tenant, await app.PlanAsync("distinct", charges)), (other, await app.PlanAsync("distinct-listed", charges, usesPriceLists: true)),
        })
        {
            var subscription = app.Subscribe(tenant, plan, "2024-12");
            app.Usage.Add(tenant, subscription, "2024-12-02", "machines", "2", region: "eu");
            app.Usage.Add(tenant, subscription, "2024-12-02", "machines", "2", region: "us");
            app.Usage.Distinct.Add((tenant.Id, new DistinctUsage(subscription, "machines", 3, 2)));
        }

        await app.BillAsync("2024-12");
        using var platform = branch.Administrator();
        (await ItemsAsync(platform, "/api/v1/invoices?period=2024-12")).ToDictionary(x => x.GetProperty("tenantId").GetGuid(), x => x.Amount("net"))
            .ShouldBe(new Dictionary<Guid, string> { [branch.Tenant.Id.Value] = "30.00", [other.Id.Value] = "20.00" }, ignoreOrder: true);
    }

    [Fact]
    public async Task A_change_of_plan_prices_the_usage_of_each_day_by_the_plan_of_that_day()
    {
        var branch = await app.BranchAsync();
        object[] Calls(string unitPrice) => [new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice } }];
        var (cheap, dear) = (await app.PlanAsync("changed-from", Calls("0.10")), await app.PlanAsync("changed-to", Calls("1.00")));
        var subscription = app.Subscribe(
            branch.Tenant, new DateOnly(2022, 1, 1), Span(cheap, "2022-04-01/2022-04-30", 0), Span(dear, "2022-04-30/2022-05-01", 0));
        app.Usage.Add(branch.Tenant, subscription, "2022-04-01", "calls", "400");
        app.Usage.Add(branch.Tenant, subscription, "2022-04-29", "calls", "600");
        app.Usage.Add(branch.Tenant, subscription, "2022-04-30", "calls", "3");
        await app.BillAsync("2022-04");

        using var platform = branch.Administrator();
        var invoice = (await ItemsAsync(platform, $"/api/v1/invoices?period=2022-04&tenantId={branch.Tenant.Id.Value}")).ShouldHaveSingleItem();
        var lines = await ItemsAsync(platform, $"/api/v1/invoices/{invoice.GetProperty("id").GetString()}/lines");
        lines.Select(x => x.Billed()).ShouldBe(["calls 2022-04-01/2022-04-30 x1000 100.00 +20.00", "calls 2022-04-30/2022-05-01 x3 3.00 +0.60"]);
        lines[1].GetProperty("rollup").GetProperty("days").GetRawText().ShouldBe("""{"start":"2022-04-30","end":"2022-05-01"}""");
    }

    [Fact]
    public async Task Nothing_due_is_no_invoice()
    {
        var branch = await app.BranchAsync();
        var usageOnly = await app.PlanAsync("nothing", [Seats("10")], usesPriceLists: true);
        app.Subscribe(branch.Tenant, usageOnly, "2024-09", seats: 0);
        var operation = await app.BillAsync("2024-09");
        operation.GetProperty("result").GetRawText().ShouldBe("""{"net":[],"issued":0,"invoices":0,"notBilled":0}""");
    }

    [Fact]
    public async Task Recorded_usage_is_shown_on_an_invoice_also_when_it_comes_to_nothing()
    {
        var branch = await app.BranchAsync();
        var usageOnly = await app.PlanAsync("corrected", [Seats("10")], usesPriceLists: true);
        var subscription = app.Subscribe(branch.Tenant, usageOnly, "2023-11", seats: 0);
        app.Usage.Add(branch.Tenant, subscription, "2023-11-05", "gb", "5", "STORAGE");
        app.Usage.Add(branch.Tenant, subscription, "2023-11-06", "gb", "-5", "STORAGE");
        var operation = await app.BillAsync("2023-11");
        operation.GetProperty("result").GetRawText().ShouldBe(
            """{"net":[{"amount":"0.00","currency":"EUR"}],"issued":1,"invoices":1,"notBilled":0}""");
    }

    [Fact]
    public async Task Trial_days_and_what_is_used_on_them_are_free()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("trial", [Flat("base", "30")], usesPriceLists: true, trialDays: 10);
        var subscription = app.Subscribe(
            branch.Tenant, new DateOnly(2024, 11, 1), new DateOnly(2024, 11, 11), Span(plan, "2024-11", 0));
        app.Usage.Add(branch.Tenant, subscription, "2024-11-10", "gb", "100", "STORAGE");
        app.Usage.Add(branch.Tenant, subscription, "2024-11-11", "gb", "20", "STORAGE");
        await app.BillAsync("2024-11");
        using var tenant = branch.As(Roles.TenantAdministrator);
        var invoice = (await ItemsAsync(tenant, "/api/v1/invoices?period=2024-11")).ShouldHaveSingleItem();
        string[] lines = [.. (await ItemsAsync(tenant, $"/api/v1/invoices/{invoice.GetProperty("id").GetString()}/lines")).Select(x => x.Billed())];
        lines.ShouldBe(["base 2024-11-11/2024-12-01 x1 20.00 +4.00", "STORAGE 2024-11-11/2024-12-01 x20 1.00 +0.20"]);
    }

    [Fact]
    public async Task Days_and_usage_before_a_later_plan_says_trial_are_paid()
    {
        var branch = await app.BranchAsync();
        var paid = await app.PlanAsync("paid", [Flat("base", "31")], usesPriceLists: true);
        var tried = await app.PlanAsync("tried", [Flat("more", "62")], usesPriceLists: true, trialDays: 30);
        var subscription = app.Subscribe(
            branch.Tenant, new DateOnly(2023, 10, 1), Span(paid, "2023-10-01/2023-10-21", 0), Span(tried, "2023-10-21/2023-11-01", 0));
        app.Usage.Add(branch.Tenant, subscription, "2023-10-05", "gb", "100", "STORAGE");
        await app.BillAsync("2023-10");
        using var tenant = branch.As(Roles.TenantAdministrator);
        var invoice = (await ItemsAsync(tenant, "/api/v1/invoices?period=2023-10")).ShouldHaveSingleItem();
        string[] lines = [.. (await ItemsAsync(tenant, $"/api/v1/invoices/{invoice.GetProperty("id").GetString()}/lines")).Select(x => x.Billed())];
        lines.ShouldBe(
        [
            "base 2023-10-01/2023-10-21 x1 20.00 +4.00", "more 2023-10-21/2023-11-01 x1 22.00 +4.40",
            "STORAGE 2023-10-01/2023-10-21 x100 5.00 +1.00",
        ]);
    }
}
