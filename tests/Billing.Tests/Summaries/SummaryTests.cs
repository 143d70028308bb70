using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Billing.Tests.Settlement;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;
using static Licensing.Billing.Tests.Settlement.SettlementApp;

namespace Licensing.Billing.Tests.Summaries;

/// <summary>What a summary tells of what is not billed, and what it costs.</summary>
public sealed class SummaryTests(SettlementApp app) : IClassFixture<SettlementApp>, IDisposable
{
    public void Dispose() => app.Probe.At = null;

    [Fact]
    public async Task Who_has_only_what_came_late_is_in_it_as_the_run_will_bill_him()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("gone", [Calls]);
        var tenants = new List<OrganizationRef> { branch.Tenant };
        for (var i = 0; i < 5; i++)
            tenants.Add(await app.TenantAsync(branch.Platform, branch.Partner));
        foreach (var tenant in tenants)
            app.Use(tenant, app.Subscribe(tenant, plan, "2022-05"), "2022-05-10", "calls", "7");
        await app.BillAsync("2022-05");
        foreach (var tenant in tenants)
            app.Use(tenant, app.Subscriptions.Of(tenant), "2022-05-11", "calls", "5");
        // One of them is back.
        app.Subscribe(tenants[3], plan, "2022-06");

        using var partner = branch.As(Roles.PartnerReader);
        using var one = branch.As(Roles.TenantAdministrator);
        using var stranger = (await app.BranchAsync()).As(Roles.DistributorReader);
        app.Subscriptions.LargestChunk = 0;
        var shown = await SummaryAsync(partner, "period=2022-06");
        app.Subscriptions.LargestChunk.ShouldBe(2);
        shown.ShouldBe(tenants.Select((x, i) => $"{x.ExternalId} {(i == 3 ? "45.00" : "43.00")} True").Order());
        (await SummaryAsync(one, "period=2022-06")).ShouldBe([$"{branch.Tenant.ExternalId} 43.00 True"]);
        (await SummaryAsync(stranger, "period=2022-06")).ShouldBeEmpty();
        var rows = await Activity.ActivityTests.AllAsync(partner, "/api/v1/usage/chargeable-activity?period=2022-06", limit: 2);
        rows.Sum(x => decimal.Parse(x.Amount("net"))).ShouldBe(6 * 43m + 2m);
        rows.Select(x => $"{x.Text("tenantId")} {x.GetProperty("position")}").ShouldBeUnique();

        await app.BillAsync("2022-06");
        (await SummaryAsync(partner, "period=2022-06")).ShouldBe(shown.Select(x => x.Replace("True", "False")));
    }

    [Fact]
    public async Task Two_bills_of_a_tenant_that_moved_are_two_and_each_page_goes_on_behind_the_last()
    {
        var branch = await app.BranchAsync();
        var next = await app.PartnerAsync(branch.Platform, branch.Distributor);
        var plan = await app.PlanAsync("two", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, plan, "2025-12");
        app.Use(branch.Tenant, subscription, "2025-12-10", "calls", "7");
        await app.BillAsync("2025-12");
        using var platform = branch.Administrator();
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = next.Id.Value, reason = "agreed" }));
        await app.DrainAsync();
        app.Use(branch.Tenant, subscription, "2025-12-31", "calls", "5");
        app.Clock.Advance(TimeSpan.FromDays(31));
        var moved = await app.InAsync<IOrganizationDirectory, OrganizationRef?>(d => d.FindAsync(branch.Tenant.Id, CancellationToken.None));
        app.Subscribe(moved!, plan, "2026-01");
        foreach (var (reader, shown) in new[] { (branch.As(Roles.PartnerReader), "43.00"), (branch.As(Roles.PartnerReader, next), "2.00"),
            (branch.As(Roles.DistributorReader), "2.00 43.00") })
        {
            (await SummaryAsync(reader, "period=2026-01&groupBy=partner")).Select(x => x.Split(' ')[1]).Order().ShouldBe(shown.Split(' '));
            foreach (var limit in (int[])[1, 200])
                (await Activity.ActivityTests.AllAsync(reader, "/api/v1/usage/chargeable-activity?period=2026-01", limit))
                    .Select(x => x.Amount("net")).Order().ShouldBe(shown.Split(' '));
            reader.Dispose();
        }
    }

    [Fact]
    public async Task A_tenants_own_reads_nothing_of_others()
    {
        var branch = await app.BranchAsync();
        var other = await app.TenantAsync(branch.Platform, branch.Partner);
        var plan = await app.PlanAsync("own", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, plan, "2023-05-01/2023-07-01");
        app.Subscribe(other, plan, "2023-05-01/2023-07-01");
        app.Use(branch.Tenant, subscription, "2023-05-10", "calls", "7");
        await app.BillAsync("2023-05");
        app.Use(branch.Tenant, subscription, "2023-05-11", "calls", "5");
        // Whoever reads these fails.
        await OwnerAsync($"""
            insert into billing.run_prices (run_id, tenant_id, prices, first_round, last_round)
                select id, '{other.Id.Value}', '"no prices"', round, round from billing.runs where period_start = '2023-05-01';
            insert into billing.late_months (tenant_id, month, noted) values ('{other.Id.Value}', '0044-03-01 BC', 1)
            """);
        using var tenant = branch.As(Roles.TenantAdministrator);
        using var platform = branch.Administrator();
        try
        {
            (await SummaryAsync(tenant, "period=2023-06")).ShouldBe([$"{branch.Tenant.ExternalId} 45.00 True"]);
            var rows = await ItemsAsync(platform, $"/api/v1/usage/chargeable-activity?period=2023-06&tenantId={branch.Tenant.Id.Value}");
            rows.Sum(x => decimal.Parse(x.Amount("net"))).ShouldBe(45m);
        }
        finally
        {
            await OwnerAsync(
                "delete from billing.late_months where month < '0001-01-01'; delete from billing.run_prices where prices = '\"no prices\"'");
        }
    }

    [Fact]
    public async Task The_pages_after_the_first_rate_nobody_again_and_tell_what_one_page_tells()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("pages", [Flat("base", "10")]);
        foreach (var tenant in (OrganizationRef[])[branch.Tenant, await app.TenantAsync(branch.Platform, branch.Partner),
            await app.TenantAsync(branch.Platform, branch.Partner)])
            app.Subscribe(tenant, plan, "2024-05");
        var besides = await app.TenantAsync(branch.Platform, await app.PartnerAsync(branch.Platform, branch.Distributor));
        app.Subscribe(besides, plan, "2024-05");
        using var partner = branch.As(Roles.PartnerReader);
        using var other = branch.As(Roles.DistributorReader);
        var (whole, rated) = (await GetAsync(partner, "/api/v1/billing/summary?period=2024-05"), 0);
        app.Probe.At = place =>
        {
            rated += place == "read" ? 1 : 0;
            return Task.CompletedTask;
        };
        var (items, costs) = (new List<string>(), new List<int>());
        for (string? after = ""; after is not null;)
        {
            rated = 0;
            var page = await GetAsync(partner, $"/api/v1/billing/summary?period=2024-05&limit=1{(after == "" ? "" : $"&after={after}")}");
            costs.Add(rated);
            items.AddRange(page.GetProperty("items").EnumerateArray().Select(x => x.GetRawText()));
            page.GetProperty("totals").GetRawText().ShouldBe(whole.GetProperty("totals").GetRawText());
            // Somebody else's figures are his own.
            if (after == "")
                (await GetAsync(other, $"/api/v1/billing/summary?period=2024-05&after={page.GetProperty("next").GetString()}"))
                    .GetProperty("totals")[0].Amount("net").ShouldBe("40.00");
            after = page.GetProperty("next").GetString();
        }

        items.ShouldBe(whole.GetProperty("items").EnumerateArray().Select(x => x.GetRawText()));
        costs.Select(x => x > 0).ShouldBe([true, false, false]);

        // What was kept a while ago is not what is so now.
        var first = await GetAsync(partner, "/api/v1/billing/summary?period=2024-05&limit=1");
        app.Clock.Advance(TimeSpan.FromMinutes(3));
        rated = 0;
        await GetAsync(partner, $"/api/v1/billing/summary?period=2024-05&limit=1&after={first.GetProperty("next").GetString()}");
        rated.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_page_has_fifty_items_unless_said_otherwise_as_every_list()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("fifty", [Flat("base", "1")]);
        for (var i = 0; i < 51; i++)
            app.Subscribe(branch.Tenant, plan, "2021-04");
        using var partner = branch.As(Roles.PartnerReader);
        const string path = "/api/v1/billing/summary?period=2021-04&groupBy=subscription";
        var page = await GetAsync(partner, path);
        page.GetProperty("items").GetArrayLength().ShouldBe(50);
        (await ItemsAsync(partner, $"{path}&after={page.Text("next")}")).ShouldHaveSingleItem();
        (await ItemsAsync(partner, $"{path}&limit=200")).Count.ShouldBe(51);
        (await (await partner.GetAsync($"{path}&limit=201")).CodeAsync()).ShouldBe("invalid_limit");
    }

    [Fact]
    public async Task What_was_taken_off_and_where_it_stands_are_told_apart()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("apart", [Flat("base", "100")]);
        OrganizationRef[] tenants = [branch.Tenant, await app.TenantAsync(branch.Platform, branch.Partner)];
        foreach (var tenant in tenants)
            app.Subscribe(tenant, plan, "2024-02");
        using var platform = await app.PlatformAsync();
        var coupon = (await Sent(await platform.PostAsJsonAsync(
            "/api/v1/billing/coupons", new { code = "APART", name = "Ten", validFrom = "2020-01-01", percent = "10" }))).Text("id");
        foreach (var tenant in tenants)
        {
            await Sent(await platform.PostAsJsonAsync(
                $"/api/v1/billing/coupons/{coupon}/redemptions", new { tenantId = tenant.Id.Value, startsOn = "2024-02-01" }));
            await Coupons.ReductionLifeTests.GrantAsync(platform, tenant, "30.00", "2024-02-01");
        }

        // 100 less 10 less 30 and 20 % on it.
        using var partner = branch.As(Roles.PartnerReader);
        async Task ToldAsync(params string[] expected)
        {
            foreach (var by in (string[])["tenant", "subscription"])
            {
                var view = await GetAsync(partner, $"/api/v1/billing/summary?period=2024-02&groupBy={by}");
                string Told(JsonElement x) => string.Join(' ', ((string[])[
                    "charges", "discounts", "credits", "net", "tax", "total", "issued", "drafted", "unbilled", "credited"])
                    .Select(field => x.Amount(field)));
                view.GetProperty("items").EnumerateArray().Select(Told).Order()
                    .Append(Told(view.GetProperty("totals").EnumerateArray().Single())).ShouldBe(expected);
            }
        }

        var unbilled = "100.00 10.00 30.00 60.00 12.00 72.00 0.00 0.00 72.00 0.00";
        await ToldAsync(unbilled, unbilled, "200.00 20.00 60.00 120.00 24.00 144.00 0.00 0.00 144.00 0.00");
        await app.BillAsync("2024-02", issue: false);
        var (path, _) = await app.InvoiceOfAsync(tenants[0], "2024-02");
        await Sent(await platform.PostAsync($"{path}/issue", null));
        await Sent(await platform.CreditAsync(path, (1, "30.00")));
        await ToldAsync(
            "100.00 10.00 30.00 60.00 12.00 72.00 0.00 72.00 0.00 0.00", "100.00 10.00 30.00 60.00 12.00 72.00 72.00 0.00 0.00 36.00",
            "200.00 20.00 60.00 120.00 24.00 144.00 72.00 72.00 0.00 36.00");

        // Of one branch of what the reader sees; of others' there is nothing to ask for.
        using var distributor = branch.As(Roles.DistributorReader);
        (await SummaryAsync(distributor, $"period=2024-02&organizationId={tenants[1].Id.Value}")).ShouldBe([$"{tenants[1].ExternalId} 60.00 False"]);
        (await SummaryAsync(distributor, $"period=2024-02&organizationId={branch.Partner.Id.Value}")).Count.ShouldBe(2);
        using var stranger = (await app.BranchAsync()).As(Roles.DistributorReader);
        foreach (var organization in (Guid[])[tenants[1].Id.Value, Guid.Empty])
            (await (await stranger.GetAsync($"/api/v1/billing/summary?period=2024-02&organizationId={organization}")).CodeAsync())
                .ShouldBe("organization_not_found");
    }

    private static async Task<List<string>> SummaryAsync(HttpClient client, string query) =>
        [.. (await GetAsync(client, $"/api/v1/billing/summary?{query}")).GetProperty("items").EnumerateArray().Select(
            x => $"{x.Text("externalId")} {x.Amount("net")} {x.GetProperty("estimated").GetBoolean()}").Order()];

    private async Task OwnerAsync(string sql)
    {
        await using var command = app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
