using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Usage.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>A month as it is lived, with no part replaced: subscribed, changed, used, billed.</summary>
public sealed class WholeMonthTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task What_is_subscribed_and_used_is_billed()
    {
        app.Clock.Set(new DateTimeOffset(2026, 1, 5, 9, 0, 0, TimeSpan.Zero));
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        Task<JsonElement> PostAsync(string path, object body) => SentAsync(platform.PostAsJsonAsync($"/api/v1/{path}", body));

        await SentAsync(
            platform.PutAsJsonAsync("/api/v1/tax-rates", new { country = "DE", category = "S", percent = "20", validFrom = "2020-01-01" }));
        await PostAsync("products", new { key = Product, name = "Billed", features = new[] { new { key = "seats", name = "Seats" } } });
        await PostAsync("meters", new { key = "calls", unit = "Calls", aggregation = "sum" });
        await PostAsync("meters", new { key = "gb", unit = "GB", aggregation = "sum" });
        await PostAsync("pricing", new
        {
            key = "list",
            name = "List",
            scope = "Global",
            currency = "EUR",
            validFrom = "2026-01-01",
            items = new[] { new { sku = "STORAGE", meter = "gb", name = "Storage", price = new { model = "perUnit", unitPrice = "0.05" } } },
        });
        var plan = await PostAsync("plans", new
        {
            key = "whole",
            name = "Whole",
            product = Product,
            currency = "EUR",
            usesPriceLists = true,
            charges = new[]
            {
                Flat("base", "10.00"), Seats("10"),
                new
                {
                    key = "calls",
                    name = "Calls",
                    meter = "calls",
                    price = new { model = "graduated",
                        tiers = new object[] { new { upTo = "10", unitPrice = "10", flatFee = "2" }, new { unitPrice = "5", flatFee = "3" } } },
                },
            },
        });
        var planId = plan.GetProperty("id").GetString();
        await PostAsync($"plans/{planId}/publish", new { });
        var subscription = await PostAsync("subscriptions", new { tenantId = branch.Tenant.Id.Value, planId, quantities = new { seats = 5 } });
        var subscriptionId = subscription.GetProperty("id").GetString();

        app.Clock.Set(new DateTimeOffset(2026, 1, 16, 9, 0, 0, TimeSpan.Zero));
        await SentAsync(platform.PatchAsJsonAsync($"/api/v1/subscriptions/{subscriptionId}", new { quantities = new { seats = 10 } }));
        var usage = await PostAsync("usage", new
        {
            records = new object[]
            {
                new { id = "1", subscriptionId, meter = "calls", quantity = "7", start = "2026-01-10T00:00:00Z" },
                new { id = "2", subscriptionId, meter = "calls", quantity = "5", start = "2026-01-15T23:59:59Z" },
                new { id = "3", subscriptionId, meter = "gb", sku = "STORAGE", quantity = "3.333", start = "2026-01-12T00:00:00Z", region = "eu" },
            },
        });
        usage.GetProperty("accepted").GetInt32().ShouldBe(3);
        await app.InAsync<IUsageTotals, bool>(async totals =>
        {
            await totals.CatchUpAsync(Period.Month(2026, 1), CancellationToken.None);
            return true;
        });
        using var tenant = branch.As(Roles.TenantAdministrator);
        var preview = await GetAsync(tenant, "/api/v1/billing/summary?period=2026-01");
        preview.GetProperty("estimated").GetBoolean().ShouldBeTrue();

        app.Clock.Set(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero));
        var operation = await StartAsync(platform, "2026-01");
        await app.DrainAsync();
        (await OperationAsync(platform, operation)).GetProperty("state").GetString().ShouldBe("Succeeded");
        var invoice = (await ItemsAsync(tenant, "/api/v1/invoices")).ShouldHaveSingleItem();
        (invoice.GetProperty("number").GetString(), invoice.GetProperty("usageExact").GetString()).ShouldBe(("1-2026-000001", "115.16665"));
        string[] lines = [.. (await ItemsAsync(tenant, $"/api/v1/invoices/{invoice.GetProperty("id").GetString()}/lines")).Select(
            x => $"{x.GetProperty("description").GetString()} {Amount(x, "net")} +{Amount(x, "tax")}")];
        lines.ShouldBe(["base 8.71 +1.74", "Seats 17.74 +3.55", "Seats 51.61 +10.32", "Calls 115.00 +23.00", "Storage 0.17 +0.04"]);
        Amount(invoice, "total").ShouldBe("231.88");
        Amount(preview.GetProperty("items")[0], "total").ShouldBe("231.88");
    }

    private static async Task<JsonElement> SentAsync(Task<HttpResponseMessage> answer) => await Sent(await answer);

    private static string Amount(JsonElement from, string field) => from.GetProperty(field).GetProperty("amount").GetString()!;
}
