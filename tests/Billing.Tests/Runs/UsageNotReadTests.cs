using System.Text.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>With no part replaced: whose rollups the database refuses to read, though all is merged, is left out, and nobody else.</summary>
public sealed class UsageNotReadTests(LivedApp app) : IClassFixture<LivedApp>
{
    [Fact]
    public async Task Whose_rollups_cannot_be_read_is_parked_alone_and_billed_once_they_are_computed_anew()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var (damaged, healthy) = (branch.Tenant, await app.TenantAsync(branch.Platform, branch.Partner));
        app.Clock.Set(new DateTimeOffset(2026, 3, 5, 9, 0, 0, TimeSpan.Zero));
        foreach (var tenant in (OrganizationRef[])[damaged, healthy])
            await UseInMarchAsync(platform, await app.SubscribeAsync(platform, tenant, "2026-03-01"));
        app.Clock.Set(new DateTimeOffset(2026, 4, 1, 0, 0, 0, TimeSpan.Zero));
        (await OpsOutcome.RunAsync(app, "usage", "verify", "--period", "2026-03")).ExitCode.ShouldBe(0);
        // He has no marks: nothing is there to be merged, and nothing says so but the reading.
        await app.SqlAsync($"""
            create function usage.damaged() returns boolean language plpgsql as
                $$ begin raise exception using errcode = 'XX001', message = 'invalid page'; end $$;
            create policy damaged_select on usage.monthly_rollups for select
                using (case when tenant_id = '{damaged.Id.Value}' then usage.damaged() else true end);
            create policy damaged_insert on usage.monthly_rollups for insert with check (true);
            create policy damaged_update on usage.monthly_rollups for update using (true);
            create policy damaged_delete on usage.monthly_rollups for delete using (true);
            alter table usage.monthly_rollups enable row level security;
            """);

        // In one request already: who looks for him goes on without him.
        var preview = await GetAsync(platform, "/api/v1/billing/generate/2026-03");
        preview.GetProperty("notBilled").GetInt32().ShouldBe(1);
        (preview.GetProperty("reasons")[0].Text("code"), preview.GetProperty("totals")[0].Amount("net")).ShouldBe(("usage_not_merged", Net));
        using (var partner = branch.As(Roles.PartnerAdministrator))
            (await ItemsAsync(partner, "/api/v1/billing/summary?period=2026-03&groupBy=tenant")).Select(x => x.Amount("net")).ShouldBe([Net]);
        (await app.BilledAsync(platform, "2026-03")).ShouldBe("1 parked: usage_not_merged");
        (await ItemsAsync(platform, "/api/v1/invoices?period=2026-03")).ShouldHaveSingleItem()
            .GetProperty("tenantId").GetGuid().ShouldBe(healthy.Id.Value);

        // The page can be read again, and says something else: nobody is billed by it.
        await app.SqlAsync($"update usage.monthly_rollups set total = 1 where tenant_id = '{damaged.Id.Value}'");
        await app.SqlAsync("alter table usage.monthly_rollups disable row level security");
        (await app.BilledAsync(platform, "2026-03")).ShouldBe("0 parked: ");
        (await ItemsAsync(platform, "/api/v1/invoices?period=2026-03")).Select(x => x.Amount("net")).ShouldBe([Net, Net]);
    }

    // A flat 10, 5 seats at 10, 7 calls at 10 and 2 for the tier.
    private const string Net = "132.00";

    private static Task<JsonElement> UseInMarchAsync(HttpClient platform, string subscriptionId) => LivedApp.PostAsync(platform, "usage", new
    {
        records = new[] { new { id = "march", subscriptionId, meter = "calls", quantity = "7", start = "2026-03-02T12:00:00Z" } },
    });
}
