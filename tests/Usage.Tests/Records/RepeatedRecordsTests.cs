using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;

namespace Licensing.Usage.Tests.Records;

/// <summary>A record that comes again counts once; another under its id is refused.</summary>
public sealed class RepeatedRecordsTests(UsageApp app) : IClassFixture<UsageApp>
{
    [Fact]
    public async Task Same_id_with_other_content_is_a_conflict_and_the_first_stays()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "1.50"));

        (await customer.SendAsync(customer.Record("a", "2"))).Rejected.ShouldBe([(0, "usage_id_conflict")]);
        (await customer.SendAsync(customer.Record("a", "1.5", start: "2025-12-10T12:00:00Z"))).Rejected.ShouldBe([(0, "usage_id_conflict")]);
        var other = customer.Record("a", "1.50");
        other["dimensions"] = new JsonObject { ["site"] = "x" };
        (await customer.SendAsync(other)).Rejected.ShouldBe([(0, "usage_id_conflict")]);
        (await customer.TotalAsync()).ShouldBe("1.5");
    }

    [Fact]
    public async Task Another_spelling_of_the_same_record_is_a_duplicate()
    {
        var customer = await app.CustomerAsync();
        var id = customer.Subscription;
        (await customer.SendTextAsync(
            $$$"""
            {"records":[{"id":"a","subscriptionId":"{{{id}}}","meter":"sum","quantity":"01.50","start":"2026-01-10T12:00:00Z",
              "dimensions":{"b":1.0,"a":"x"}}]}
            """)).Counts.ShouldBe("1 0 0");
        (await customer.SendTextAsync(
            $$$"""
            {"records":[{"dimensions":{"\u0061":"\u0078","b":1},"start":"2026-01-10T13:00:00.000000+01:00","quantity":1.5,"meter":"sum",
              "region":null,"subscriptionId":"{{{id}}}","\u0069d":"a"}]}
            """)).Counts.ShouldBe("0 1 0");
    }

    [Fact]
    public async Task Conflicts_within_one_batch_are_judged_as_in_batches_of_one()
    {
        var customer = await app.CustomerAsync();
        (await customer.SendAsync(customer.Record("a", "1"), customer.Record("a", "2"), customer.Record("a", "1"))).Body.ToJsonString()
            .ShouldStartWith("""{"accepted":1,"duplicates":1,"rejected":[{"index":1,"id":"a","code":"usage_id_conflict",""");
        // Now the first of the batch conflicts with what is stored, and the second is what is stored.
        var later = await customer.SendAsync(customer.Record("a", "2"), customer.Record("a", "1"), customer.Record("a", "2"));
        later.Counts.ShouldBe("0 1 2");
        later.Rejected.Select(r => r.Index).ShouldBe([0, 2]);
        // The first of two is the one, not the last.
        (await customer.SendAsync(customer.Record("b", "1"), customer.Record("b", "2"))).Rejected.ShouldBe([(1, "usage_id_conflict")]);
    }

    [Fact]
    public async Task Ids_are_each_tenants_own()
    {
        var one = await app.CustomerAsync();
        var other = await app.CustomerAsync();
        (await one.SendAsync(one.Record("shared", "1"))).Accepted.ShouldBe(1);
        (await other.SendAsync(other.Record("shared", "2"))).Accepted.ShouldBe(1);
        (await one.TotalAsync()).ShouldBe("1");
        (await other.TotalAsync()).ShouldBe("2");
    }

    [Fact]
    public async Task An_id_counts_once_months_later_too()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("old", start: "2025-01-20T00:00:00Z"));
        for (var i = 0; i < 3; i++)
            await customer.SendAsync(customer.Record($"new-{i}"));
        (await customer.SendAsync(customer.Record("old", start: "2025-01-20T00:00:00Z"))).Counts.ShouldBe("0 1 0");
    }

    [Fact]
    public async Task A_retry_is_told_what_was_stored_also_where_its_subscription_has_ended_since()
    {
        var customer = await app.CustomerAsync();
        JsonNode Record(string id, string quantity = "1") => customer.Record(id, quantity, start: "2026-01-15T08:00:00Z");
        (await customer.SendAsync(Record("a"), Record("b"))).Counts.ShouldBe("2 0 0");
        using var platform = customer.Branch.Administrator();
        using var cancelled = await platform.PostAsync($"/api/v1/subscriptions/{customer.Subscription}/cancel", null);
        cancelled.IsSuccessStatusCode.ShouldBeTrue();
        app.Clock.Advance(TimeSpan.FromSeconds(10));

        foreach (var query in (string[])["", "?atomic=true"])
            (await customer.SendAsync(query, [Record("a"), Record("b")])).Counts.ShouldBe("0 2 0");
        // What was not stored then is refused now, and so is something else under its id.
        var later = await customer.SendAsync(Record("a"), Record("c"), Record("b", "2"));
        later.Duplicates.ShouldBe(1);
        later.Rejected.ShouldBe([(1, "subscription_not_live"), (2, "subscription_not_live")]);
        (await customer.SendAsync("?atomic=true", [Record("a"), Record("c")])).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        // Nor does anybody learn of it who never could send it.
        var stranger = await app.CustomerAsync();
        (await Customer.SendAsync(stranger.Partner(), "", [Record("a")])).Rejected.ShouldBe([(0, "subscription_not_found")]);
        (await customer.StoredAsync()).ShouldBe(2);
    }

    [Fact]
    public async Task A_retry_is_told_what_was_stored_also_where_its_name_has_come_to_mean_two()
    {
        var customer = await app.CustomerAsync();
        await app.SubscribeAsync(customer.Branch, customer.Tenant, usesPriceLists: true);
        JsonNode Record(string id)
        {
            var record = customer.Record(id);
            record.Remove("subscriptionId");
            (record["tenantExternalId"], record["sku"]) = (customer.Tenant.ExternalId, "x");
            return record;
        }

        (await customer.SendAsync(Record("a"))).Counts.ShouldBe("1 0 0");
        await app.SubscribeAsync(customer.Branch, customer.Tenant, usesPriceLists: true);
        app.Clock.Advance(TimeSpan.FromSeconds(10));
        var later = await customer.SendAsync(Record("a"), Record("b"));
        (later.Duplicates, later.Rejected.Single()).ShouldBe((1, (1, "subscription_ambiguous")));
    }

    [Fact]
    public async Task A_retry_is_told_what_was_stored_also_where_another_tenant_has_taken_its_name_since()
    {
        var customer = await app.CustomerAsync();
        await app.SubscribeAsync(customer.Branch, customer.Tenant, usesPriceLists: true);
        using var distributor = customer.Branch.As(Roles.DistributorAdministrator);
        JsonNode Record(string id, string quantity = "1")
        {
            var record = customer.Record(id, quantity);
            record.Remove("subscriptionId");
            (record["tenantExternalId"], record["sku"]) = (customer.Tenant.ExternalId, "x");
            return record;
        }

        (await Customer.SendAsync(distributor, "", [Record("a"), Record("b")])).Counts.ShouldBe("2 0 0");
        // Of the same distributor, under the same name, with a subscription and without.
        foreach (var subscribed in (bool[])[true, false])
        {
            var partner = await app.PartnerAsync(customer.Branch.Platform, customer.Branch.Distributor);
            using var platform = customer.Branch.Administrator();
            using var opened = await platform.PostAsJsonAsync(
                "/api/v1/tenants", new { partnerId = partner.Id.Value, externalId = customer.Tenant.ExternalId, displayName = "Same" });
            var same = customer.Tenant with { Id = new((await opened.JsonAsync()).GetProperty("id").GetGuid()) };
            if (!subscribed)
                continue;
            await app.SubscribeAsync(customer.Branch, same, usesPriceLists: true);
            using var theirs = customer.Branch.As(Roles.PartnerAdministrator, partner);
            (await Customer.SendAsync(theirs, "", [Record("z")])).Counts.ShouldBe("1 0 0");
        }

        app.Clock.Advance(TimeSpan.FromSeconds(10));
        foreach (var query in (string[])["", "?atomic=true"])
            (await Customer.SendAsync(distributor, query, [Record("a"), Record("b")])).Counts.ShouldBe("0 2 0");
        var later = await Customer.SendAsync(distributor, "", [Record("a"), Record("b", "2"), Record("c")]);
        later.Duplicates.ShouldBe(1);
        later.Rejected.ShouldBe([(1, "subscription_ambiguous"), (2, "subscription_ambiguous")]);
        // Whosever it is: it is stored with this content.
        (await Customer.SendAsync(distributor, "", [Record("z")])).Counts.ShouldBe("0 1 0");
        (await customer.StoredAsync()).ShouldBe(2);
    }

    [Fact]
    public async Task Parallel_batches_with_the_same_ids_store_each_once()
    {
        var customer = await app.CustomerAsync();
        var random = new Random(7);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ =>
        {
            var ids = Enumerable.Range(0, 300).ToArray();
            random.Shuffle(ids);
            return Task.Run(() => customer.SendAsync([.. ids.Select(i => customer.Record($"p-{i}", i))]));
        }));

        outcomes.ShouldAllBe(o => o.Status == HttpStatusCode.OK && o.Rejected.Count == 0);
        outcomes.Sum(o => o.Accepted).ShouldBe(300);
        outcomes.Sum(o => o.Duplicates).ShouldBe(1500);
        (await customer.StoredAsync()).ShouldBe(300);
        (await customer.TotalAsync()).ShouldBe("44850");
    }

    [Fact]
    public async Task Parallel_batches_that_disagree_keep_one_of_them()
    {
        var customer = await app.CustomerAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(1, 4).Select(q =>
            Task.Run(() => customer.SendAsync([.. Enumerable.Range(0, 50).Select(i => customer.Record($"d-{i}", q))]))));
        outcomes.Sum(o => o.Accepted).ShouldBe(50);
        outcomes.Sum(o => o.Rejected.Count(r => r.Code == "usage_id_conflict")).ShouldBe(150);
    }
}
