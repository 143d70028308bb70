using Licensing.Usage.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>What a chunk reads of subscriptions that change their plan within the month, beside those that do not.</summary>
public sealed class StretchReadsTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task Who_changes_the_plan_is_read_by_stretches_and_his_other_subscriptions_as_a_whole()
    {
        var branch = await app.BranchAsync();
        object[] Charges(string calls, string machines) =>
        [
            new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = calls } },
            new { key = "machines", name = "Machines", meter = "machines", price = new { model = "perUnit", unitPrice = machines } },
        ];
        var (first, then) = (await app.PlanAsync("stretch-first", Charges("1", "10")), await app.PlanAsync("stretch-then", Charges("2", "20")));
        var same = app.Subscribe(branch.Tenant, first, "2024-04");
        var changed = app.Subscribe(
            branch.Tenant, new(2024, 4, 1), Span(first, "2024-04-01/2024-04-16", 0), Span(then, "2024-04-16/2024-05-01", 0));
        foreach (var (subscription, day) in new[] { (same, "2024-04-03"), (changed, "2024-04-03"), (changed, "2024-04-16") })
        {
            app.Usage.Add(branch.Tenant, subscription, day, "calls", "10");
            app.Usage.Add(branch.Tenant, subscription, day, "machines", "2", region: "eu");
            app.Usage.Add(branch.Tenant, subscription, day, "machines", "2", region: "us");
        }

        app.Usage.Distinct.Add((branch.Tenant.Id, new DistinctUsage(same, "machines", 4, 4)));
        app.Usage.Distinct.Add((branch.Tenant.Id, new DistinctUsage(changed, "machines", 3, 3)));
        await app.BillAsync("2024-04");
        using var platform = await app.PlatformAsync();
        var invoice = (await ItemsAsync(platform, $"/api/v1/invoices?period=2024-04&tenantId={branch.Tenant.Id.Value}")).ShouldHaveSingleItem();
        (await ItemsAsync(platform, $"/api/v1/invoices/{invoice.GetProperty("id").GetString()}/lines"))
            .Select(line => $"{line.GetProperty("chargeKey").GetString()} {line.GetProperty("days").GetProperty("start").GetString()![8..]} "
                + line.GetProperty("net").GetProperty("amount").GetString())
            .ShouldBe(
                ["calls 01 10.00", "machines 01 40.00", "calls 01 10.00", "machines 01 30.00", "calls 16 20.00", "machines 16 60.00"],
                ignoreOrder: true);
    }
}
