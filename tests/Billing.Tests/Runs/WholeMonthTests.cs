using System.Net.Http.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>A month as it is lived, with no part replaced: subscribed, changed, used, billed.</summary>
public sealed class WholeMonthTests(LivedApp app) : IClassFixture<LivedApp>
{
    [Fact]
    public async Task What_is_subscribed_and_used_is_billed()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var subscription = await app.SubscribeAsync(platform, branch.Tenant);
        app.Clock.Set(new DateTimeOffset(2026, 1, 16, 9, 0, 0, TimeSpan.Zero));
        await Sent(await platform.PatchAsJsonAsync($"/api/v1/subscriptions/{subscription}", new { quantities = new { seats = 10 } }));
        using var tenant = branch.As(Roles.TenantAdministrator);
        (await GetAsync(tenant, "/api/v1/billing/summary?period=2026-01")).GetProperty("items")[0].Amount("net").ShouldBe("80.06");
        await LivedApp.UseAsync(platform, subscription);

        // Nobody has rolled up what came a moment ago.
        var preview = await GetAsync(tenant, "/api/v1/billing/summary?period=2026-01");
        preview.GetProperty("estimated").GetBoolean().ShouldBeTrue();
        preview.GetProperty("items")[0].Amount("total").ShouldBe("231.88");
        (await ItemsAsync(tenant, "/api/v1/usage/chargeable-activity?period=2026-01&granularity=day")).Select(
            x => $"{x.GetProperty("period").Text("start")} {x.Text("meter")} {x.Text("quantity")} {x.Amount("amount")}")
            .ShouldBe(["2026-01-10 calls 7 67.08", "2026-01-15 calls 5 47.92", "2026-01-12 gb 3.333 0.17"]);

        app.Clock.Set(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero));
        var operation = await StartAsync(platform, "2026-01");
        await app.DrainAsync();
        (await OperationAsync(platform, operation)).GetProperty("state").GetString().ShouldBe("Succeeded");
        var invoice = (await ItemsAsync(tenant, "/api/v1/invoices")).ShouldHaveSingleItem();
        (invoice.GetProperty("number").GetString(), invoice.GetProperty("usageExact").GetString()).ShouldBe(("1-2026-000001", "115.16665"));
        string[] lines = [.. (await ItemsAsync(tenant, $"/api/v1/invoices/{invoice.GetProperty("id").GetString()}/lines")).Select(
            x => $"{x.Text("description")} {x.Amount("net")} +{x.Amount("tax")}")];
        lines.ShouldBe(["base 8.71 +1.74", "Seats 17.74 +3.55", "Seats 51.61 +10.32", "Calls 115.00 +23.00", "Storage 0.17 +0.04"]);
        invoice.Amount("total").ShouldBe("231.88");
    }
}
