using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Catalog.Tests.Pricing;

/// <summary>Price lists as tests need them.</summary>
internal static class Lists
{
    public static object Item(string sku, string meter, string price = "1", string? name = null) =>
        new { sku, meter, name = name ?? sku, price = new { model = "perUnit", unitPrice = price } };

    public static async Task<JsonElement> ListAsync(
        this HttpClient client, object[] items, string scope = "Region", string from = "2026-01-01", string? until = null,
        OrganizationRef? tenant = null,
        string currency = "EUR")
    {
        using var answer = await client.PostAsJsonAsync("/api/v1/pricing", new
        {
            key = Sold.Key("list"),
            name = "List",
            scope,
            currency,
            validFrom = from,
            validUntil = until,
            region = scope == "Region" ? "eu" : null,
            tenantId = tenant?.Id.Value,
            items,
        }, Sold.Ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Sold.Ct));
        return await answer.JsonAsync();
    }

    /// <summary>SKU and price of every item, in the list's order.</summary>
    public static async Task<string[]> PricesAsync(this HttpClient client, JsonElement list)
    {
        using var answer = await client.GetAsync($"/api/v1/pricing/{list.IdOf()}/items?limit=200", Sold.Ct);
        return [.. (await answer.JsonAsync()).GetProperty("items").EnumerateArray()
            .Select(i => $"{i.GetProperty("sku").GetString()} {i.GetProperty("price").GetProperty("unitPrice").GetString()}")];
    }
}
