using Licensing.Billing.Tests.Invoices;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>With no part replaced: a preview never differs from the invoice, however fresh the usage is.</summary>
public sealed class PreviewTests(LivedApp app) : IClassFixture<LivedApp>
{
    [Fact]
    public async Task What_was_acknowledged_and_nobody_has_rolled_up_is_in_the_preview_as_on_the_invoice()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var subscription = await app.SubscribeAsync(platform, branch.Tenant);
        app.Clock.Set(new DateTimeOffset(2026, 1, 16, 9, 0, 0, TimeSpan.Zero));
        await LivedApp.UseAsync(platform, subscription);
        app.Clock.Set(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero));
        (await PreviewAsync(platform, "2026-01")).ShouldBe("1: 167.43 +33.49 = 200.92");
        (await BilledAsync(platform, "2026-01")).ShouldBe("1: 167.43 +33.49 = 200.92");

        // Five calls more in January, of which February hears the moment it is over: 115.00 become 140.00.
        app.Clock.Set(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
        await LivedApp.PostAsync(platform, "usage", new
        {
            records = new[] { new { id = "late", subscriptionId = subscription, meter = "calls", quantity = "5", start = "2026-01-20T00:00:00Z" } },
        });
        (await PreviewAsync(platform, "2026-02")).ShouldBe("1: 87.00 +17.40 = 104.40");
        (await BilledAsync(platform, "2026-02")).ShouldBe("1: 87.00 +17.40 = 104.40");
    }

    private static async Task<string> PreviewAsync(HttpClient platform, string month)
    {
        var preview = await GetAsync(platform, $"/api/v1/billing/generate/{month}");
        preview.GetProperty("notBilled").GetInt32().ShouldBe(0);
        var total = preview.GetProperty("totals")[0];
        return $"{total.GetProperty("invoices").GetInt32()}: {total.Amount("net")} +{total.Amount("tax")} = {total.Amount("total")}";
    }

    private async Task<string> BilledAsync(HttpClient platform, string month)
    {
        await StartAsync(platform, month);
        await app.DrainAsync();
        var invoice = (await ItemsAsync(platform, $"/api/v1/invoices?period={month}")).ShouldHaveSingleItem();
        return $"1: {invoice.Amount("net")} +{invoice.Amount("tax")} = {invoice.Amount("total")}";
    }
}
