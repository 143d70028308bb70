using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Usage.Contracts;
using Licensing.Usage.Rollups;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Tests.Rollups;

/// <summary>A host whose rounds have two tenants each, and few records where somebody waits.</summary>
public sealed class TwoTenantsApp : UsageApp
{
    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["Usage:TenantsPerRound"] = "2",
        ["Usage:RecordsPerRoundAskedFor"] = "5",
    };
}

/// <summary>How long a round may take, and how much of the server it may hold.</summary>
public sealed class RollupRoundTests(TwoTenantsApp app) : IClassFixture<TwoTenantsApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_round_has_so_many_tenants_the_oldest_first_and_the_next_one_those_that_are_left()
    {
        var customers = new List<Customer>();
        for (var i = 0; i < 5; i++)
        {
            customers.Add(await app.CustomerAsync());
            await customers[i].SendAsync(customers[i].Record("a", "5"));
            await customers[i].SendAsync(customers[i].Record("b", "2"));
        }

        Guid[] tenants = [.. customers.Select(c => c.Tenant.Id.Value)];
        (await CatchUpAsync(app.Services, 1, tenants)).ShouldBeFalse();
        (await MergedAsync(tenants)).ShouldBe(tenants[..2], ignoreOrder: true);
        (await CatchUpAsync(app.Services, 1, tenants)).ShouldBeFalse();
        (await MergedAsync(tenants)).ShouldBe(tenants[..4], ignoreOrder: true);
        (await CatchUpAsync(app.Services, 1, tenants)).ShouldBeTrue();
        (await MergedAsync(tenants)).ShouldBe(tenants, ignoreOrder: true);
        foreach (var customer in customers)
            (await customer.TotalAsync()).ShouldBe("7");
    }

    [Fact]
    public async Task A_round_is_not_given_up_where_it_takes_longer_than_other_statements_may()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "5"));
        await using var hasty = await app.StartSecondHostAsync(seconds: 1);
        var database = app.Services.GetRequiredService<SchemaOwner>().Database;
        Task<bool>[] rounds;
        await using (var holding = await database.OpenConnectionAsync(Ct))
        {
            await using var held = new NpgsqlCommand("begin; lock table usage.daily_rollups in exclusive mode", holding);
            await held.ExecuteNonQueryAsync(Ct);
            // One cannot write, the other waits for the tenant, which the first one has.
            rounds = [.. Enumerable.Range(0, 2).Select(_ => CatchUpAsync(hasty.Services, null, [customer.Tenant.Id.Value]))];
            await Eventually.TrueAsync(async () => rounds.Any(r => r.IsCompleted) || await app.SqlAsync<long>("""
                select count(*) from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock' and clock_timestamp() - query_start > interval '2 seconds'
                """) == 2);
            rounds.ShouldAllBe(r => !r.IsCompleted);
        }

        (await Task.WhenAll(rounds)).ShouldBe([true, true]);
        (await customer.TotalAsync()).ShouldBe("5");
    }

    [Fact]
    public async Task Whose_usage_cannot_be_rolled_up_keeps_no_others_from_it()
    {
        Customer[] customers = [await app.CustomerAsync(), await app.CustomerAsync(), await app.CustomerAsync()];
        var threshold = await Outcome.OfAsync(customers[1].Partner().PostAsJsonAsync(
            "/api/v1/usage/thresholds",
            new { tenantId = customers[1].Tenant.Id.Value, meter = "sum", basis = "quantity", levels = new[] { "5" } }, Ct));
        foreach (var customer in customers)
            await customer.SendAsync(customer.Record("a", "5"));
        Guid[] tenants = [.. customers.Select(c => c.Tenant.Id.Value)];
        // Something that the server says of what is in its tables, each time, as it would of a damaged page.
        await app.SqlAsync<object>($"alter table usage.daily_rollups add constraint broken check (tenant_id <> '{tenants[0]}') not valid");
        try
        {
            app.Clock.Advance(TimeSpan.FromHours(2));
            await app.Services.GetRequiredService<SealedHours>().RunAsync(Ct);
            (await MergedAsync(tenants)).ShouldBe(tenants[1..], ignoreOrder: true);
            var alerts = await Outcome.OfAsync(customers[1].Partner().GetAsync($"/api/v1/usage/thresholds/{threshold.Body["id"]}/alerts", Ct));
            alerts.Body["items"]!.AsArray().ShouldHaveSingleItem();
            // Who bills is told, of the days that lack it: what is missing is not taken for nothing.
            (await CatchUpAsync(app.Services, null, tenants)).ShouldBeTrue();
            (await UnmergedAsync(Customer.January, customers)).ShouldBe([tenants[0]]);
            (await UnmergedAsync(Period.Month(2025, 12), customers)).ShouldBeEmpty();
            // What came since was not tried yet.
            await customers[0].SendAsync(customers[0].Record("b", "1", start: "2025-12-10T12:00:00Z"));
            (await UnmergedAsync(Period.Month(2025, 12), customers)).ShouldBeEmpty();
            // Nor does one who waits for an answer wait for that.
            await customers[2].SendAsync(customers[2].Record("c", "1"));
            (await CatchUpAsync(app.Services, 1, tenants)).ShouldBeTrue();
            (await customers[2].TotalAsync()).ShouldBe("6");
        }
        finally
        {
            await app.SqlAsync<object>("alter table usage.daily_rollups drop constraint broken");
        }

        (await CatchUpAsync(app.Services, null, tenants)).ShouldBeTrue();
        (await UnmergedAsync(Customer.January, customers)).ShouldBeEmpty();
        (await app.SqlAsync<long>("select count(*) from usage.unmerged")).ShouldBe(0);
        (await customers[0].TotalAsync()).ShouldBe("5");
    }

    [Fact]
    public async Task Who_waits_for_an_answer_does_not_wait_while_each_is_tried_by_himself()
    {
        Customer[] customers = [await app.CustomerAsync(), await app.CustomerAsync(), await app.CustomerAsync(), await app.CustomerAsync()];
        foreach (var customer in customers)
            await customer.SendAsync(customer.Record("a", "5"));
        Guid[] tenants = [.. customers.Select(c => c.Tenant.Id.Value)];
        // As of a page that is damaged: what says so costs the connection, too.
        await app.SqlAsync<object>("""
            create function usage.broken() returns trigger language plpgsql as $$ begin raise exception using errcode = 'XX001'; end $$
            """);
        await app.SqlAsync<object>($"""
            create trigger broken before insert on usage.daily_rollups for each row when (new.tenant_id = '{tenants[0]}')
                execute function usage.broken()
            """);
        try
        {
            // Two of two, and the first of them.
            (await CatchUpAsync(app.Services, 2, tenants)).ShouldBeFalse();
            (await app.SqlAsync<long>("select count(*) from usage.daily_rollups where tenant_id = any ($1)", tenants)).ShouldBe(0);
            (await CatchUpAsync(app.Services, null, [tenants[0], tenants[1]])).ShouldBeTrue();
            // By now he is known.
            (await CatchUpAsync(app.Services, 2, tenants)).ShouldBeTrue();
            (await MergedAsync(tenants)).ShouldBe(tenants[1..], ignoreOrder: true);
        }
        finally
        {
            await app.SqlAsync<object>("drop function usage.broken cascade");
            await CatchUpAsync(app.Services, null, tenants);
        }
    }

    [Fact]
    public async Task Who_waits_for_an_answer_goes_on_with_what_is_merged_while_others_are_at_work_on_it()
    {
        Customer[] customers = [await app.CustomerAsync(), await app.CustomerAsync()];
        foreach (var customer in customers)
            await customer.SendAsync(customer.Record("a", "5"));
        foreach (var customer in customers)
            (await customer.TotalAsync()).ShouldBe("5");
        await customers[0].SendAsync(customers[0].Record("b", "2"));
        Task<bool> working;
        await using (var holding = await app.Services.GetRequiredService<SchemaOwner>().Database.OpenConnectionAsync(Ct))
        {
            await using var held = new NpgsqlCommand("begin; lock table usage.daily_rollups in exclusive mode", holding);
            await held.ExecuteNonQueryAsync(Ct);
            working = CatchUpAsync(app.Services, null, [customers[0].Tenant.Id.Value]);
            await Eventually.TrueAsync(async () => await app.SqlAsync<long>("""
                select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
                """) == 1);
            // Whose lock another one has, and whose rows another one has.
            await customers[1].SendAsync(customers[1].Record("b", "2"));
            var asked = CatchUpAsync(app.Services, 2, [customers[0].Tenant.Id.Value]);
            await Eventually.TrueAsync(async () => asked.IsCompleted || await app.SqlAsync<long>("""
                select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'advisory'
                """) == 1);
            asked.IsCompleted.ShouldBeTrue();
            foreach (var customer in customers)
            {
                (await CatchUpAsync(app.Services, 2, [customer.Tenant.Id.Value])).ShouldBeFalse();
                var summary = await Outcome.OfAsync(customer.Partner().GetAsync("/api/v1/usage/summary?period=2026-01&groupBy=meter", Ct));
                ((string?)summary.Body["items"]?[0]?["quantity"]).ShouldBe("5", summary.Body.ToJsonString());
            }

            working.IsCompleted.ShouldBeFalse();
        }

        (await working).ShouldBeTrue();
        foreach (var customer in customers)
            (await customer.TotalAsync()).ShouldBe("7");
    }

    [Fact]
    public async Task A_round_has_so_many_records_whatever_its_marks_stand_for()
    {
        var customer = await app.CustomerAsync();
        for (var batch = 0; batch < 3; batch++)
            await customer.SendAsync([.. Enumerable.Range(0, 4).Select(i => customer.Record($"{batch}-{i}", "1"))]);
        Guid[] tenants = [customer.Tenant.Id.Value];
        Task<decimal> MergedSoFarAsync() => app.SqlAsync<decimal>("select sum(total) from usage.daily_rollups where tenant_id = any ($1)", tenants);
        (await CatchUpAsync(app.Services, 1, tenants)).ShouldBeFalse();
        (await MergedSoFarAsync()).ShouldBe(8);
        (await CatchUpAsync(app.Services, 1, tenants)).ShouldBeTrue();
        (await MergedSoFarAsync()).ShouldBe(12);
    }

    [Fact]
    public async Task The_longest_texts_that_a_record_may_have_fit_into_the_rollups()
    {
        var customer = await app.CustomerAsync();
        var random = new Random(1);
        // Three bytes each, and nothing that could be made shorter.
        string Long() => new([.. Enumerable.Range(0, 256).Select(_ => (char)random.Next(0x4E00, 0x9FFF))]);
        JsonObject Record(string id, string meter)
        {
            var record = customer.Record(id, "2", meter, resourceId: Long());
            (record["sku"], record["region"]) = (Long(), Long());
            return record;
        }

        (await customer.SendAsync(Record("a", "unique"), Record("b", "sum"), Record("c", "unique"))).Counts.ShouldBe("3 0 0");
        (await app.TotalsAsync(customer.Tenant, Customer.January)).Select(t => $"{t.Meter} {t.Quantity}").Order()
            .ShouldBe(["sum 2", "unique 1", "unique 1"]);
        (await app.DifferencesAsync(Customer.January)).Where(d => d.TenantId == customer.Tenant.Id.Value).ShouldBeEmpty();
    }

    private static async Task<bool> CatchUpAsync(IServiceProvider services, int? rounds, Guid[] tenants)
    {
        await using var scope = services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        return await scope.ServiceProvider.GetRequiredService<RollingUp>().CatchUpAsync(null, rounds, Ct, tenants);
    }

    private async Task<Guid[]> UnmergedAsync(Period period, Customer[] customers) =>
        [.. (await app.InAsync<IUsageTotals, IReadOnlySet<OrganizationId>>(
            totals => totals.UnmergedAsync(period, [.. customers.Select(c => c.Tenant.Id)], Ct))).Select(id => id.Value)];

    private async Task<Guid[]> MergedAsync(Guid[] tenants) =>
        await app.SqlAsync<Guid[]>("select array_agg(distinct tenant_id) from usage.daily_rollups where tenant_id = any ($1)", tenants);
}
