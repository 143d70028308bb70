using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Products;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Catalog.Tests.Products;

public sealed class ChangedProductTests(App app) : IClassFixture<App>
{
    private static async Task<JsonElement> CreateAsync(HttpClient client)
    {
        using var created = await client.PostAsJsonAsync(
            "/api/v1/products",
            new { key = Sold.Key("product"), name = "Phone", features = new object[] { new { key = "lines", name = "Lines", maximum = 10 } } },
            Sold.Ct);
        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        return await created.JsonAsync();
    }

    private static Task<HttpResponseMessage> PatchAsync(HttpClient client, JsonElement product, object change) =>
        client.PatchAsJsonAsync($"/api/v1/products/{product.IdOf()}", change, Sold.Ct);

    private static object Lines(int maximum) => new { features = new object[] { new { key = "lines", name = "Lines", maximum } } };

    private static async Task<int?> MaximumAsync(IServiceProvider host, JsonElement product)
    {
        await using var scope = host.CreateAsyncScope();
        return (await scope.ServiceProvider.GetRequiredService<ICatalog>()
            .RulesAsync(product.GetProperty("key").GetString()!, Sold.Ct))!.Features[0].Maximum;
    }

    [Fact]
    public async Task A_patch_changes_what_it_names_and_the_engine_sees_it_at_once()
    {
        using var client = await app.PlatformAsync();
        var product = await CreateAsync(client);
        (await MaximumAsync(app.Services, product)).ShouldBe(10);

        using var renamed = await PatchAsync(client, product, new { name = "Telephone" });
        using var widened = await PatchAsync(client, product, new
        {
            features = new object[] { new { key = "lines", name = "Lines", maximum = 20 },
                new { key = "fax", name = "Fax", requiresAll = new[] { "lines" } } },
        });

        (renamed.StatusCode, widened.StatusCode, widened.Headers.ETag!.Tag).ShouldBe((HttpStatusCode.OK, HttpStatusCode.OK, "\"3\""));
        var view = await widened.JsonAsync();
        (view.GetProperty("name").GetString(), view.GetProperty("features").GetArrayLength()).ShouldBe(("Telephone", 2));
        (await MaximumAsync(app.Services, product)).ShouldBe(20);
    }

    [Fact]
    public async Task A_change_in_another_process_is_seen_within_five_seconds()
    {
        using var client = await app.PlatformAsync();
        var product = await CreateAsync(client);
        await using var other = await app.StartSecondHostAsync();
        (await MaximumAsync(other.Services, product)).ShouldBe(10);
        using var changed = await PatchAsync(client, product, Lines(3));

        app.Clock.Advance(TimeSpan.FromSeconds(5));

        (await MaximumAsync(other.Services, product)).ShouldBe(3);
    }

    [Fact]
    public async Task Rules_that_break_a_rule_are_refused_and_change_nothing()
    {
        using var client = await app.PlatformAsync();
        var product = await CreateAsync(client);

        var (gone, removed) = await PatchAsync(client, product, new { features = new object[] { new { key = "desks", name = "Desks" } } })
            .RefusedAsync();
        var (broken, errors) = await PatchAsync(client, product,
            new { name = "", features = new object[] { new { key = "lines", name = "Lines", excludes = new[] { "x" } } } }).RefusedAsync();
        var (wrong, rules) = await PatchAsync(
            client, product, new { features = new object[] { new { key = "lines", name = "", minimum = 5, maximum = 4 } } }).RefusedAsync();

        new[] { gone, broken, wrong }.ShouldAllBe(a => a.StatusCode == HttpStatusCode.UnprocessableEntity);
        removed.ShouldBe([("/features", "feature_removed")]);
        errors.ShouldBe([("/name", "not_empty")]);
        rules.Select(r => r.Pointer).ShouldContain("/features/0/name");
        using var read = await client.GetAsync($"/api/v1/products/{product.IdOf()}", Sold.Ct);
        read.Headers.ETag!.Tag.ShouldBe("\"1\"");
        (await MaximumAsync(app.Services, product)).ShouldBe(10);
    }

    [Fact]
    public async Task A_product_whose_rules_are_older_than_the_rules_for_them_can_be_renamed()
    {
        using var client = await app.PlatformAsync();
        var product = await CreateAsync(client);
        await app.InAsync<NpgsqlDataSource, int>(async db =>
        {
            await using var command = db.CreateCommand(
                """update catalog.products set features = jsonb_set(features, '{0,excludes}', '["lines"]') where id = $1""");
            command.Parameters.Add(new() { Value = product.IdOf() });
            return await command.ExecuteNonQueryAsync(Sold.Ct);
        });

        using var renamed = await PatchAsync(client, product, new { name = "Telephone" });

        renamed.StatusCode.ShouldBe(HttpStatusCode.OK);
        var view = await renamed.JsonAsync();
        (view.GetProperty("name").GetString(), view.GetProperty("features")[0].GetProperty("excludes")[0].GetString())
            .ShouldBe(("Telephone", "lines"));
    }

    [Fact]
    public async Task Features_are_paged_by_key_also_where_their_order_changes_meanwhile()
    {
        using var client = await app.PlatformAsync();
        var product = await CreateAsync(client);
        static object Features(params string[] keys) => new { features = keys.Select(key => new { key, name = key }) };
        using var added = await PatchAsync(client, product, Features("lines", "fax", "desks"));
        using var first = await client.GetAsync($"/api/v1/products/{product.IdOf()}/features?limit=2", Sold.Ct);
        var page = await first.JsonAsync();

        using var turned = await PatchAsync(client, product, Features("fax", "desks", "lines"));
        using var second = await client.GetAsync($"/api/v1/products/{product.IdOf()}/features?after={page.GetProperty("next").GetString()}", Sold.Ct);

        page.GetProperty("items").EnumerateArray().Select(x => x.GetProperty("key").GetString()).ShouldBe(["desks", "fax"]);
        (await second.JsonAsync()).GetProperty("items").EnumerateArray().Select(x => x.GetProperty("key").GetString()).ShouldBe(["lines"]);
    }

    [Fact]
    public async Task Of_two_who_saw_the_same_state_one_changes_it()
    {
        using var client = await app.PlatformAsync();
        var product = await CreateAsync(client);
        client.DefaultRequestHeaders.Add("If-Match", "\"1\"");

        using var first = await PatchAsync(client, product, Lines(5));
        using var second = await PatchAsync(client, product, Lines(6));

        (first.StatusCode, second.StatusCode).ShouldBe((HttpStatusCode.OK, HttpStatusCode.PreconditionFailed));
        using var nowhere = await client.PatchAsJsonAsync($"/api/v1/products/{Guid.Empty}", Lines(1), Sold.Ct);
        (nowhere.StatusCode, await nowhere.CodeAsync()).ShouldBe((HttpStatusCode.NotFound, "product_not_found"));
    }
}

/// <summary>By itself, since all tests of a class share the shipped product.</summary>
public sealed class ShippedRulesTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task What_was_changed_since_stays_until_a_release_ships_other_rules()
    {
        using var client = await app.PlatformAsync();
        using var listed = await client.GetAsync("/api/v1/products?key=ccaas", Sold.Ct);
        var shipped = (await listed.JsonAsync()).GetProperty("items")[0];
        var features = shipped.GetProperty("features").EnumerateArray().Select(f => f.GetProperty("key").GetString() == "eliteSeats"
            ? JsonDocument.Parse("""{"key":"eliteSeats","name":"Elite","zeroOrMinimum":7}""").RootElement : f).ToList();
        using var patched = await client.PatchAsJsonAsync($"/api/v1/products/{shipped.IdOf()}", new { features }, Sold.Ct);
        patched.StatusCode.ShouldBe(HttpStatusCode.OK, await patched.Content.ReadAsStringAsync(Sold.Ct));

        await PrepareAsync();
        var kept = await EliteAsync();
        await app.InAsync<NpgsqlDataSource, int>(async db =>
        {
            await using var command = db.CreateCommand("update catalog.products set shipped = '[]' where key = 'ccaas'");
            return await command.ExecuteNonQueryAsync(Sold.Ct);
        });
        await PrepareAsync();
        app.Clock.Advance(TimeSpan.FromSeconds(5));

        (kept, await EliteAsync()).ShouldBe((7, 5));
    }

    private Task PrepareAsync() => app.Services.GetServices<IPreparation>().OfType<CcaasProduct>().Single().PrepareAsync(Sold.Ct);

    private async Task<int?> EliteAsync() =>
        (await app.InAsync<ICatalog, ProductRules?>(c => c.RulesAsync("ccaas", Sold.Ct)))!.Features.Single(f => f.Key == "eliteSeats").ZeroOrMinimum;
}
