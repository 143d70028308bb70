using System.Net;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;

namespace Licensing.Usage.Tests.Records;

public sealed class ListRecordsTests(UsageApp app) : IClassFixture<UsageApp>
{
    [Fact]
    public async Task A_record_is_shown_as_it_was_sent()
    {
        var customer = await app.CustomerAsync();
        var record = customer.Record("a", "1.25");
        (record["sku"], record["region"], record["resourceId"], record["end"]) = ("sku-1", "eu", "vm-1", "2026-01-10T13:00:00Z");
        record["dimensions"] = new JsonObject { ["site"] = "Wien", ["cores"] = 4 };
        await customer.SendAsync(record);

        var shown = (await ListAsync(customer.Partner(), "")).Body["items"]!.AsArray().Single()!;
        JsonNode.DeepEquals(shown, JsonNode.Parse($$"""
            {"id":"a","tenantId":"{{customer.Tenant.Id.Value}}","subscriptionId":"{{customer.Subscription}}",
            "meter":"sum","quantity":"1.25","start":"2026-01-10T12:00:00+00:00","end":"2026-01-10T13:00:00+00:00",
            "sku":"sku-1","region":"eu","resourceId":"vm-1","dimensions":{"site":"Wien","cores":4},"receivedAt":"2026-01-15T09:00:00+00:00",
            "correctionId":null}
            """)).ShouldBeTrue(shown.ToJsonString());
    }

    [Fact]
    public async Task Pages_go_through_all_tenants_of_the_scope_once()
    {
        var customer = await app.CustomerAsync();
        var second = await app.TenantAsync(customer.Branch.Platform, customer.Branch.Partner);
        var other = new Customer(app, customer.Branch, second, await app.SubscribeAsync(customer.Branch, second));
        await customer.SendAsync([.. Enumerable.Range(0, 5).Select(i => customer.Record($"a-{i}", start: $"2026-01-10T12:00:0{i / 2}Z"))]);
        await other.SendAsync([.. Enumerable.Range(0, 5).Select(i => other.Record($"b-{i}", start: $"2026-01-1{i}T12:00:00Z"))]);

        var ids = new List<string>();
        for (string? after = null; ;)
        {
            var page = await ListAsync(customer.Partner(), $"?limit=2{(after is null ? "" : "&after=" + after)}");
            ids.AddRange(page.Body["items"]!.AsArray().Select(r => (string)r!["id"]!));
            if ((after = (string?)page.Body["next"]) is null)
                break;
        }

        string[][] newestFirst = [["a-4", "a-3", "a-2", "a-1", "a-0"], ["b-4", "b-3", "b-2", "b-1", "b-0"]];
        ids.ShouldBe((customer.Tenant.Id.Value < second.Id.Value ? newestFirst : newestFirst.Reverse()).SelectMany(i => i));
    }

    [Fact]
    public async Task Filters_narrow_and_nothing_outside_the_scope_is_shown()
    {
        var customer = await app.CustomerAsync();
        var stranger = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", start: "2026-01-10T12:00:00Z"), customer.Record("b", "1", "max", "2026-01-11T12:00:00Z"));

        (await IdsAsync(customer.Partner(), "?meter=max")).ShouldBe(["b"]);
        (await IdsAsync(customer.Partner(), "?from=2026-01-10&until=2026-01-11")).ShouldBe(["a"]);
        (await IdsAsync(customer.Partner(), $"?subscriptionId={customer.Subscription}")).ShouldBe(["b", "a"]);
        (await IdsAsync(customer.Partner(), $"?subscriptionId={Guid.Empty}")).ShouldBeEmpty();
        (await IdsAsync(stranger.Partner(), $"?tenantId={customer.Tenant.Id.Value}")).ShouldBeEmpty();
        (await IdsAsync(stranger.Partner(), "")).ShouldBeEmpty();
        (await IdsAsync(customer.Branch.As(Roles.PlatformReader), $"?tenantId={customer.Tenant.Id.Value}")).ShouldBe(["b", "a"]);
    }

    [Fact]
    public async Task An_id_a_sku_a_region_and_a_partner_narrow_before_records_are_merged_and_after()
    {
        var customer = await app.CustomerAsync();
        var besides = await app.PartnerAsync(customer.Branch.Platform, customer.Branch.Distributor);
        var second = await app.TenantAsync(customer.Branch.Platform, besides);
        var other = new Customer(app, customer.Branch, second, await app.SubscribeAsync(customer.Branch, second));
        static JsonObject Of(Customer customer, string id, string sku, string region, string start = "2026-01-10T12:00:00Z")
        {
            var record = customer.Record(id, start: start);
            (record["sku"], record["region"]) = (sku, region);
            return record;
        }

        using var distributor = customer.Branch.As(Roles.DistributorReader);
        await customer.SendAsync(
            Of(customer, "a", "s1", "eu"), Of(customer, "b", "s2", "eu", "2026-01-11T12:00:00Z"),
            Of(customer, "c", "s1", "us", "2026-01-12T12:00:00Z"));
        using var platform = customer.Branch.Administrator();
        await Customer.SendAsync(platform, "", [Of(other, "a", "s1", "us")]);
        foreach (var merged in (bool[])[false, true])
        {
            if (merged)
                await app.TotalsAsync(customer.Tenant, Customer.January);
            var tenant = $"tenantId={customer.Tenant.Id.Value}";
            (await IdsAsync(distributor, $"?sku=s1&{tenant}")).ShouldBe(["c", "a"]);
            (await IdsAsync(distributor, "?sku=s1&region=eu&meter=sum")).ShouldBe(["a"]);
            (await IdsAsync(distributor, $"?region=eu&{tenant}")).ShouldBe(["b", "a"]);
            (await IdsAsync(distributor, $"?region=eu&{tenant}&sku=s3")).ShouldBeEmpty();
            (await IdsAsync(distributor, "?id=a")).ShouldBe(["a", "a"]);
            (await IdsAsync(distributor, $"?id=a&partnerId={besides.Id.Value}")).ShouldBe(["a"]);
            (await IdsAsync(distributor, "?id=a&region=eu")).ShouldBe(["a"]);
            (await IdsAsync(distributor, "?id=b&from=2026-01-11&until=2026-01-12")).ShouldBe(["b"]);
            (await IdsAsync(distributor, "?id=b&from=2026-01-12")).ShouldBeEmpty();
            (await IdsAsync(distributor, $"?partnerId={besides.Id.Value}")).ShouldBe(["a"]);
            (await IdsAsync(customer.Partner(), $"?partnerId={besides.Id.Value}")).ShouldBeEmpty();
            (await IdsAsync(customer.Partner(), "?id=a")).ShouldBe(["a"]);
        }

        var page = await ListAsync(distributor, "?id=a&limit=1");
        (await ListAsync(distributor, $"?id=a&limit=1&after={(string)page.Body["next"]!}")).Body["items"]!.AsArray().Count.ShouldBe(1);
        foreach (var (query, fields) in (IEnumerable<(string, string)>)[
            ("?from=2026-01-02&until=2026-01-02", "?from ?until"), ("?sku=s1", "?sku"), ("?region=eu", "?region")])
        {
            var refused = await ListAsync(distributor, query);
            (refused.Status, string.Join(' ', refused.Body["errors"]!.AsArray().Select(x => (string)x!["pointer"]!)))
                .ShouldBe((HttpStatusCode.BadRequest, fields));
        }
    }

    [Fact]
    public async Task A_subscription_or_meter_is_found_merged_waiting_or_corrected_and_looked_for_on_no_other_day()
    {
        var customer = await app.CustomerAsync();
        var second = await app.SubscribeAsync(customer.Branch, customer.Tenant);
        JsonObject Of(string id, string start, string meter = "sum")
        {
            var record = customer.Record(id, "1", meter, start);
            record["subscriptionId"] = second;
            return record;
        }

        await customer.SendAsync(
            Of("merged", "2026-01-03T00:00:00Z"), Of("corrected", "2026-01-04T00:00:00Z", "max"),
            customer.Record("first", start: "2026-01-05T00:00:00Z"));
        await app.TotalsAsync(customer.Tenant, Customer.January);
        var correction = Customer.Json("""{"recordId":"corrected","action":"reverse","reason":"r"}""");
        (await customer.Partner().PostAsync("/api/v1/usage/corrections", correction)).StatusCode.ShouldBe(HttpStatusCode.Created);
        await app.TotalsAsync(customer.Tenant, Customer.January);
        await customer.SendAsync(Of("waiting", "2026-01-06T00:00:00Z"), Of("waiting too", "2026-01-07T00:00:00Z", "max"));
        // What no cell, no mark and no correction knows of is not there: nobody reads all records to find it.
        await app.SqlAsync<object>("""
            insert into usage.records select received_at, started_at, ended_at, '2026-01-02', batch_id, tenant_id, subscription_id, quantity,
                'unknown', owner_path, meter, sku, region, resource_id, dimensions
            from usage.records where tenant_id = $1 and record_id = 'merged'
            """, customer.Tenant.Id.Value);

        (await IdsAsync(customer.Partner(), "")).ShouldBe(["waiting too", "waiting", "first", "corrected", "merged", "unknown"]);
        (await IdsAsync(customer.Partner(), $"?subscriptionId={second}")).ShouldBe(["waiting too", "waiting", "corrected", "merged"]);
        (await IdsAsync(customer.Partner(), "?meter=max")).ShouldBe(["waiting too", "corrected"]);
        (await IdsAsync(customer.Partner(), $"?subscriptionId={second}&meter=sum&from=2026-01-03&until=2026-01-06")).ShouldBe(["merged"]);
        (await IdsAsync(customer.Partner(), $"?subscriptionId={second}&tenantId={customer.Branch.Partner.Id.Value}")).ShouldBeEmpty();
        var paged = new List<string>();
        for (string? after = null; ;)
        {
            var page = await ListAsync(customer.Partner(), $"?limit=1&subscriptionId={second}{(after is null ? "" : "&after=" + after)}");
            paged.Add((string)page.Body["items"]![0]!["id"]!);
            if ((after = (string?)page.Body["next"]) is null)
                break;
        }

        paged.ShouldBe(["waiting too", "waiting", "corrected", "merged"]);
    }

    [Theory]
    [InlineData("?after=AAAA")]
    [InlineData("?tenantId=7")]
    [InlineData("?from=yesterday")]
    [InlineData("?sku=x")]
    [InlineData("?meter=%00")]
    public async Task Questions_that_cannot_be_read_are_malformed(string query)
    {
        var customer = await app.CustomerAsync();
        (await ListAsync(customer.Partner(), query)).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    private static Task<Outcome> ListAsync(HttpClient client, string query) => Outcome.OfAsync(client.GetAsync("/api/v1/usage" + query));

    private static async Task<string[]> IdsAsync(HttpClient client, string query) =>
        [.. (await ListAsync(client, query)).Body["items"]!.AsArray().Select(r => (string)r!["id"]!)];
}
