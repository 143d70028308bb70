using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;

namespace Licensing.Catalog.Tests.Pricing;

public sealed class PriceListTests(App app) : IClassFixture<App>
{
    private static object Item(string sku, string meter, string price = "1") =>
        new { sku, meter, name = sku, price = new { model = "perUnit", unitPrice = price } };

    private static Dictionary<string, object?> List(
        string scope, object[]? items = null, string currency = "EUR", string from = "2026-01-01", string? until = null, string? region = null,
        OrganizationRef? tenant = null, Guid? subscription = null) => new()
        {
            ["key"] = Sold.Key("list"),
            ["name"] = "List",
            ["scope"] = scope,
            ["currency"] = currency,
            ["validFrom"] = from,
            ["validUntil"] = until,
            ["region"] = region,
            ["tenantId"] = tenant?.Id.Value,
            ["subscriptionId"] = subscription,
            ["items"] = items,
        };

    private static async Task<JsonElement> CreateAsync(HttpClient client, Dictionary<string, object?> list)
    {
        using var answer = await client.PostAsJsonAsync("/api/v1/pricing", list, Sold.Ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Sold.Ct));
        return await answer.JsonAsync();
    }

    private static Task<HttpResponseMessage> PutAsync(HttpClient client, JsonElement list, params object[] items) =>
        client.PutAsJsonAsync($"/api/v1/pricing/{list.IdOf()}/items", new { items }, Sold.Ct);

    private Task<SkuPrice?> FindAsync(string sku, string meter, string? region, Guid tenant, Guid subscription, Period? period = null) =>
        app.InAsync<IPriceBooks, SkuPrice?>(
            async books => (await books.OpenAsync(period ?? Period.Month(2026, 1), [new OrganizationId(tenant)], Sold.Ct))
            .Find(sku, meter, Currency.Parse("EUR"), Currency.Parse("EUR"), region, new OrganizationId(tenant), subscription)?.Price);

    [Fact]
    public async Task The_book_finds_the_most_specific_price_in_force_on_the_first_day()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        var (sku, meter) = (Sold.Key("sku"), await client.MeterAsync());
        var subscription = new Guid(7, 7, 7, new byte[8]);
        await CreateAsync(client, List("Global", [Item(sku, meter, "1")], until: "2026-02-01"));
        await CreateAsync(client, List("Global", [Item(sku, meter, "1.5")], from: "2026-02-01"));
        await CreateAsync(client, List("Region", [Item(sku, meter, "2")], region: "eu"));
        await CreateAsync(client, List("Tenant", [Item(sku, meter, "3")], tenant: branch.Tenant));
        await CreateAsync(client, List("Subscription", [Item(sku, meter, "4")], tenant: branch.Tenant, subscription: subscription));
        var tenant = branch.Tenant.Id.Value;

        (await FindAsync(sku, meter, "eu", tenant, subscription))!.Price.UnitPrice.ShouldBe(4);
        (await FindAsync(sku, meter, "eu", tenant, Guid.Empty))!.Price.UnitPrice.ShouldBe(3);
        (await FindAsync(sku, meter, "eu", Guid.Empty, Guid.Empty))!.Price.UnitPrice.ShouldBe(2);
        (await FindAsync(sku, meter, null, Guid.Empty, Guid.Empty))!.Price.UnitPrice.ShouldBe(1);
        (await FindAsync(sku, meter, null, Guid.Empty, Guid.Empty, Period.Month(2026, 2)))!.Price.UnitPrice.ShouldBe(1.5m);
        (await FindAsync(sku, meter, null, Guid.Empty, Guid.Empty, Period.Month(2025, 12))).ShouldBeNull();
    }

    [Fact]
    public async Task Putting_adds_and_replaces_and_pages_in_the_order_of_skus()
    {
        using var client = await app.PlatformAsync();
        var (prefix, meter) = (Sold.Key("sku"), await client.MeterAsync());
        var list = await CreateAsync(client, List("Region", [Item($"{prefix}-a", meter), Item($"{prefix}-b", meter)], region: "eu"));

        using var put = await PutAsync(client, list, Item($"{prefix}-b", meter, "9"), Item($"{prefix}-c", meter));

        put.StatusCode.ShouldBe(HttpStatusCode.OK);
        put.Headers.ETag!.Tag.ShouldBe("\"2\"");
        var seen = new List<string>();
        string? after = null;
        do
        {
            using var answer = await client.GetAsync(
                $"/api/v1/pricing/{list.IdOf()}/items?limit=1{(after is null ? "" : $"&after={after}")}", Sold.Ct);
            var page = await answer.JsonAsync();
            seen.AddRange(page.GetProperty("items").EnumerateArray()
                .Select(i => $"{i.GetProperty("sku").GetString()} {i.GetProperty("price").GetProperty("unitPrice").GetString()}"));
            after = page.GetProperty("next").GetString();
        }
        while (after is not null);
        seen.ShouldBe([$"{prefix}-a 1", $"{prefix}-b 9", $"{prefix}-c 1"]);
    }

    [Fact]
    public async Task A_sku_has_one_global_price_per_currency_and_day()
    {
        using var client = await app.PlatformAsync();
        var (sku, meter) = (Sold.Key("sku"), await client.MeterAsync());
        await CreateAsync(client, List("Global", [Item(sku, meter)], from: "2026-01-01", until: "2026-04-01"));
        var empty = await CreateAsync(client, List("Global", from: "2026-03-01"));

        using var overlapping = await PutAsync(client, empty, Item(Sold.Key("sku"), meter), Item(sku, meter));

        (overlapping.StatusCode, await overlapping.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "sku_priced_twice"));
        (await overlapping.JsonAsync()).GetProperty("detail").GetString()!.ShouldContain(sku);
        using var created = await client.PostAsJsonAsync(
            "/api/v1/pricing", List("Global", [Item(sku, meter)], from: "2025-12-01", until: "2026-02-01"), Sold.Ct);
        created.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        await CreateAsync(client, List("Global", [Item(sku, meter)], from: "2026-04-01"));
        await CreateAsync(client, List("Global", [Item(sku, meter)], from: "2025-12-01", until: "2026-01-01"));
        await CreateAsync(client, List("Global", [Item(sku, meter)], currency: "USD"));
        await CreateAsync(client, List("Global", [Item(sku, await client.MeterAsync())]));
        await CreateAsync(client, List("Region", [Item(sku, meter)], region: "eu"));
    }

    [Fact]
    public async Task Two_writers_at_once_cannot_both_price_a_sku()
    {
        using var client = await app.PlatformAsync();
        var (sku, meter) = (Sold.Key("sku"), await client.MeterAsync());

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(_ => client.PostAsJsonAsync("/api/v1/pricing", List("Global", [Item(sku, meter)]), Sold.Ct)));

        answers.Count(a => a.StatusCode is HttpStatusCode.Created).ShouldBe(1);
        foreach (var refused in answers.Where(a => a.StatusCode is not HttpStatusCode.Created))
            (await refused.CodeAsync()).ShouldBe("sku_priced_twice");
    }

    [Fact]
    public async Task A_tenants_prices_are_seen_in_its_branch_only()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var client = branch.Administrator();
        var list = await CreateAsync(client, List("Tenant", tenant: branch.Tenant));
        var global = await CreateAsync(client, List("Global", from: "2020-01-01", until: "2020-02-01"));

        foreach (var role in new[] { Roles.DistributorReader, Roles.PartnerReader, Roles.TenantUser })
        {
            using var insider = branch.As(role);
            using var seen = await insider.GetAsync($"/api/v1/pricing/{list.IdOf()}", Sold.Ct);
            seen.StatusCode.ShouldBe(HttpStatusCode.OK);
            using var outsider = other.As(role);
            foreach (var route in new[] { "", "/items" })
            {
                using var hidden = await outsider.GetAsync($"/api/v1/pricing/{list.IdOf()}{route}", Sold.Ct);
                (hidden.StatusCode, await hidden.CodeAsync()).ShouldBe((HttpStatusCode.NotFound, "price_list_not_found"));
            }

            using var common = await outsider.GetAsync($"/api/v1/pricing/{global.IdOf()}", Sold.Ct);
            common.StatusCode.ShouldBe(HttpStatusCode.OK);
            using var listed = await outsider.GetAsync($"/api/v1/pricing?tenantId={branch.Tenant.Id.Value}", Sold.Ct);
            (await listed.JsonAsync()).GetProperty("items").GetArrayLength().ShouldBe(0);
        }
    }

    [Fact]
    public async Task What_breaks_a_rule_is_refused_with_its_pointer()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        var meter = await client.MeterAsync();
        async Task<string> Refused(Dictionary<string, object?> list)
        {
            var (answer, errors) = await client.PostAsJsonAsync("/api/v1/pricing", list, Sold.Ct).RefusedAsync();
            return $"{(int)answer.StatusCode} {string.Join(", ", errors.Select(e => $"{e.Pointer} {e.Code}"))}";
        }

        (await Refused(List("Region"))).ShouldBe("422 /region required");
        (await Refused(List("Global", tenant: branch.Tenant))).ShouldBe("422 /tenantId not_of_scope");
        (await Refused(List("Subscription", tenant: branch.Tenant))).ShouldBe("422 /subscriptionId required");
        (await Refused(List("Tenant", tenant: branch.Partner))).ShouldBe("404 ");
        (await Refused(List("Global", from: "2026-02-01", until: "2026-02-01"))).ShouldBe("422 /validUntil not_after_start");
        (await Refused(List("Global", from: "2026-01-02", until: "2026-03-31")))
            .ShouldBe("422 /validFrom not_first_of_month, /validUntil not_first_of_month");
        (await Refused(List("Region", [Item("a", meter), Item("a", meter)], region: "eu"))).ShouldBe("422 /items/1/sku duplicate");
        // An item of these tests is called as its SKU.
        (await Refused(List("Region", [Item("a\nb", "none")], region: "eu")))
            .ShouldBe("422 /items/0/sku sku, /items/0/meter unknown_meter, /items/0/name name");
        (await Refused(List("Region", [new { sku = "a", meter, name = "A", price = new { model = "flat", amount = "1" } }], region: "eu")))
            .ShouldBe("422 /items/0/price/model model_not_allowed");
        (await Refused(List("Region", [Item("a", meter), null!], region: "eu"))).ShouldBe("400 /items/1 malformed");
        (await Refused(List("Region", [Item("a", meter, "-1")], region: "eu"))).ShouldBe("422 /items/0/price/unitPrice out_of_range");
        (await Refused(List("Region", [.. Enumerable.Range(0, 1_001).Select(i => Item($"s{i}", meter))], region: "eu"))).ShouldBe("422 /items count");
        var created = await CreateAsync(client, List("Global", from: "2019-01-01", until: "2019-02-01"));
        var again = List("Global");
        again["key"] = created.GetProperty("key").GetString();
        using var taken = await client.PostAsJsonAsync("/api/v1/pricing", again, Sold.Ct);
        (taken.StatusCode, await taken.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "price_list_key_taken"));
    }

    [Fact]
    public async Task A_thousand_items_are_written_at_once()
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();

        var list = await CreateAsync(client, List("Region", [.. Enumerable.Range(0, 1_000).Select(i => Item($"s{i:0000}", meter))], region: "eu"));

        using var last = await client.GetAsync($"/api/v1/pricing/{list.IdOf()}/items?sku=s0999", Sold.Ct);
        (await last.JsonAsync()).GetProperty("items").GetArrayLength().ShouldBe(1);
    }
}
