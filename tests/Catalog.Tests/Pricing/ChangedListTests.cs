using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Catalog.Tests.Pricing;

/// <summary>Renaming, other days and copies.</summary>
public sealed class ChangedListTests(App app) : IClassFixture<App>
{
    private static Task<HttpResponseMessage> PatchAsync(HttpClient client, JsonElement list, object change) =>
        client.PatchAsJsonAsync($"/api/v1/pricing/{list.IdOf()}", change, Sold.Ct);

    private static Task<HttpResponseMessage> CloneAsync(HttpClient client, JsonElement list, object copy) =>
        client.PostAsJsonAsync($"/api/v1/pricing/{list.IdOf()}/clone", copy, Sold.Ct);

    [Fact]
    public async Task A_patch_changes_what_it_names()
    {
        using var client = await app.PlatformAsync();
        var list = await client.ListAsync([], until: "2026-06-01");

        using var renamed = await PatchAsync(client, list, new { name = "Other" });
        using var open = await PatchAsync(client, list, new { validFrom = "2026-02-01", validUntil = (string?)null });

        renamed.Headers.ETag!.Tag.ShouldBe("\"2\"");
        var view = await renamed.JsonAsync();
        (view.GetProperty("name").GetString(), view.GetProperty("validFrom").GetString(), view.GetProperty("validUntil").GetString())
            .ShouldBe(("Other", "2026-01-01", "2026-06-01"));
        view = await open.JsonAsync();
        (view.GetProperty("name").GetString(), view.GetProperty("validFrom").GetString(), view.GetProperty("validUntil").GetString())
            .ShouldBe(("Other", "2026-02-01", null));
    }

    [Fact]
    public async Task Days_that_break_a_rule_or_clash_are_refused()
    {
        using var client = await app.PlatformAsync();
        var (sku, meter) = (Sold.Key("sku"), await client.MeterAsync());
        var first = await client.ListAsync([Lists.Item(sku, meter)], "Global", until: "2026-03-01");
        await client.ListAsync([Lists.Item(sku, meter)], "Global", from: "2026-04-01");

        var (broken, errors) = await PatchAsync(client, first, new { validFrom = "2026-01-02", validUntil = "2026-01-01", name = "X" })
            .RefusedAsync();
        using var clash = await PatchAsync(client, first, new { validUntil = "2026-05-01" });
        using var beside = await PatchAsync(client, first, new { validUntil = "2026-04-01" });

        broken.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        errors.ShouldBe([("/validFrom", "not_first_of_month"), ("/validUntil", "not_after_start")]);
        (clash.StatusCode, await clash.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "sku_priced_twice"));
        beside.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Of_lists_that_grow_into_each_other_at_once_one_stays()
    {
        using var client = await app.PlatformAsync();
        var (sku, meter) = (Sold.Key("sku"), await client.MeterAsync());
        var early = await client.ListAsync([Lists.Item(sku, meter)], "Global", "2026-01-01", "2026-02-01");
        var late = await client.ListAsync([Lists.Item(sku, meter)], "Global", "2026-05-01", "2026-06-01");

        var answers = await Task.WhenAll(
            PatchAsync(client, early, new { validUntil = "2026-04-01" }), PatchAsync(client, late, new { validFrom = "2026-03-01" }));

        answers.Select(a => (int)a.StatusCode).Order().ShouldBe([200, 409]);
        (await answers.Single(a => a.StatusCode is HttpStatusCode.Conflict).CodeAsync()).ShouldBe("sku_priced_twice");
    }

    [Fact]
    public async Task A_copy_has_the_items_and_stands_alone()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        var meter = await client.MeterAsync();
        var list = await client.ListAsync([Lists.Item("a", meter, "1"), Lists.Item("b", meter, "2")]);
        var key = Sold.Key("copy");

        using var cloned = await CloneAsync(
            client, list, new { key, validFrom = "2027-01-01", scope = "Tenant", tenantId = branch.Tenant.Id.Value, name = "Theirs" });
        var copy = await cloned.JsonAsync();
        using var put = await client.PutAsJsonAsync(
            $"/api/v1/pricing/{list.IdOf()}/items", new { items = new[] { Lists.Item("a", meter, "9") } }, Sold.Ct);

        cloned.StatusCode.ShouldBe(HttpStatusCode.Created);
        cloned.Headers.Location!.ToString().ShouldBe($"/api/v1/pricing/{copy.IdOf()}");
        (copy.GetProperty("key").GetString(), copy.GetProperty("name").GetString(), copy.GetProperty("scope").GetString(),
            copy.GetProperty("currency").GetString())
            .ShouldBe((key, "Theirs", "Tenant", "EUR"));
        (await client.PricesAsync(copy)).ShouldBe(["a 1", "b 2"]);
        using var tenant = branch.As(Roles.TenantUser);
        (await tenant.PricesAsync(copy)).ShouldBe(["a 1", "b 2"]);
        using var same = await CloneAsync(client, list, new { key = Sold.Key("copy"), validFrom = "2027-01-01" });
        (await same.JsonAsync()).GetProperty("region").GetString().ShouldBe("eu");
    }

    [Fact]
    public async Task A_copy_obeys_the_rules_of_a_new_list()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        var (sku, meter) = (Sold.Key("sku"), await client.MeterAsync());
        var list = await client.ListAsync([Lists.Item(sku, meter)], "Global", until: "2026-03-01");
        async Task<string> Refused(object copy)
        {
            var (answer, errors) = await CloneAsync(client, list, copy).RefusedAsync();
            return $"{(int)answer.StatusCode} {await answer.CodeAsync()} {string.Join(", ", errors.Select(e => $"{e.Pointer} {e.Code}"))}";
        }

        (await Refused(new { key = "Bad Key", name = "", validFrom = "2026-01-02" })).ShouldBe(
            "422 validation_failed /key invalid_key, /name not_empty, /validFrom not_first_of_month");
        (await Refused(new { key = Sold.Key("copy"), validFrom = "2027-01-01", scope = "Tenant" }))
            .ShouldBe("422 validation_failed /tenantId required");
        (await Refused(new { key = Sold.Key("copy"), validFrom = "2027-01-01", scope = "Tenant", tenantId = branch.Partner.Id.Value }))
            .ShouldBe("404 tenant_not_found ");
        (await Refused(new { key = list.GetProperty("key").GetString(), validFrom = "2027-01-01" })).ShouldBe("409 price_list_key_taken ");
        (await Refused(new { key = Sold.Key("copy"), validFrom = "2026-02-01" })).ShouldBe("409 sku_priced_twice ");
        using var after = await CloneAsync(client, list, new { key = Sold.Key("copy"), validFrom = "2026-03-01" });
        after.StatusCode.ShouldBe(HttpStatusCode.Created);
        using var reader = branch.As(Roles.PlatformReader);
        (await CloneAsync(reader, list, new { key = Sold.Key("copy"), validFrom = "2027-01-01" })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }
}
