using System.Net.Http.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.BillingApp;
using static Licensing.Billing.Tests.Settlement.SettlementApp;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>A tenant has been given to another partner, who calls it by another number; what is of the days before is the former partner's.</summary>
public sealed class FormerPartnerTests(SettlementApp app) : IClassFixture<SettlementApp>
{
    [Fact]
    public async Task Invoices_have_the_number_of_the_partner_whose_month_it_is_and_summaries_are_of_his_months()
    {
        var branch = await app.BranchAsync();
        var next = await app.PartnerAsync(branch.Platform, branch.Distributor);
        var plan = await app.PlanAsync("numbered", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, plan, "2025-12");
        app.Use(branch.Tenant, subscription, "2025-12-10", "calls", "7");
        await app.BillAsync("2025-12");
        using var platform = branch.Administrator();
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = next.Id.Value, reason = "agreed" }));
        await app.DrainAsync();
        var (before, now) = (branch.Tenant.ExternalId, $"{branch.Tenant.ExternalId}-anew");
        await Sent(await platform.PatchAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}", new { externalId = now, legalName = "Anew Ltd" }));
        app.Use(branch.Tenant, subscription, "2025-12-31", "calls", "5");
        app.Clock.Advance(TimeSpan.FromDays(31));
        var moved = await app.InAsync<IOrganizationDirectory, OrganizationRef?>(
            d => d.FindAsync(branch.Tenant.Id, TestContext.Current.CancellationToken));
        app.Subscribe(moved!, plan, "2026-01");
        await app.BillAsync("2026-01");

        (await app.ScalarAsync<string>($"""
            select string_agg(concat_ws(' ', period_start, kind, document -> 'buyer' ->> 'externalId', document -> 'buyer' ->> 'name'), '; '
                order by period_start, kind)
            from billing.invoices where tenant_id = '{branch.Tenant.Id.Value}'
            """)).ShouldBe($"2025-12-01 Regular {before} {branch.Tenant.DisplayName}; 2026-01-01 Late {before} Anew Ltd; "
            + $"2026-01-01 Regular {now} Anew Ltd");

        using var former = branch.As(Roles.PartnerReader);
        using var present = branch.As(Roles.PartnerReader, next);
        foreach (var (reader, month, shown) in new[]
        {
            (former, "2025-12", $"{before} 72.00"), (former, "2026-01", $"{before} 43.00"),
            (present, "2025-12", ""), (present, "2026-01", $"{now} 2.00"),
        })
            string.Join(", ", (await GetAsync(reader, $"/api/v1/billing/summary?period={month}")).GetProperty("items").EnumerateArray()
                .Select(x => $"{x.Text("externalId")} {x.Amount("net")}")).ShouldBe(shown);
    }
}
