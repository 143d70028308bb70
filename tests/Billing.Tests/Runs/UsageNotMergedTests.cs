using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>With no part replaced: whose usage the database refuses to add up is left out, and nobody else.</summary>
public sealed class UsageNotMergedTests(LivedApp app) : IClassFixture<LivedApp>
{
    [Fact]
    public async Task Whose_usage_cannot_be_merged_is_parked_alone_and_billed_once_it_is_mended()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var (damaged, healthy) = (branch.Tenant, await app.TenantAsync(branch.Platform, branch.Partner));
        var subscription = await app.SubscribeAsync(platform, damaged);
        var other = await app.SubscribeAsync(platform, healthy);
        app.Clock.Set(new DateTimeOffset(2026, 1, 16, 9, 0, 0, TimeSpan.Zero));
        await LivedApp.UseAsync(platform, subscription);
        (await OpsOutcome.RunAsync(app, "usage", "verify", "--period", "2026-01")).ExitCode.ShouldBe(0);
        // Nothing can be added to it any more: the number of records is the greatest that there is.
        await app.SqlAsync(
            $"update usage.daily_rollups set records = {long.MaxValue} where tenant_id = '{damaged.Id.Value}' and day = '2026-01-15'");
        await LivedApp.PostAsync(platform, "usage", new
        {
            records = new[] { new { id = "more", subscriptionId = subscription, meter = "calls", quantity = "5", start = "2026-01-15T12:00:00Z" } },
        });
        await LivedApp.UseAsync(platform, other);
        app.Clock.Set(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero));

        var preview = await GetAsync(platform, "/api/v1/billing/generate/2026-01");
        preview.GetProperty("notBilled").GetInt32().ShouldBe(1);
        (preview.GetProperty("reasons")[0].Text("code"), preview.GetProperty("totals")[0].Amount("net")).ShouldBe(("usage_not_merged", "167.43"));
        using (var partner = branch.As(Roles.PartnerAdministrator))
            // Nor does a summary fail for all of them, or tell what is short.
            (await ItemsAsync(partner, "/api/v1/billing/summary?period=2026-01&groupBy=tenant")).Select(x => x.Amount("net")).ShouldBe(["167.43"]);

        (await app.BilledAsync(platform, "2026-01")).ShouldBe("1 parked: usage_not_merged");
        (await ItemsAsync(platform, "/api/v1/invoices?period=2026-01")).ShouldHaveSingleItem()
            .GetProperty("tenantId").GetGuid().ShouldBe(healthy.Id.Value);
        // Started again it is tried again, and told again.
        (await app.BilledAsync(platform, "2026-01")).ShouldBe("1 parked: usage_not_merged");

        await app.SqlAsync($"update usage.daily_rollups set records = 1 where tenant_id = '{damaged.Id.Value}' and day = '2026-01-15'");
        (await app.BilledAsync(platform, "2026-01")).ShouldBe("0 parked: ");
        // 17 calls: 10 at 10 and 2 for the tier, 7 at 5 and 3.
        (await ItemsAsync(platform, "/api/v1/invoices?period=2026-01")).Select(x => $"{x.GetProperty("tenantId").GetGuid()} {x.Amount("net")}")
            .ShouldBe([$"{damaged.Id.Value} 192.43", $"{healthy.Id.Value} 167.43"], ignoreOrder: true);
    }
}
