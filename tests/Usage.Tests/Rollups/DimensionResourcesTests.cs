using System.Text.Json.Nodes;
using Licensing.Usage.Rollups;

namespace Licensing.Usage.Tests.Rollups;

/// <summary>Resources are counted once in whatever a group of dimensions joins (ADR 0064).</summary>
public sealed class DimensionResourcesTests(DimensionTests.FewSetsApp app) : IClassFixture<DimensionTests.FewSetsApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_resource_counts_once_over_days_sets_skus_and_regions_and_once_in_each_subscription()
    {
        var customer = await app.CustomerAsync();
        var second = await app.SubscribeAsync(customer.Branch, customer.Tenant);
        await customer.SendAsync(
            Machine(customer, "a", "vm-1", "Wien", "hot"), Machine(customer, "b", "vm-1", "Wien", "cold", day: 11),
            Machine(customer, "c", "vm-1", "Wien", "hot", region: "us"), Machine(customer, "d", "vm-1", "Wien", "hot", sku: "large"),
            Machine(customer, "e", "vm-2", "Wien", "hot", day: 12), Machine(customer, "f", "vm-1", "Graz", "hot"));
        // A round of its own each, so that what is there already is added to.
        await app.TotalsAsync(customer.Tenant, Customer.January);
        await customer.SendAsync(
            Machine(customer, "g", "vm-1", "Wien", "hot"), Machine(customer, "h", "vm-3", "Graz", "cold"),
            Machine(customer, "i", "vm-1", "Wien", "hot", of: second), Machine(customer, "j", "vm-2", "Wien", "hot", of: second));

        (await DimensionTests.GroupsAsync(customer, "dimension.tier")).ShouldBe(["cold 2", "hot 4"]);
        (await DimensionTests.GroupsAsync(customer, "dimension.site", "records")).ShouldBe(["Graz 2 2", "Wien 4 8"]);
        (await ByTimeAsync(customer, "day")).ShouldBe(["2026-01-10 Graz 2", "2026-01-10 Wien 3", "2026-01-11 Wien 1", "2026-01-12 Wien 1"]);
        (await ByTimeAsync(customer, "month")).ShouldBe(["2026-01 Graz 2", "2026-01 Wien 4"]);
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();

        await DimensionTests.CorrectAsync(customer, "f");
        (await DimensionTests.GroupsAsync(customer, "dimension.site")).ShouldBe(["Graz 1", "Wien 4"]);
        await DimensionTests.CorrectAsync(customer, "e");
        (await DimensionTests.GroupsAsync(customer, "dimension.site")).ShouldBe(["Graz 1", "Wien 3"]);
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
    }

    [Fact]
    public async Task In_the_set_of_all_others_a_resource_counts_once_too()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync([.. Enumerable.Range(0, 12).Select(i => Machine(customer, $"{i}", $"vm-{i % 4}", $"site-{i}", "hot"))]);
        var groups = await DimensionTests.GroupsAsync(customer, "dimension.site", "records");
        // Three have cells of their own; whichever they are, nine records of four machines are the others'.
        groups.Length.ShouldBe(4);
        groups[0].ShouldBe("(other) 4 9");
        groups[1..].ShouldAllBe(group => group.EndsWith(" 1 1", StringComparison.Ordinal));
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Only_meters_that_count_resources_and_declare_dimensions_have_them_kept()
    {
        var customer = await app.CustomerAsync();
        var any = customer.Record("a", "1", "unique", resourceId: "vm-1");
        any["dimensions"] = new JsonObject { ["site"] = "Wien" };
        var traffic = DimensionTests.Record(customer, "b", "1", "traffic", ("site", "Wien"));
        await customer.SendAsync(any, traffic);
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
        (await KeptAsync(customer)).ShouldBeNull();
        await customer.SendAsync(Machine(customer, "c", "vm-1", "Wien", "hot"));
        await app.TotalsAsync(customer.Tenant, Customer.January);
        (await KeptAsync(customer)).ShouldBe("machines vm-1");
    }

    [Fact]
    public async Task What_is_not_what_the_records_say_is_seen_and_repaired()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(
            Machine(customer, "a", "vm-1", "Wien", "hot"), Machine(customer, "b", "vm-2", "Wien", "hot"),
            Machine(customer, "c", "vm-1", "Graz", "hot", day: 11));
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
        await app.SqlAsync<object>(
            "update usage.daily_dimension_resources set resource_id = 'vm-9' where tenant_id = $1 and resource_id = 'vm-2'",
            customer.Tenant.Id.Value);
        await app.SqlAsync<object>(
            "delete from usage.daily_dimension_resources where tenant_id = $1 and day = '2026-01-11'", customer.Tenant.Id.Value);
        // Of a day without records.
        await app.SqlAsync<object>("""
            insert into usage.daily_dimension_resources
            select tenant_id, subscription_id, '2026-01-20', meter, sku, region, dimension_set, resource_id
            from usage.daily_dimension_resources where tenant_id = $1 and resource_id = 'vm-1'
            """, customer.Tenant.Id.Value);

        (await app.DifferencesAsync(Customer.January)).Select(d => $"{d.Day:dd} {d.What.Split(" dimensions ")[0]} {d.FromRecords}/{d.FromRollup}")
            .ShouldBe(["10 resource of vm-2/", "10 resource of /vm-9", "11 resource of vm-1/", "20 resource of /vm-1"], ignoreOrder: true);
        var repaired = await OpsOutcome.RunAsync(app, "usage", "verify", "--period", "2026-01", "--repair");
        repaired.ExitCode.ShouldBe(0, repaired.Output + repaired.Errors);
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
        (await KeptAsync(customer)).ShouldBe("machines vm-1, machines vm-1, machines vm-2");
    }

    [Fact]
    public async Task Whose_resources_cannot_be_read_is_left_out_and_has_them_computed_anew()
    {
        Customer[] customers = [await app.CustomerAsync(), await app.CustomerAsync()];
        foreach (var customer in customers)
            await customer.SendAsync(Machine(customer, "a", "vm-1", "Linz", "hot"));
        await app.InAsync<RollingUp, bool>(rollups => rollups.CatchUpAsync(null, null, Ct));
        using var platform = customers[0].Branch.Administrator();
        await using (await DamagedRows.OfAsync(app, "daily_dimension_resources", customers[0]))
            (await LinzAsync()).ShouldBe("1 without 1");
        (await app.SqlAsync<long>("select count(*) from usage.unmerged where tenant_id = $1", customers[0].Tenant.Id.Value)).ShouldBe(1);
        await app.InAsync<RollingUp, bool>(rollups => rollups.CatchUpAsync(null, null, Ct));
        (await LinzAsync()).ShouldBe("2 without 0");
        (await app.SqlAsync<long>("select count(*) from usage.unmerged where tenant_id = $1", customers[0].Tenant.Id.Value)).ShouldBe(0);

        async Task<string> LinzAsync()
        {
            var body = (await Outcome.OfAsync(platform.GetAsync(
                "/api/v1/usage/summary?period=2026-01&meter=machines&groupBy=dimension.site&limit=200", Ct))).Body;
            var linz = body["items"]!.AsArray().Single(g => (string)g!["dimensions"]!["site"]! == "Linz")!;
            return $"{linz["quantity"]} without {body["tenantsLeftOut"]}";
        }
    }

    private static JsonObject Machine(
        Customer customer, string id, string machine, string site, string tier, int day = 10, string region = "", string sku = "", Guid? of = null)
    {
        var record = DimensionTests.Record(customer, id, "1", "machines", ("site", site), ("tier", tier));
        (record["resourceId"], record["start"], record["subscriptionId"]) =
            (machine, $"2026-01-{day:00}T12:00:00Z", of ?? customer.Subscription);
        if (region.Length > 0)
            record["region"] = region;
        if (sku.Length > 0)
            record["sku"] = sku;
        return record;
    }

    private static async Task<string[]> ByTimeAsync(Customer customer, string key)
    {
        var answer = await Outcome.OfAsync(
            customer.Partner().GetAsync($"/api/v1/usage/summary?period=2026-01&meter=machines&groupBy={key},dimension.site", Ct));
        return [.. answer.Body["items"]!.AsArray().Select(g => $"{g![key]} {g["dimensions"]!["site"]} {g["quantity"]}")];
    }

    private Task<string?> KeptAsync(Customer customer) => app.SqlAsync<string?>(
        "select string_agg(meter || ' ' || resource_id, ', ' order by meter, resource_id) from usage.daily_dimension_resources where tenant_id = $1",
        customer.Tenant.Id.Value);
}
