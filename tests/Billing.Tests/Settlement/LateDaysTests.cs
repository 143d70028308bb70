using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>Days that a subscription gets after their month was billed; with no part replaced.</summary>
public sealed class LateDaysTests(LivedApp app) : LateDays(app), IClassFixture<LivedApp>
{
    [Fact]
    public async Task Days_that_are_sold_after_their_month_was_billed_are_on_the_next_invoice()
    {
        var branch = await Lived.BranchAsync();
        using var platform = branch.Administrator();
        await BillAsync(platform, 2026, 2);
        await Lived.SubscribeAsync(platform, branch.Tenant, "2026-01-16");
        await Lived.DrainAsync();
        await BillAsync(platform, 2026, 3);

        // 16 of January's 31 days of 10.00 and of five seats at 10.00; and 2.00 for no calls at all.
        (await LinesAsync(platform, branch.Tenant, "2026-02")).ShouldBe(
        [
            "base 10.00", "Seats 50.00", "Calls 2.00", "base 5.16 of 2026-01-01", "Seats 25.81 of 2026-01-01", "Calls 2.00 of 2026-01-01",
        ]);
        (await ItemsAsync(platform, $"/api/v1/invoices?period=2026-01&tenantId={branch.Tenant.Id.Value}")).ShouldBeEmpty();
        await BillAsync(platform, 2026, 4);
        (await LinesAsync(platform, branch.Tenant, "2026-03")).ShouldBe(["base 10.00", "Seats 50.00", "Calls 2.00"]);
    }
}

/// <summary>Days that a subscription ends with after their month was billed; with no part replaced.</summary>
public sealed class LateEndTests(LivedApp app) : LateDays(app), IClassFixture<LivedApp>
{
    [Fact]
    public async Task The_fee_of_an_end_on_the_first_is_of_the_month_that_was_billed_in_the_night()
    {
        var branch = await Lived.BranchAsync();
        using var platform = branch.Administrator();
        var plan = (await LivedApp.PostAsync(platform, "plans", new
        {
            key = "bound",
            name = "Bound",
            product = Product,
            currency = "EUR",
            charges = new[] { Flat("base", "100.00") },
            terms = new { termMonths = 12, earlyCancellation = new { allowed = true, feePercent = "25" } },
        })).Text("id");
        await LivedApp.PostAsync(platform, $"plans/{plan}/publish", new { });
        Lived.Clock.Set(new DateTimeOffset(2027, 1, 1, 9, 0, 0, TimeSpan.Zero));
        var subscription = (await LivedApp.PostAsync(
            platform, "subscriptions", new { tenantId = branch.Tenant.Id.Value, planId = plan, quantities = new { } })).Text("id");
        // Told before there is a run, so that October is looked at again for the end alone.
        await Lived.DrainAsync();
        await BillAsync(platform, 2027, 11);
        await LivedApp.PostAsync(platform, $"subscriptions/{subscription}/cancel", new { at = "now" });
        await Lived.DrainAsync();
        (await LinesAsync(platform, branch.Tenant, "2027-10")).ShouldBe(["base 100.00"]);

        // A quarter of November and December.
        await BillAsync(platform, 2027, 12);
        (await LinesAsync(platform, branch.Tenant, "2027-11")).ShouldBe(["Bound: early end 50.00 of 2027-10-01"]);
        await BillAsync(platform, 2028, 1);
        (await LinesAsync(platform, branch.Tenant, "2027-12")).ShouldBeEmpty();
    }
}

/// <summary>Bills one month after the other, as the clock goes.</summary>
public abstract class LateDays(LivedApp app)
{
    private protected LivedApp Lived => app;

    // On the first of the month after it.
    private protected async Task BillAsync(HttpClient platform, int year, int month)
    {
        app.Clock.Set(new DateTimeOffset(year, month, 1, 1, 0, 0, TimeSpan.Zero));
        var billed = new DateOnly(year, month, 1).AddMonths(-1);
        await Sent(await platform.PostAsJsonAsync($"/api/v1/billing/generate/{billed:yyyy-MM}", new { issue = true }));
        await app.DrainAsync();
    }

    private protected static async Task<string[]> LinesAsync(HttpClient platform, OrganizationRef tenant, string month)
    {
        var lines = new List<string>();
        foreach (var invoice in await ItemsAsync(platform, $"/api/v1/invoices?period={month}&tenantId={tenant.Id.Value}"))
            foreach (var line in await ItemsAsync(platform, $"/api/v1/invoices/{invoice.Text("id")}/lines"))
                lines.Add($"{line.Text("description")} {line.Amount("net")}"
                    + (line.GetProperty("adjustment") is { ValueKind: JsonValueKind.Object } of
                        ? $" of {of.GetProperty("month").Text("start")}"
                        : ""));
        return [.. lines];
    }
}
