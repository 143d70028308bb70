using System.Net.Http.Json;
using Licensing.Billing.Tests.Invoices;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Advance;

/// <summary>Two months as they are lived, with no part replaced: what the catalog and the subscriptions tell is what is billed in advance.</summary>
public sealed class LivedAdvanceTests(LivedApp app) : IClassFixture<LivedApp>
{
    [Fact]
    public async Task Seats_in_advance_are_billed_with_the_month_before_and_a_change_with_its_own()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var plan = (await LivedApp.PostAsync(platform, "plans", new
        {
            key = "ahead",
            name = "Ahead",
            product = Product,
            currency = "EUR",
            charges = new object[] { AheadLines.SeatsAhead("10.00"), Flat("after", "2.80") },
        })).Text("id");
        await LivedApp.PostAsync(platform, $"plans/{plan}/publish", new { });
        var subscription = (await LivedApp.PostAsync(
            platform, "subscriptions", new { tenantId = branch.Tenant.Id.Value, planId = plan, quantities = new { seats = 5 } })).Text("id");
        // Who has no charges in advance is billed as ever.
        await app.SubscribeAsync(platform, await app.TenantAsync(branch.Platform, branch.Partner));

        app.Clock.Set(new DateTimeOffset(2026, 2, 2, 9, 0, 0, TimeSpan.Zero));
        await BillAsync("2026-01");
        (await LinesAsync("2026-01")).ShouldBe(["Seats 43.55", "after 2.44", "Seats 50.00"]);

        app.Clock.Set(new DateTimeOffset(2026, 2, 15, 9, 0, 0, TimeSpan.Zero));
        await Sent(await platform.PatchAsJsonAsync($"/api/v1/subscriptions/{subscription}", new { quantities = new { seats = 10 } }));
        app.Clock.Set(new DateTimeOffset(2026, 3, 1, 9, 0, 0, TimeSpan.Zero));
        await BillAsync("2026-02");
        (await LinesAsync("2026-02")).ShouldBe(["Seats -25.00", "Seats 50.00", "after 2.80", "Seats 100.00"]);

        async Task BillAsync(string month)
        {
            var operation = await StartAsync(platform, month);
            await app.DrainAsync();
            (await OperationAsync(platform, operation)).Text("state").ShouldBe("Succeeded");
        }

        async Task<string[]> LinesAsync(string month)
        {
            var invoice = (await ItemsAsync(platform, $"/api/v1/invoices?period={month}&tenantId={branch.Tenant.Id.Value}")).Single();
            return [.. (await ItemsAsync(platform, $"/api/v1/invoices/{invoice.Text("id")}/lines")).Select(
                x => $"{x.Text("description")} {x.Amount("net")}")];
        }
    }
}
