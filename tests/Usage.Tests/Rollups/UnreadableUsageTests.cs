using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Licensing.Usage.Rollups;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Usage.Tests.Rollups;

/// <summary>A row of one tenant that the server refuses to read keeps nobody else's from being read, and is computed anew.</summary>
public sealed class UnreadableUsageTests(UsageApp app) : IClassFixture<UsageApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whose_month_cannot_be_read_is_noted_and_the_others_are_read()
    {
        var customers = await MergedAsync(5);
        var damaged = customers[3];
        await using (await DamagedRows.OfAsync(app, "monthly_rollups", damaged))
        {
            (await ReadAsync(Customer.January, customers)).ShouldBe(["without 1", .. TotalsOf(customers.Except([damaged]))]);
            (await UnmergedAsync(Customer.January, customers)).ShouldBe([damaged.Tenant.Id]);
            (await UnmergedAsync(Period.Month(2025, 12), customers)).ShouldBeEmpty();
            // Known or not, the others have theirs; and he has no more marks for being asked for again.
            var marks = await MarksAsync(damaged);
            marks.ShouldBe(31);
            (await ReadAsync(Customer.January, customers)).Count.ShouldBe(5);
            (await MarksAsync(damaged)).ShouldBe(marks);

            var told = await OpsOutcome.RunAsync(app, "usage", "verify", "--period", "2026-01", "--json");
            told.ExitCode.ShouldBe(1);
            var rows = JsonNode.Parse(told.Output)!.AsArray();
            rows.Select(x => (Guid)x!["tenantId"]!).Distinct().ShouldBe([damaged.Tenant.Id.Value]);
            rows.Select(x => (string)x!["what"]!).Distinct().ShouldBe(["cannot be read", "not merged"], ignoreOrder: true);
            // What is wrong beneath is wrong still when the page can be read again.
            await app.SqlAsync<object>("update usage.monthly_rollups set total = 9 where tenant_id = $1", damaged.Tenant.Id.Value);
        }

        await app.InAsync<RollingUp, bool>(rollups => rollups.CatchUpAsync(null, null, Ct));
        (await UnmergedAsync(Customer.January, customers)).ShouldBeEmpty();
        (await app.SqlAsync<long>("select count(*) from usage.unmerged where tenant_id = $1", damaged.Tenant.Id.Value)).ShouldBe(0);
        (await ReadAsync(Customer.January, customers)).ShouldBe(TotalsOf(customers));
    }

    [Fact]
    public async Task What_only_the_rollups_have_wrong_is_mended_by_having_been_read()
    {
        var customers = await MergedAsync(3);
        var (damaged, days) = (customers[1], new Period(new(2026, 1, 10), new(2026, 1, 13)));
        // Each of them fits, their sum does not.
        await app.SqlAsync<object>("update usage.daily_rollups set records = $2 where tenant_id = $1", damaged.Tenant.Id.Value, long.MaxValue);

        (await ReadAsync(days, customers)).ShouldBe(["without 1", .. TotalsOf(customers.Except([damaged]))]);
        await app.InAsync<RollingUp, bool>(rollups => rollups.CatchUpAsync(null, null, Ct));
        (await ReadAsync(days, customers)).ShouldBe(TotalsOf(customers));
        (await UnmergedAsync(days, customers)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_read_says_whose_it_is_that_cannot_be_read()
    {
        var customers = await MergedAsync(3);
        var (damaged, half) = (customers[2], new Period(new(2026, 1, 5), new(2026, 1, 20)));
        UsageStretch[] stretches = [.. customers.Select(c => new UsageStretch(c.Tenant.Id, new(c.Subscription), half))];
        OrganizationId[] tenants = [.. customers.Select(c => c.Tenant.Id)];
        foreach (var table in (string[])["daily_rollups", "daily_resources", "monthly_resources"])
            await using (await DamagedRows.OfAsync(app, table, damaged))
            {
                if (table == "daily_rollups")
                {
                    await RefusedAsync(totals => totals.OfStretchesAsync(stretches, Ct));
                    var read = await app.InAsync<IUsageTotals, IReadOnlyList<DailyUsage>>(
                        totals => totals.OfDaysAsync(Customer.January, tenants, [.. customers.Select(c => new SubscriptionId(c.Subscription))], Ct));
                    read.Select(day => day.Total.TenantId).Distinct().ShouldBe(tenants[..2], ignoreOrder: true);
                }
                else if (table == "daily_resources")
                {
                    await RefusedAsync(totals => totals.DistinctOfStretchesAsync(stretches, Ct));
                    await RefusedAsync(totals => totals.DistinctAsync(half, tenants, Ct));
                }
                else
                {
                    await RefusedAsync(totals => totals.DistinctAsync(Customer.January, tenants, Ct));
                }
            }

        async Task RefusedAsync<T>(Func<IUsageTotals, Task<T>> read) =>
            (await Should.ThrowAsync<UnreadableUsageException>(() => app.InAsync(read))).Tenants.ShouldBe([damaged.Tenant.Id]);
    }

    [Fact]
    public async Task Alerts_of_the_others_are_told_and_his_once_his_month_is_mended()
    {
        var customers = await MergedAsync(3);
        var thresholds = new List<string>();
        foreach (var customer in customers)
            thresholds.Add((string)(await Outcome.OfAsync(customer.Partner().PostAsJsonAsync(
                "/api/v1/usage/thresholds",
                new { tenantId = customer.Tenant.Id.Value, meter = "sum", basis = "quantity", levels = new[] { "5" } }, Ct))).Body["id"]!);
        var hours = app.Services.GetRequiredService<SealedHours>();
        await using (await DamagedRows.OfAsync(app, "monthly_rollups", customers[1]))
        {
            await hours.RunAsync(Ct);
            (await AlertsAsync()).ShouldBe("1 0 1");
            // Nor does he keep them from what comes the next time.
            await hours.RunAsync(Ct);
        }

        await hours.RunAsync(Ct);
        (await AlertsAsync()).ShouldBe("1 1 1");

        async Task<string> AlertsAsync()
        {
            var counts = new List<int>();
            for (var i = 0; i < customers.Length; i++)
                counts.Add((await Outcome.OfAsync(customers[i].Partner().GetAsync($"/api/v1/usage/thresholds/{thresholds[i]}/alerts", Ct)))
                    .Body["items"]!.AsArray().Count);
            return string.Join(' ', counts);
        }
    }

    [Theory]
    [InlineData("XX001")] // a page whose checksum is wrong
    [InlineData("58030")] // one that the disk does not give back
    public async Task A_summary_goes_on_without_him_but_not_with_nobody(string code)
    {
        var customers = await MergedAsync(3);
        var damaged = customers[0];
        using var platform = damaged.Branch.Administrator();
        var leftOut = 0;
        await using (await DamagedRows.OfAsync(app, "daily_rollups", damaged, code))
        {
            var tenants = await SummaryAsync(platform, "groupBy=tenant&meter=sum&limit=200");
            tenants.ShouldNotContain($"{damaged.Tenant.Id.Value} 5");
            TotalsOf(customers[1..]).ShouldBeSubsetOf(tenants);
            leftOut.ShouldBe(1);
            using var others = customers[1].Partner();
            (await SummaryAsync(others, "groupBy=tenant&meter=sum")).ShouldBe(TotalsOf([customers[1]]));
            leftOut.ShouldBe(0);
            using var own = damaged.Partner();
            (await own.GetAsync("/api/v1/usage/summary?period=2026-01", Ct)).IsSuccessStatusCode.ShouldBeFalse();
            (await UnmergedAsync(Customer.January, customers)).ShouldBe([damaged.Tenant.Id]);
        }

        async Task<List<string>> SummaryAsync(HttpClient client, string query)
        {
            var answer = await Outcome.OfAsync(client.GetAsync($"/api/v1/usage/summary?period=2026-01&{query}", Ct));
            answer.Status.ShouldBe(System.Net.HttpStatusCode.OK, answer.Body.ToJsonString());
            leftOut = (int)answer.Body["tenantsLeftOut"]!;
            return [.. answer.Body["items"]!.AsArray().Select(x => $"{x!["tenantId"]} {x["quantity"]}")];
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_tenant_that_moved_away_is_read_and_missed_where_it_left_its_usage(bool isDamaged)
    {
        var stays = await app.CustomerAsync();
        var (branch, tenant) = (stays.Branch, await app.TenantAsync(stays.Branch.Platform, stays.Branch.Partner));
        var goes = new Customer(app, branch, tenant, await app.SubscribeAsync(branch, tenant));
        foreach (var customer in (Customer[])[stays, goes])
            await customer.SendAsync(customer.Record("a", "5"));
        var to = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        (await Outcome.OfAsync(platform.PostAsJsonAsync(
            $"/api/v1/tenants/{tenant.Id.Value}/transfer", new { partnerId = to.Id.Value, reason = "sold" }, Ct)))
            .Status.ShouldBe(System.Net.HttpStatusCode.OK);
        await app.InAsync<RollingUp, bool>(rollups => rollups.CatchUpAsync(null, null, Ct));

        await using (await DamagedRows.OfAsync(app, "daily_rollups", isDamaged ? goes : stays))
        {
            using var former = stays.Partner();
            var answer = await Outcome.OfAsync(former.GetAsync("/api/v1/usage/summary?period=2026-01&groupBy=tenant", Ct));
            answer.Status.ShouldBe(System.Net.HttpStatusCode.OK, answer.Body.ToJsonString());
            answer.Body["items"]!.AsArray().Select(x => $"{x!["tenantId"]} {x["quantity"]}").ShouldBe(TotalsOf([isDamaged ? stays : goes]));
            ((int)answer.Body["tenantsLeftOut"]!).ShouldBe(1);
        }
    }

    [Fact]
    public async Task A_file_fails_and_whose_rows_it_fails_for_is_computed_anew()
    {
        var customers = await MergedAsync(2);
        var damaged = customers[0];
        using var platform = damaged.Branch.Administrator();
        platform.DefaultRequestHeaders.Accept.ParseAdd("text/csv");
        await using (await DamagedRows.OfAsync(app, "daily_rollups", damaged))
        {
            using var refused = await platform.GetAsync("/api/v1/usage/summary?period=2026-01", Ct);
            refused.StatusCode.ShouldBe(System.Net.HttpStatusCode.InternalServerError);
            refused.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
            refused.Content.Headers.ContentDisposition.ShouldBeNull();
            (await UnmergedAsync(Customer.January, customers)).ShouldBe([damaged.Tenant.Id]);
        }

        await app.InAsync<RollingUp, bool>(rollups => rollups.CatchUpAsync(null, null, Ct));
        (await platform.GetAsync("/api/v1/usage/summary?period=2026-01", Ct)).IsSuccessStatusCode.ShouldBeTrue();
    }

    [Fact]
    public async Task Only_the_month_that_cannot_be_read_is_withheld()
    {
        var customers = await MergedAsync(2);
        var damaged = customers[0];
        var december = Period.Month(2025, 12);
        await damaged.SendAsync(damaged.Record("old", "4", start: "2025-12-20T12:00:00Z"));
        await app.InAsync<RollingUp, bool>(rollups => rollups.CatchUpAsync(null, null, Ct));
        using var platform = damaged.Branch.Administrator();
        await using (await DamagedRows.OfAsync(app, "daily_rollups", damaged, rows: "day < '2026-01-01'"))
        {
            await AskedForAllAsync();
            (await MarksAsync(damaged)).ShouldBe(31);
            // However it is asked for.
            var both = new Period(new(2025, 12, 15), new(2026, 1, 15));
            var stretch = new UsageStretch(damaged.Tenant.Id, new(damaged.Subscription), both);
            await Should.ThrowAsync<UnreadableUsageException>(() => app.InAsync<IUsageTotals, object>(
                async totals => await totals.OfStretchesAsync([stretch], Ct)));
            (await ReadAsync(both, customers)).ShouldBe(["without 1", .. TotalsOf(customers[1..])]);
            (await MarksAsync(damaged)).ShouldBe(31);
            (await UnmergedAsync(december, customers)).ShouldBe([damaged.Tenant.Id]);
            (await UnmergedAsync(Customer.January, customers)).ShouldBeEmpty();
            // Nor does it keep what comes of the other months from being merged.
            await damaged.SendAsync(damaged.Record("new", "2"));
            await app.InAsync<RollingUp, bool>(rollups => rollups.CatchUpAsync(null, null, Ct));
            (await MarksAsync(damaged)).ShouldBe(31);
            (await UnmergedAsync(december, customers)).ShouldBe([damaged.Tenant.Id]);
            (await UnmergedAsync(Customer.January, customers)).ShouldBeEmpty();
            (await damaged.TotalAsync()).ShouldBe("7");
        }

        await app.InAsync<RollingUp, bool>(rollups => rollups.CatchUpAsync(null, null, Ct));
        (await UnmergedAsync(december, customers)).ShouldBeEmpty();
        await AskedForAllAsync();

        async Task AskedForAllAsync() => (await Outcome.OfAsync(platform.GetAsync(
            "/api/v1/usage/summary?period=2025-03-01/2026-02-01&groupBy=tenant,month", Ct))).Status.ShouldBe(System.Net.HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(120, 150, 120)]
    [InlineData(60, 80, 60)]
    [InlineData(20, 20, 20)]
    // The table, or its index.
    [InlineData(150, 150, 0)]
    public async Task However_many_cannot_be_read_they_are_found_where_another_one_can(int damaged, int all, int found)
    {
        // As they come one after another.
        var random = new Random(damaged);
        Guid[] tenants = [.. Enumerable.Range(0, all).Select(i => new Guid(i, 0, 7, [.. random.GetItems(Enumerable.Range(0, 256).ToArray(), 8)
            .Select(x => (byte)x)]))];
        var question = new UsageQuestion(
            "select 1 / case when exists (select from unnest($1::uuid[]) t where t = any ($2::uuid[])) then 0 else 1 end", tenants,
            (some, _) => [new() { Value = some.ToArray() }, new() { Value = tenants[..damaged] }], _ => [Customer.January.Start]);

        var unreadable = await app.InAsync<UnreadableTenants, IReadOnlyCollection<Guid>>(x => x.FindAsync(question, Ct));
        unreadable.ShouldBe(tenants[..found], ignoreOrder: true);
        (await app.SqlAsync<long>("select count(*) from usage.unmerged where tenant_id = any ($1)", tenants)).ShouldBe(found);
        await app.InAsync<RollingUp, bool>(rollups => rollups.CatchUpAsync(null, null, Ct));
    }

    // On two days, 5 of one meter and a resource in two regions, all of it in the rollups.
    private async Task<Customer[]> MergedAsync(int count)
    {
        var customers = new List<Customer>();
        for (var i = 0; i < count; i++)
        {
            var customer = await app.CustomerAsync();
            await customer.SendAsync(
                customer.Record("a", "2"), customer.Record("b", "3", start: "2026-01-11T12:00:00Z"),
                customer.Record("c", "1", "unique", resourceId: "vm-1"), customer.Record("d", "1", "unique", "2026-01-11T12:00:00Z", "vm-1"));
            customers.Add(customer);
        }

        await app.InAsync<RollingUp, bool>(rollups => rollups.CatchUpAsync(null, null, Ct));
        return [.. customers.OrderBy(c => c.Tenant.Id.Value)];
    }

    private static IEnumerable<string> TotalsOf(IEnumerable<Customer> customers) => customers.Select(c => $"{c.Tenant.Id.Value} 5");

    // As billing reads: again without those who cannot be read.
    private Task<List<string>> ReadAsync(Period period, Customer[] customers) => app.InAsync<IUsageTotals, List<string>>(async totals =>
    {
        var (tenants, read) = (customers.Select(c => c.Tenant.Id).ToHashSet(), new List<string>());
        for (; ; )
            try
            {
                return [.. read, .. (await totals.OfTenantsAsync(period, tenants, Ct)).Where(t => t.Meter == "sum")
                    .Select(t => $"{t.TenantId.Value} {t.Quantity}")];
            }
            catch (UnreadableUsageException refused)
            {
                read.Add($"without {refused.Tenants.Count}");
                tenants.ExceptWith(refused.Tenants);
            }
    });

    private Task<IReadOnlySet<OrganizationId>> UnmergedAsync(Period period, Customer[] customers) =>
        app.InAsync<IUsageTotals, IReadOnlySet<OrganizationId>>(
            totals => totals.UnmergedAsync(period, [.. customers.Select(c => c.Tenant.Id)], Ct));

    private Task<long> MarksAsync(Customer customer) =>
        app.SqlAsync<long>("select count(*) from usage.dirty_days where tenant_id = $1", customer.Tenant.Id.Value);
}

/// <summary>The server refuses to read a tenant's rows of a table, whoever comes to them in it, as those of a damaged page.</summary>
internal sealed class DamagedRows(UsageApp app, string table) : IAsyncDisposable
{
    public static async Task<DamagedRows> OfAsync(UsageApp app, string table, Customer customer, string code = "XX001", string rows = "true")
    {
        await app.SqlAsync<object>($"""
            create or replace function usage.damaged() returns boolean language plpgsql as
                $$ begin raise exception using errcode = '{code}', message = 'invalid page'; end $$
            """);
        await app.SqlAsync<object>($"create policy damaged_select on usage.{table} for select using "
            + $"(case when tenant_id = '{customer.Tenant.Id.Value}' and {rows} then usage.damaged() else true end)");
        foreach (var (name, check) in ((string, string)[])[("insert", "with check"), ("update", "using"), ("delete", "using")])
            await app.SqlAsync<object>($"create policy damaged_{name} on usage.{table} for {name} {check} (true)");
        await app.SqlAsync<object>($"alter table usage.{table} enable row level security");
        return new(app, table);
    }

    public async ValueTask DisposeAsync()
    {
        await app.SqlAsync<object>($"alter table usage.{table} disable row level security");
        foreach (var name in (string[])["select", "insert", "update", "delete"])
            await app.SqlAsync<object>($"drop policy if exists damaged_{name} on usage.{table}");
    }
}
