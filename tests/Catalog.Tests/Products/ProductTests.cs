using System.Net;
using System.Net.Http.Json;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Products;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Catalog.Tests.Products;

public sealed class ProductTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task A_product_is_created_with_its_rules_and_read_by_the_engine()
    {
        using var client = await app.PlatformAsync();
        var key = Sold.Key("product");
        using var created = await client.PostAsJsonAsync("/api/v1/products", new
        {
            key,
            name = "Phone",
            features = new object[]
            {
                new { key = "lines", name = "Lines", minimum = 1, includes = new[] { new { entitlement = "minutes", perUnit = "100.5" } } },
                new { key = "fax", name = "Fax", requiresAll = new[] { "lines" } },
            },
        }, Sold.Ct);

        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        using var read = await client.GetAsync(created.Headers.Location, Sold.Ct);
        (await read.JsonAsync()).GetProperty("features")[0].GetProperty("includes")[0].GetProperty("perUnit").GetString().ShouldBe("100.5");
        var rules = await app.InAsync<ICatalog, ProductRules?>(c => c.RulesAsync(key, Sold.Ct));
        rules!.Features.Select(f => f.Key).ShouldBe(["lines", "fax"]);
        rules.Features[1].RequiresAll.ShouldBe(["lines"]);
        (await app.InAsync<ICatalog, ProductRules?>(async c =>
            await c.RulesAsync("nothing", Sold.Ct) ?? new ProductRules("none", [])))!.Product.ShouldBe("none");
    }

    [Fact]
    public async Task A_products_features_are_a_list_by_key()
    {
        using var client = await app.PlatformAsync();
        using var listed = await client.GetAsync("/api/v1/products?key=ccaas", Sold.Ct);
        var path = $"/api/v1/products/{(await listed.JsonAsync()).GetProperty("items")[0].IdOf()}/features";
        var keys = new List<string?>();
        for (string? after = ""; after is not null;)
        {
            using var answer = await client.GetAsync($"{path}?limit=5{after}", Sold.Ct);
            var page = await answer.JsonAsync();
            keys.AddRange(page.GetProperty("items").EnumerateArray().Select(x => x.GetProperty("key").GetString()));
            after = page.GetProperty("next").GetString() is { } next ? $"&after={next}" : null;
        }

        keys.ShouldBe(CcaasProduct.Features.Select(f => f.Key).Order(StringComparer.Ordinal));
        using var foreign = await client.GetAsync($"{path}?after={Convert.ToBase64String("no key"u8).TrimEnd('=')}", Sold.Ct);
        (foreign.StatusCode, await foreign.CodeAsync()).ShouldBe((HttpStatusCode.BadRequest, "invalid_cursor"));
        using var missing = await client.GetAsync($"/api/v1/products/{Guid.Empty}/features", Sold.Ct);
        (missing.StatusCode, await missing.CodeAsync()).ShouldBe((HttpStatusCode.NotFound, "product_not_found"));
    }

    [Fact]
    public async Task Broken_rules_are_refused_with_their_pointers()
    {
        using var client = await app.PlatformAsync();

        var (answer, errors) = await client.PostAsJsonAsync("/api/v1/products", new
        {
            key = Sold.Key("product"),
            name = "Phone",
            features = new object[] { new { key = "lines", name = "Lines", requiresAny = new[] { "desk" } }, new { key = "lines", name = "Lines" } },
        }, Sold.Ct).RefusedAsync();

        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        errors.ShouldBe([("/features/0/requiresAny/0", "unknown_feature"), ("/features/1/key", "duplicate")]);
    }

    [Fact]
    public async Task A_key_is_taken_once()
    {
        using var client = await app.PlatformAsync();

        using var answer = await client.PostAsJsonAsync(
            "/api/v1/products", new { key = "ccaas", name = "Again", features = new[] { new { key = "a", name = "A" } } }, Sold.Ct);

        (answer.StatusCode, await answer.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "product_key_taken"));
    }

    [Fact]
    public async Task The_shipped_product_is_there_once_and_preparing_again_changes_nothing()
    {
        using var client = await app.PlatformAsync();
        var preparation = app.Services.GetServices<IPreparation>().OfType<CcaasProduct>().Single();
        await preparation.PrepareAsync(Sold.Ct);
        await preparation.PrepareAsync(Sold.Ct);

        using var listed = await client.GetAsync("/api/v1/products?key=ccaas", Sold.Ct);
        var items = (await listed.JsonAsync()).GetProperty("items");
        items.GetArrayLength().ShouldBe(1);
        using var read = await client.GetAsync($"/api/v1/products/{items[0].IdOf()}", Sold.Ct);
        read.Headers.ETag!.Tag.ShouldBe("\"1\"");
        (await read.JsonAsync()).GetProperty("features").GetArrayLength().ShouldBe(12);
    }
}
