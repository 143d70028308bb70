using System.Text.Json.Nodes;
using Licensing.Usage.Contracts;
using Licensing.Usage.Rollups;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Usage.Tests.Rollups;

public sealed class DailyRollupsTests(UsageApp app) : IClassFixture<UsageApp>
{
    [Fact]
    public async Task Each_aggregation_is_right_over_days()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(
            customer.Record("s1", "1.5", "sum", "2026-01-01T00:00:00Z"), customer.Record("s2", "2", "sum", "2026-01-14T23:59:59Z"),
            customer.Record("s3", "-1", "sum"),
            customer.Record("c1", "50", "count", "2026-01-02T00:00:00Z"), customer.Record("c2", "60", "count", "2026-01-03T00:00:00Z"),
            customer.Record("c3", "0", "count", "2026-01-03T01:00:00Z"),
            customer.Record("m1", "3", "max", "2026-01-02T00:00:00Z"), customer.Record("m2", "9", "max", "2026-01-03T00:00:00Z"),
            customer.Record("m3", "4", "max", "2026-01-04T00:00:00Z"),
            customer.Record("l1", "8", "last", "2026-01-04T10:00:00Z"), customer.Record("l2", "5", "last", "2026-01-04T12:00:00Z"),
            customer.Record("l3", "7", "last", "2026-01-03T00:00:00Z"),
            customer.Record("u1", "1", "unique", "2026-01-02T00:00:00Z", "vm-1"),
            customer.Record("u2", "1", "unique", "2026-01-02T01:00:00Z", "vm-1"),
            customer.Record("u3", "1", "unique", "2026-01-03T00:00:00Z", "vm-1"),
            customer.Record("u4", "1", "unique", "2026-01-03T00:00:00Z", "vm-2"));

        var totals = await app.TotalsAsync(customer.Tenant, Customer.January);
        totals.Select(t => $"{t.Meter} {t.Quantity} {t.Records}").ShouldBe(["count 3 3", "last 5 3", "max 9 3", "sum 2.5 3", "unique 2 4"]);
        (await app.TotalsAsync(customer.Tenant, new Period(new(2026, 1, 3), new(2026, 1, 4)))).Select(t => $"{t.Meter} {t.Quantity}")
            .ShouldBe(["count 2", "last 7", "max 9", "unique 2"]);
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Late_records_change_what_was_rolled_up()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "5", "last", "2026-01-04T10:00:00Z"), customer.Record("b", "1"));
        (await customer.TotalAsync("last")).ShouldBe("5");

        // Earlier than the last one: changes nothing of it. Later: takes its place. At the same instant: the one that came last.
        await customer.SendAsync(customer.Record("c", "6", "last", "2026-01-04T09:00:00Z"), customer.Record("d", "10"));
        (await customer.TotalAsync("last")).ShouldBe("5");
        (await customer.TotalAsync()).ShouldBe("11");
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        await customer.SendAsync(customer.Record("e", "7", "last", "2026-01-04T10:00:00Z"));
        (await customer.TotalAsync("last")).ShouldBe("7");
    }

    [Fact]
    public async Task What_came_in_an_hour_is_merged_when_it_is_over()
    {
        var customer = await app.CustomerAsync();
        var hours = app.Services.GetRequiredService<SealedHours>();
        await hours.RunAsync(TestContext.Current.CancellationToken);
        await customer.SendAsync(customer.Record("a", "5"));
        Task<long> MarksAsync() => app.SqlAsync<long>("select count(*) from usage.dirty_days where tenant_id = $1", customer.Tenant.Id.Value);

        await hours.RunAsync(TestContext.Current.CancellationToken);
        (await MarksAsync()).ShouldBe(1);
        app.Clock.Advance(TimeSpan.FromHours(1));
        await hours.RunAsync(TestContext.Current.CancellationToken);
        (await MarksAsync()).ShouldBe(0);
        (await app.SqlAsync<decimal>("select total from usage.daily_rollups where tenant_id = $1", customer.Tenant.Id.Value)).ShouldBe(5m);
        (await app.SqlAsync<decimal>("select total from usage.monthly_rollups where tenant_id = $1", customer.Tenant.Id.Value)).ShouldBe(5m);
        (await customer.SendAsync(customer.Record("a", "5"))).Duplicates.ShouldBe(1);
        (await MarksAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_resource_in_several_regions_and_skus_is_one()
    {
        var customer = await app.CustomerAsync();
        JsonObject Record(string id, string resource, string? sku, string region, string start)
        {
            var record = customer.Record(id, meter: "unique", start: start, resourceId: resource);
            (record["sku"], record["region"]) = (sku, region);
            return record;
        }

        await customer.SendAsync(
            Record("1", "vm-1", null, "eu", "2026-01-10T00:00:00Z"), Record("2", "vm-1", null, "us", "2026-01-11T00:00:00Z"),
            Record("3", "vm-2", null, "us", "2026-01-11T00:00:00Z"), Record("4", "vm-2", "big", "us", "2026-01-12T00:00:00Z"),
            Record("5", "vm-3", "big", "eu", "2026-01-14T00:00:00Z"), Record("6", "vm-4", null, "eu", "2025-12-31T00:00:00Z"));
        await app.TotalsAsync(customer.Tenant, Period.Month(2025, 12));
        await app.TotalsAsync(customer.Tenant, Customer.January);
        var distinct = await app.InAsync<IUsageTotals, IReadOnlyList<DistinctUsage>>(
            totals => totals.DistinctAsync(Customer.January, [customer.Tenant.Id], TestContext.Current.CancellationToken));
        distinct.ShouldBe([new DistinctUsage(new(customer.Subscription), "unique", 3, 2)]);
    }

    [Fact]
    public async Task Stretches_of_days_are_totalled_each_by_itself_as_the_meter_counts()
    {
        var customer = await app.CustomerAsync();
        var other = await app.SubscribeAsync(customer.Branch, customer.Tenant);
        JsonObject Record(string id, string quantity, string meter, int day, string? region = null, string? resource = null, Guid? of = null)
        {
            var record = customer.Record(id, quantity, meter, $"2026-01-{day:00}T00:00:00Z", resource);
            (record["region"], record["subscriptionId"]) = (region, of ?? customer.Subscription);
            return record;
        }

        (await customer.SendAsync(
            Record("1", "5", "sum", 4), Record("2", "7", "sum", 9), Record("3", "11", "sum", 10), Record("4", "13", "sum", 14),
            Record("5", "9", "max", 9), Record("6", "4", "max", 11), Record("7", "3", "last", 8), Record("8", "6", "last", 7),
            Record("9", "1", "unique", 8, "eu", "vm-1"), Record("10", "1", "unique", 9, "us", "vm-1"), Record("11", "1", "unique", 10, "us", "vm-1"),
            Record("12", "17", "sum", 9, of: other))).Accepted.ShouldBe(12);
        await app.TotalsAsync(customer.Tenant, Customer.January);

        UsageStretch Of(string days, Guid? subscription = null) =>
            new(customer.Tenant.Id, new(subscription ?? customer.Subscription), Period.Parse(days));
        UsageStretch[] stretches = [Of("2026-01-05/2026-01-10"), Of("2026-01-10/2026-02-01"), Of("2026-01-01/2026-01-09", other)];
        var until = TestContext.Current.CancellationToken;
        var totals = await app.InAsync<IUsageTotals, IReadOnlyList<OfStretch<UsageTotal>>>(x => x.OfStretchesAsync(stretches, until));
        totals.Select(x => $"{x.From:dd} {x.Usage.Meter}{x.Usage.Region} {x.Usage.Quantity} {x.Usage.Records}").ShouldBe(
        [
            "05 last 3 2", "05 max 9 1", "05 sum 7 1", "05 uniqueeu 1 1", "05 uniqueus 1 1", "10 max 4 1", "10 sum 24 2", "10 uniqueus 1 1",
        ]);
        totals.ShouldAllBe(x => x.Usage.SubscriptionId.Value == customer.Subscription && x.Usage.TenantId == customer.Tenant.Id);
        (await app.InAsync<IUsageTotals, IReadOnlyList<OfStretch<DistinctUsage>>>(x => x.DistinctOfStretchesAsync(stretches, until)))
            .OrderBy(x => x.From).Select(x => (x.From.Day, x.Usage.Meter, x.Usage.Resources, x.Usage.WithoutSku))
            .ShouldBe([(5, "unique", 1L, 1L), (10, "unique", 1L, 1L)]);
    }

    [Fact]
    public async Task Totals_are_per_subscription_sku_and_region_in_order()
    {
        var customer = await app.CustomerAsync();
        var (first, second) = (customer.Subscription, await app.SubscribeAsync(customer.Branch, customer.Tenant));
        if (second < first)
            (first, second) = (second, first);
        JsonObject Record(string id, Guid subscription, string? sku, string? region)
        {
            var record = customer.Record(id);
            (record["subscriptionId"], record["sku"], record["region"]) = (subscription, sku, region);
            return record;
        }

        (await customer.SendAsync(Record("1", second, "b", null), Record("2", first, "b", "eu"), Record("3", first, "b", null),
            Record("4", first, "B", null), Record("5", first, null, null)))
            .Accepted.ShouldBe(5);
        (await app.TotalsAsync(customer.Tenant, Customer.January)).Select(t => $"{(t.SubscriptionId.Value == first ? 1 : 2)} '{t.Sku}' '{t.Region}'")
            .ShouldBe(["1 '' ''", "1 'B' ''", "1 'b' ''", "1 'b' 'eu'", "2 'b' ''"]);
    }

    [Fact]
    public async Task Catch_ups_and_ingests_at_once_end_equal_to_the_records()
    {
        var customer = await app.CustomerAsync();
        var other = await app.CustomerAsync();
        var until = TestContext.Current.CancellationToken;
        async Task IngestAsync(Customer of, int seed)
        {
            for (var batch = 0; batch < 15; batch++)
                (await of.SendAsync([.. Enumerable.Range(0, 20).Select(i =>
                {
                    var meter = (string[])["sum", "max", "last", "count", "unique"];
                    return of.Record($"{seed}-{batch}-{i}", i, meter[i % 5], $"2026-01-{1 + (batch + i) % 14:00}T0{i % 10}:00:00Z", $"vm-{i}");
                })])).Accepted.ShouldBe(20);
        }

        async Task CatchUpAsync(Task ingests)
        {
            do
                await app.InAsync<IUsageTotals, bool>(async totals =>
                {
                    await totals.CatchUpAsync(Customer.January, until);
                    return true;
                });
            while (!ingests.IsCompleted);
        }

        var ingests = Task.WhenAll(
            Task.Run(() => IngestAsync(customer, 1), until), Task.Run(() => IngestAsync(customer, 2), until),
            Task.Run(() => IngestAsync(other, 3), until));
        await Task.WhenAll(ingests, Task.Run(() => CatchUpAsync(ingests), until), Task.Run(() => CatchUpAsync(ingests), until));

        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
        (await customer.TotalAsync("count")).ShouldBe("120");
        // Each batch has 3, 8, 13 and 18 … of its meter: i in {0,5,10,15} sums to 30.
        (await customer.TotalAsync()).ShouldBe("900");
        (await customer.TotalAsync("unique")).ShouldBe("4");
        (await app.SqlAsync<long>("select count(*) from usage.dirty_days where tenant_id = any ($1)",
            (Guid[])[customer.Tenant.Id.Value, other.Tenant.Id.Value])).ShouldBe(0);
    }

    [Fact]
    public async Task Catching_up_waits_for_a_roll_up_that_has_not_committed()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "5"));
        var database = app.Services.GetRequiredService<Npgsql.NpgsqlDataSource>();
        await using var connection = await database.OpenConnectionAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            // As another process that has taken the mark away and dies before it has committed the rollup.
            await using var taken = new Npgsql.NpgsqlCommand(
                "delete from usage.dirty_days where tenant_id = $1", connection)
            { Parameters = { new() { Value = customer.Tenant.Id.Value } } };
            (await taken.ExecuteNonQueryAsync()).ShouldBe(1);
            var total = Task.Run(() => customer.TotalAsync());
            await app.WaitsForALockAsync(total);
            await transaction.RollbackAsync();
            (await total).ShouldBe("5");
        }
    }

    [Fact]
    public async Task A_round_that_dies_half_way_has_merged_nothing()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "5"));
        (await customer.TotalAsync()).ShouldBe("5");
        await customer.SendAsync(customer.Record("b", "2"), customer.Record("c", "1", start: "2026-01-11T00:00:00Z"));
        var database = app.Services.GetRequiredService<Npgsql.NpgsqlDataSource>();
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var holding = new Npgsql.NpgsqlCommand(
            "select 1 from usage.monthly_rollups where tenant_id = $1 for update", connection)
        { Parameters = { new() { Value = customer.Tenant.Id.Value } } })
            await holding.ExecuteScalarAsync();

        // It has taken the marks away and written the days when its connection is cut.
        var total = Task.Run(() => customer.TotalAsync());
        await app.WaitsForALockAsync(total);
        (await app.SqlAsync<long>("""
            select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'
            """)).ShouldBe(1);
        await Should.ThrowAsync<Npgsql.NpgsqlException>(() => total);
        await transaction.RollbackAsync();
        (await app.SqlAsync<decimal>("select sum(total) from usage.daily_rollups where tenant_id = $1", customer.Tenant.Id.Value)).ShouldBe(5m);
        (await customer.TotalAsync()).ShouldBe("8");
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
    }
}
