using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;

namespace Licensing.Usage.Tests.Records;

public sealed class IngestUsageTests(UsageApp app) : IClassFixture<UsageApp>
{
    [Fact]
    public async Task Accepted_duplicate_and_rejected_records_are_told_apart()
    {
        var customer = await app.CustomerAsync();
        (await customer.SendAsync(customer.Record("a"), customer.Record("b"))).Counts.ShouldBe("2 0 0");

        var again = await customer.SendAsync(
            customer.Record("a"), customer.Record("c"), customer.Record("d", meter: "unheard"), customer.Record("c"));
        again.Status.ShouldBe(HttpStatusCode.OK);
        again.Counts.ShouldBe("1 2 1");
        again.Rejected.ShouldBe([(2, "meter_not_found")]);
        ((string)again.Body["rejected"]![0]!["id"]!).ShouldBe("d");
        (await customer.StoredAsync()).ShouldBe(3);
    }

    [Fact]
    public async Task A_time_is_the_same_however_it_is_escaped()
    {
        var customer = await app.CustomerAsync();
        var there = customer.Record("a", start: "2026-01-10T13:00:00+01:00");

        // The framework's own writer escapes the plus.
        there.ToJsonString().ShouldContain("00\\u002B01:00");
        (await customer.SendAsync(there)).Counts.ShouldBe("1 0 0");
        (await customer.SendAsync(customer.Record("a", start: "2026-01-10T12:00:00Z"))).Counts.ShouldBe("0 1 0");
    }

    [Fact]
    public async Task Records_lie_within_the_days_of_their_subscription()
    {
        var customer = await app.CustomerAsync();
        var subscription = await app.SubscribeAsync(customer.Branch, customer.Tenant, from: "2025-12-05", until: "2026-01-10");
        JsonObject Record(string id, string start)
        {
            var record = customer.Record(id, start: start);
            record["subscriptionId"] = subscription;
            return record;
        }

        var sent = await customer.SendAsync(
            Record("before", "2025-12-04T12:00:00Z"), Record("first", "2025-12-05T12:00:00Z"), Record("last", "2026-01-09T12:00:00Z"),
            Record("after", "2026-01-10T12:00:00Z"));
        sent.Rejected.ShouldBe([(0, "subscription_not_live"), (3, "subscription_not_live")]);
        sent.Accepted.ShouldBe(2);
    }

    [Fact]
    public async Task Atomic_batches_store_all_or_nothing()
    {
        var customer = await app.CustomerAsync();
        var bad = await customer.SendAsync("?atomic=true", [customer.Record("a"), customer.Record("b", "x"), customer.Record("c", meter: "unheard")]);
        bad.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        bad.Body["errors"]!.AsArray().Select(e => $"{e!["pointer"]} {e["code"]}")
            .ShouldBe(["/records/1/quantity invalid_quantity", "/records/2/meter meter_not_found"]);
        (await customer.StoredAsync()).ShouldBe(0);

        (await customer.SendAsync("?atomic=true", [customer.Record("a")])).Counts.ShouldBe("1 0 0");
        var conflict = await customer.SendAsync("?atomic=true", [customer.Record("a", "2"), customer.Record("b")]);
        conflict.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        ((string)conflict.Body["errors"]![0]!["pointer"]!).ShouldBe("/records/0/id");
        (await customer.StoredAsync()).ShouldBe(1);
        (await customer.SendAsync("?atomic=true", [customer.Record("a"), customer.Record("b")])).Counts.ShouldBe("1 1 0");
    }

    [Fact]
    public async Task Every_digit_is_kept()
    {
        var customer = await app.CustomerAsync();
        (await customer.SendTextAsync($$"""
            {"records":[
            {"id":"big","subscriptionId":"{{customer.Subscription}}","meter":"sum",
             "quantity":99999999999999999999.999999999999999999,"start":"2026-01-10T12:00:00Z"},
            {"id":"small","subscriptionId":"{{customer.Subscription}}","meter":"sum",
             "quantity":"0.000000000000000001","start":"2026-01-11T12:00:00Z"},
            {"id":"back","subscriptionId":"{{customer.Subscription}}","meter":"sum",
             "quantity":"-0.000000000000000003","start":"2026-01-12T12:00:00Z"}]}
            """)).Counts.ShouldBe("3 0 0");
        (await customer.TotalAsync()).ShouldBe("99999999999999999999.999999999999999997");
        var listed = await Outcome.OfAsync(customer.Partner().GetAsync($"/api/v1/usage?tenantId={customer.Tenant.Id.Value}"));
        listed.Body["items"]!.AsArray().Select(i => (string)i!["quantity"]!)
            .ShouldBe(["-0.000000000000000003", "0.000000000000000001", "99999999999999999999.999999999999999999"]);
    }

    [Fact]
    public async Task A_partner_cannot_tell_a_siblings_subscription_from_none()
    {
        var customer = await app.CustomerAsync();
        var sibling = await app.PartnerAsync(customer.Branch.Platform, customer.Branch.Distributor);
        var foreign = await Customer.SendAsync(app.As(Roles.PartnerAdministrator, sibling.Id.Value, sibling.Path), "", [customer.Record("a")]);
        var unknown = customer.Record("a");
        unknown["subscriptionId"] = Id.NewGuid(app.Clock.GetUtcNow());
        var none = await customer.SendAsync(unknown);

        foreign.Rejected.ShouldBe([(0, "subscription_not_found")]);
        foreign.Body.ToJsonString().ShouldBe(none.Body.ToJsonString());
        (await customer.StoredAsync()).ShouldBe(0);

        var byTenant = customer.Record("a");
        byTenant.Remove("subscriptionId");
        byTenant["tenantExternalId"] = customer.Tenant.ExternalId;
        byTenant["sku"] = "sku-1";
        (await Customer.SendAsync(app.As(Roles.PartnerAdministrator, sibling.Id.Value, sibling.Path), "", [byTenant]))
            .Rejected.ShouldBe([(0, "subscription_not_found")]);
    }

    [Theory]
    [InlineData(Roles.PlatformAdministrator, HttpStatusCode.OK)]
    [InlineData(Roles.PlatformService, HttpStatusCode.OK)]
    [InlineData(Roles.DistributorAdministrator, HttpStatusCode.OK)]
    [InlineData(Roles.PartnerReader, HttpStatusCode.Forbidden)]
    [InlineData(Roles.TenantAdministrator, HttpStatusCode.Forbidden)]
    public async Task Roles_that_may_ingest(string role, HttpStatusCode status)
    {
        var customer = await app.CustomerAsync();
        (await Customer.SendAsync(customer.Branch.As(role), "", [customer.Record("a")])).Status.ShouldBe(status);
    }

    [Fact]
    public async Task A_tenant_and_sku_find_the_subscription_that_was_live_on_the_day()
    {
        var customer = await app.CustomerAsync();
        var first = await app.SubscribeAsync(customer.Branch, customer.Tenant, true, "2025-06-01", "2026-01-05");
        var second = await app.SubscribeAsync(customer.Branch, customer.Tenant, true, "2026-01-05");
        JsonObject Named(string id, string start)
        {
            var record = customer.Record(id, start: start);
            record.Remove("subscriptionId");
            record["tenantExternalId"] = customer.Tenant.ExternalId;
            record["sku"] = "sku-1";
            return record;
        }

        (await customer.SendAsync(Named("a", "2026-01-04T23:59:59.999999Z"), Named("b", "2026-01-05T00:00:00Z"), Named("c", "2025-05-31T12:00:00Z")))
            .Rejected.ShouldBe([(2, "subscription_not_found")]);
        (await app.SqlAsync<Guid>("select subscription_id from usage.records where tenant_id = $1 and record_id = 'a'", customer.Tenant.Id.Value))
            .ShouldBe(first);
        (await app.SqlAsync<Guid>("select subscription_id from usage.records where tenant_id = $1 and record_id = 'b'", customer.Tenant.Id.Value))
            .ShouldBe(second);

        await app.SubscribeAsync(customer.Branch, customer.Tenant, true, "2026-01-08");
        (await customer.SendAsync(Named("d", "2026-01-09T00:00:00Z"))).Rejected.ShouldBe([(0, "subscription_ambiguous")]);
    }

    [Fact]
    public async Task Each_broken_rule_is_named()
    {
        var customer = await app.CustomerAsync();
        var cases = new (string Code, Action<JsonObject> Break)[]
        {
            ("required", r => r.Remove("id")),
            ("required", r => r["id"] = null),
            ("empty", r => r["id"] = ""),
            ("too_long", r => r["id"] = new string('x', 129)),
            ("wrong_type", r => r["id"] = 7),
            ("control_character", r => r["id"] = "a\0b"),
            ("unknown_property", r => r["metre"] = "sum"),
            ("required", r => r.Remove("meter")),
            ("wrong_type", r => r["meter"] = new JsonArray(1, new JsonObject { ["x"] = 1 })),
            ("invalid_quantity", r => r["quantity"] = "1e3"),
            ("invalid_quantity", r => r["quantity"] = JsonNode.Parse("1e3")),
            ("invalid_quantity", r => r["quantity"] = "100000000000000000000"),
            ("invalid_quantity", r => r["quantity"] = "0.0000000000000000001"),
            ("invalid_quantity", r => r["quantity"] = "NaN"),
            ("invalid_quantity", r => r["quantity"] = true),
            ("required", r => r.Remove("quantity")),
            ("invalid_time", r => r["start"] = "2026-01-10"),
            ("invalid_time", r => r["start"] = "2026-01-10T12:00:00"),
            ("invalid_time", r => r["start"] = "2026-02-30T12:00:00Z"),
            ("invalid_time", r => r["start"] = 1768046400),
            ("invalid_time", r => r["start"] = "0001-01-01T00:00:00+14:00"),
            ("end_before_start", r => r["end"] = "2026-01-10T11:59:59Z"),
            ("start_in_future", r => r["start"] = "2026-01-16T09:00:01Z"),
            ("start_too_old", r => r["start"] = "2024-12-15T08:59:59Z"),
            ("negative_quantity", r => (r["quantity"], r["meter"]) = ("-1", "max")),
            ("required", r => r["meter"] = "unique"),
            ("invalid_subscription_id", r => r["subscriptionId"] = "7"),
            ("target_missing", r => r.Remove("subscriptionId")),
            ("two_targets", r => r["tenantExternalId"] = "T"),
            ("invalid_dimensions", r => r["dimensions"] = "x"),
            ("invalid_dimensions", r => r["dimensions"] = new JsonObject { ["a"] = new JsonObject() }),
            ("invalid_dimensions", r => r["dimensions"] = new JsonObject { ["a"] = JsonNode.Parse("1e999999") }),
            ("invalid_dimensions",
                r => r["dimensions"] = new JsonObject(Enumerable.Range(0, 21).Select(i => KeyValuePair.Create($"k{i}", (JsonNode?)i)))),
        };
        var records = cases.Select((c, i) =>
        {
            var record = customer.Record($"case-{i}");
            c.Break(record);
            return record;
        });

        var outcome = await customer.SendAsync([.. records, customer.Record("good"), JsonValue.Create(1)]);
        outcome.Rejected.Select(r => r.Code).ShouldBe([.. cases.Select(c => c.Code), "invalid_record"]);
        outcome.Accepted.ShouldBe(1);
    }

    [Fact]
    public async Task The_edges_of_time_are_inside()
    {
        var customer = await app.CustomerAsync();
        customer = customer with { Subscription = await app.SubscribeAsync(customer.Branch, customer.Tenant, from: "2024-12-15") };
        (await customer.SendAsync(customer.Record("future", start: "2026-01-16T09:00:00Z"), customer.Record("old", start: "2024-12-15T09:00:00Z")))
            .Counts.ShouldBe("2 0 0");
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"records\":null}")]
    [InlineData("{\"records\":{}}")]
    [InlineData("{\"records\":[]")]
    [InlineData("{\"records\":[{]}")]
    [InlineData("{\"records\":[{\"id\":\"a\",}]}")]
    [InlineData("{\"records\":[],\"records\":[]}")]
    [InlineData("{\"records\":[],\"extra\":1}")]
    [InlineData("{\"records\":[]} x")]
    [InlineData("{\"records\":[{\"id\":\"\\ud800\"}]}")]
    [InlineData("{\"records\":[{\"\\ud800\":1}]}")]
    [InlineData("{\"records\":[{\"quantity\":01}]}")]
    [InlineData("{\"records\":[NaN]}")]
    [InlineData("// no\n{\"records\":[]}")]
    public async Task Text_that_is_no_batch_is_malformed(string body)
    {
        var customer = await app.CustomerAsync();
        var outcome = await customer.SendTextAsync(body);
        outcome.Status.ShouldBe(HttpStatusCode.BadRequest);
        ((string)outcome.Body["code"]!).ShouldBe("malformed_json");
    }

    [Fact]
    public async Task Bytes_that_are_no_text_and_endless_nesting_are_malformed()
    {
        var customer = await app.CustomerAsync();
        foreach (var body in new byte[][] { [.. "{\"records\":[{\"id\":\""u8, 0xFF, 0xFE, .. "\"}]}"u8], [0, 1, 2],
            [.. "{\"records\":"u8, .. Enumerable.Repeat((byte)'[', 100_000)] })
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new("application/json");
            (await Outcome.OfAsync(customer.Partner().PostAsync("/api/v1/usage", content))).Status.ShouldBe(HttpStatusCode.BadRequest);
        }
    }

    [Fact]
    public async Task Other_content_types_and_callers_without_credential_are_refused()
    {
        var customer = await app.CustomerAsync();
        using var text = new StringContent("{\"records\":[]}", Encoding.UTF8, "text/plain");
        (await customer.Partner().PostAsync("/api/v1/usage", text)).StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await app.Anonymous().PostAsync("/api/v1/usage", Customer.Json("{"))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_compressed_batch_is_taken()
    {
        var customer = await app.CustomerAsync();
        using var content = Compressed(new JsonObject { ["records"] = new JsonArray(customer.Record("a")) }.ToJsonString());
        (await Outcome.OfAsync(customer.Partner().PostAsync("/api/v1/usage", content))).Counts.ShouldBe("1 0 0");
    }

    [Fact]
    public async Task Too_large_is_413_plain_compressed_and_by_count()
    {
        var customer = await app.CustomerAsync();
        var large = $"{{\"records\":[]{new string(' ', 16 * 1024 * 1024)}}}";
        (await customer.SendTextAsync(large)).Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        using var bomb = Compressed(large);
        (await customer.Partner().PostAsync("/api/v1/usage", bomb)).StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);

        var many = await customer.SendTextAsync($"{{\"records\":[{string.Join(',', Enumerable.Repeat("1", 50_001))}]}}");
        many.Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        ((string)many.Body["code"]!).ShouldBe("too_many_records");
    }

    [Fact]
    public async Task The_same_key_gets_the_same_answer_and_one_effect()
    {
        var customer = await app.CustomerAsync();
        var client = customer.Partner();
        client.DefaultRequestHeaders.Add("Idempotency-Key", "batch-1");
        var first = await Customer.SendAsync(client, "", [customer.Record("a"), customer.Record("b", "x")]);
        var second = await Customer.SendAsync(client, "", [customer.Record("a"), customer.Record("b", "x")]);

        first.Counts.ShouldBe("1 0 1");
        second.Body.ToJsonString().ShouldBe(first.Body.ToJsonString());
        second.Answer.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        (await Customer.SendAsync(client, "", [customer.Record("c")])).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await customer.StoredAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_batch_leaves_one_audit_entry()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync([.. Enumerable.Range(0, 200).Select(i => customer.Record($"a-{i}"))]);
        var conflicting = await customer.SendAsync(customer.Record("a-1", "7"));
        conflicting.Counts.ShouldBe("0 0 1");
        (await app.SqlAsync<string>("""
            select string_agg(concat_ws(' ', c ->> 'type', c -> 'changes' ->> 'accepted', c -> 'changes' ->> 'conflicts'), ', ' order by c::text)
            from identity.audit_entries e, jsonb_array_elements(e.changes) c
            where e.owner_path = $1 and e.action = 'usage.ingest_usage'
            """, customer.Branch.Partner.Path)).Split(", ").ShouldBe(["usage_batch 200 0", "usage_batch 0 1"], ignoreOrder: true);
    }

    private static ByteArrayContent Compressed(string text)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        var content = new ByteArrayContent(compressed.ToArray());
        content.Headers.ContentType = new("application/json");
        content.Headers.ContentEncoding.Add("gzip");
        return content;
    }
}
