using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Licensing.Catalog.Contracts;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Catalog.Tests.Pricing;

/// <summary>What something cost in a month that is over; the running one is January 2026.</summary>
public sealed class FormerPricesTests(App app) : IClassFixture<App>
{
    private static Task<HttpResponseMessage> PutAsync(HttpClient client, JsonElement list, object item, string? validFrom = null) =>
        client.PutAsJsonAsync($"/api/v1/pricing/{list.IdOf()}/items", new { items = new[] { item }, validFrom }, Sold.Ct);

    // By months: in the books, in what is pinned and in what is shown of the list.
    private async Task<string> InAsync(HttpClient client, JsonElement list, string sku, string meter, params int[] months)
    {
        var prices = new List<string>();
        foreach (var month in months.Select(x => Period.Month(x / 100, x % 100)))
        {
            var (euro, nobody) = (Currency.Parse("EUR"), new OrganizationId(Guid.Empty));
            decimal? In(IPriceBook book) => book.Find(sku, meter, euro, euro, "eu", nobody, Guid.Empty)?.Price.Price.UnitPrice;
            var found = await app.InAsync<IPriceBooks, decimal?>(async books => In(await books.OpenAsync(month, [], Sold.Ct)));
            (await app.InAsync<IPinnedPrices, decimal?>(async pins =>
                In(pins.Open(await pins.InForceAsync(month, Sold.Ct).ToListAsync(Sold.Ct))))).ShouldBe(found);
            using var shown = await client.GetAsync($"/api/v1/pricing/{list.IdOf()}/items?sku={sku}&on={month.Start:yyyy-MM-dd}", Sold.Ct);
            (await shown.JsonAsync()).GetProperty("items").EnumerateArray()
                .Select(i => (decimal?)decimal.Parse(i.GetProperty("price").GetProperty("unitPrice").GetString()!)).SingleOrDefault().ShouldBe(found);
            prices.Add(found is { } price ? $"{price:0.##}" : "-");
        }

        return string.Join(' ', prices);
    }

    [Fact]
    public async Task A_change_holds_from_the_running_month_on_and_what_is_new_ever_since()
    {
        using var client = await app.PlatformAsync();
        var (sku, meter) = (Sold.Key("sku"), await client.MeterAsync());
        var list = await client.ListAsync([Lists.Item(sku, meter, "1")], from: "2025-06-01");
        (await PutAsync(client, list, Lists.Item(sku, meter, "2"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await InAsync(client, list, sku, meter, 202506, 202512, 202601, 202602)).ShouldBe("1 1 2 2");
        // Twice in one month is once; the same again is nothing.
        await PutAsync(client, list, Lists.Item(sku, meter, "3"));
        await PutAsync(client, list, Lists.Item(sku, meter, "3", name: "Other"));
        (await InAsync(client, list, sku, meter, 202512, 202601)).ShouldBe("1 3");
        using var shown = await client.GetAsync($"/api/v1/pricing/{list.IdOf()}/items", Sold.Ct);
        var item = (await shown.JsonAsync()).GetProperty("items")[0];
        (item.GetProperty("name").GetString(), item.GetProperty("validFrom").GetString()).ShouldBe(("Other", "2026-01-01"));

        var (more, later) = (Sold.Key("sku"), Sold.Key("sku"));
        await PutAsync(client, list, Lists.Item(more, meter, "7"));
        (await InAsync(client, list, more, meter, 202506, 202601)).ShouldBe("7 7");
        await PutAsync(client, list, Lists.Item(later, meter, "7"), "2025-11-01");
        (await InAsync(client, list, later, meter, 202510, 202511)).ShouldBe("- 7");
    }

    [Fact]
    public async Task A_month_that_is_named_and_those_after_it_have_the_price()
    {
        using var client = await app.PlatformAsync();
        var (sku, meter) = (Sold.Key("sku"), await client.MeterAsync());
        var list = await client.ListAsync([Lists.Item(sku, meter, "1")], from: "2025-01-01");
        int[] months = [202505, 202506, 202507, 202509, 202601];
        foreach (var (price, from, expected) in new[]
        {
            ("2", "2025-06-01", "1 2 2 2 2"), ("3", "2025-09-01", "1 2 2 3 3"), ("4", "2025-07-01", "1 2 4 4 4"), ("4", "2025-06-01", "1 4 4 4 4"),
            ("5", "2026-01-01", "1 4 4 4 5"), ("6", "2025-01-01", "6 6 6 6 6"),
        })
        {
            (await PutAsync(client, list, Lists.Item(sku, meter, price), from)).StatusCode.ShouldBe(HttpStatusCode.OK);
            (await InAsync(client, list, sku, meter, months)).ShouldBe(expected);
        }
    }

    [Fact]
    public async Task Adjusting_and_importing_are_changes_like_any()
    {
        using var client = await app.PlatformAsync();
        var (sku, meter) = (Sold.Key("sku"), await client.MeterAsync());
        var list = await client.ListAsync([Lists.Item(sku, meter, "10")], from: "2025-01-01");
        Task<HttpResponseMessage> AdjustAsync(object change) => client.PostAsJsonAsync($"/api/v1/pricing/{list.IdOf()}/adjust", change, Sold.Ct);
        Task<HttpResponseMessage> ImportAsync(string price, string query) => client.PostAsync(
            $"/api/v1/pricing/{list.IdOf()}/import{query}",
            new StringContent($"sku,meter,unitPrice\r\n{sku},{meter},{price}\r\n", Encoding.UTF8, "text/csv"), Sold.Ct);

        (await AdjustAsync(new { percent = "10" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await InAsync(client, list, sku, meter, 202511, 202512, 202601)).ShouldBe("10 10 11");
        var before = new { amount = "1", validFrom = "2025-12-01" };
        (await AdjustAsync(before).RefusedAsync()).Errors.ShouldBe([("/validFrom", "changed_since")]);
        // The price of today, from a month on in which it was another.
        (await ImportAsync("11", "?validFrom=2025-12-01")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await InAsync(client, list, sku, meter, 202511, 202512, 202601)).ShouldBe("10 11 11");
        (await AdjustAsync(before)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await InAsync(client, list, sku, meter, 202511, 202512, 202601)).ShouldBe("10 12 12");
        (await ImportAsync("13", "")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await InAsync(client, list, sku, meter, 202511, 202512, 202601)).ShouldBe("10 12 13");
        (await ImportAsync("14", "?validFrom=2025-11-01")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await InAsync(client, list, sku, meter, 202511, 202512, 202601)).ShouldBe("14 14 14");
    }

    [Fact]
    public async Task A_copy_has_the_prices_of_each_month()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        var (sku, meter) = (Sold.Key("sku"), await client.MeterAsync());
        var list = await client.ListAsync([Lists.Item(sku, meter, "10")], from: "2025-01-01");
        await PutAsync(client, list, Lists.Item(sku, meter, "12"));
        using var cloned = await client.PostAsJsonAsync(
            $"/api/v1/pricing/{list.IdOf()}/clone",
            new { key = Sold.Key("copy"), validFrom = "2025-06-01", scope = "Tenant", tenantId = branch.Tenant.Id.Value, name = "Theirs" }, Sold.Ct);
        var copy = await cloned.JsonAsync();
        foreach (var (day, price) in new[] { ("2025-12-01", "10"), ("2026-01-01", "12") })
        {
            using var shown = await client.GetAsync($"/api/v1/pricing/{copy.IdOf()}/items?on={day}", Sold.Ct);
            (await shown.JsonAsync()).GetProperty("items")[0].GetProperty("price").GetProperty("unitPrice").GetString().ShouldBe(price, day);
        }
    }

    [Fact]
    public async Task Who_changes_a_price_at_the_same_moment_is_told_to_read_it_again()
    {
        using var client = await app.PlatformAsync();
        var (sku, meter) = (Sold.Key("sku"), await client.MeterAsync());
        var list = await client.ListAsync([Lists.Item(sku, meter, "1")], from: "2025-01-01");
        await using var other = await app.Services.GetRequiredService<SchemaOwner>().Database.OpenConnectionAsync(Sold.Ct);
        await using var theirs = await other.BeginTransactionAsync(Sold.Ct);
        await using var change = new NpgsqlCommand("""
            with kept as (
                insert into catalog.former_prices (price_list_id, sku, meter, valid_from, valid_until, name, price)
                select price_list_id, sku, meter, valid_from, '2026-01-01', name, price from catalog.price_list_items where price_list_id = $1)
            update catalog.price_list_items set valid_from = '2026-01-01', price = jsonb_set(price, '{unitPrice}', '"3"') where price_list_id = $1
            """, other, theirs)
        { Parameters = { new() { Value = list.IdOf() } } };
        (await change.ExecuteNonQueryAsync(Sold.Ct)).ShouldBe(1);
        var mine = PutAsync(client, list, Lists.Item(sku, meter, "2"));
        await app.WaitsForALockAsync(mine);
        await theirs.CommitAsync(Sold.Ct);

        using var refused = await mine;
        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "concurrent_change"));
        (await InAsync(client, list, sku, meter, 202512, 202601)).ShouldBe("1 3");
        (await PutAsync(client, list, Lists.Item(sku, meter, "2"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await InAsync(client, list, sku, meter, 202512, 202601)).ShouldBe("1 2");
    }

    [Theory]
    [InlineData("2025-12-02", "not_first_of_month")]
    [InlineData("2026-02-01", "out_of_range")]
    public async Task A_month_that_is_none_or_not_there_yet_is_refused(string validFrom, string code)
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        var list = await client.ListAsync([Lists.Item("a", meter)], from: "2025-01-01");
        var (answer, errors) = await PutAsync(client, list, Lists.Item("a", meter, "2"), validFrom).RefusedAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        errors.ShouldBe([("/validFrom", code)]);
        using var rows = new StringContent($"sku,meter,unitPrice\r\na,{meter},2\r\n", Encoding.UTF8, "text/csv");
        (await client.PostAsync($"/api/v1/pricing/{list.IdOf()}/import?validFrom={validFrom}", rows, Sold.Ct).RefusedAsync()).Errors
            .ShouldBe([("?validFrom", code)]);
        (await client.PricesAsync(list)).ShouldBe(["a 1"]);
    }
}
