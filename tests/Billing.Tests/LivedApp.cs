using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests;

/// <summary>The host with no part replaced, and a plan of everything: a flat charge, seats, calls by tiers, and price lists.</summary>
public sealed class LivedApp : App
{
    private string _plan = "";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Clock.Set(new DateTimeOffset(2026, 1, 5, 9, 0, 0, TimeSpan.Zero));
        var root = await InAsync<IOrganizationDirectory, OrganizationRef>(d => d.PlatformAsync(CancellationToken.None));
        using var platform = As(Roles.PlatformAdministrator, root.Id.Value, root.Path);
        await Sent(await platform.PutAsJsonAsync(
            "/api/v1/tax-rates", new { country = "DE", category = "S", percent = "20", validFrom = "2020-01-01" }));
        await PostAsync(platform, "products", new { key = Product, name = "Billed", features = new[] { new { key = "seats", name = "Seats" } } });
        await PostAsync(platform, "meters", new { key = "calls", unit = "Calls made", aggregation = "sum" });
        await PostAsync(platform, "meters", new { key = "gb", unit = "GB", aggregation = "sum" });
        await PostAsync(platform, "pricing", new
        {
            key = "list",
            name = "List",
            scope = "Global",
            currency = "EUR",
            validFrom = "2025-01-01",
            items = new[] { new { sku = "STORAGE", meter = "gb", name = "Storage", price = new { model = "perUnit", unitPrice = "0.05" } } },
        });
        _plan = (await PostAsync(platform, "plans", new
        {
            key = "whole",
            name = "Whole",
            product = Product,
            currency = "EUR",
            usesPriceLists = true,
            charges = new[]
            {
                Flat("base", "10.00"), Seats("10"),
                new
                {
                    key = "calls",
                    name = "Calls",
                    meter = "calls",
                    price = new { model = "graduated",
                        tiers = new object[] { new { upTo = "10", unitPrice = "10", flatFee = "2" }, new { unitPrice = "5", flatFee = "3" } } },
                },
            },
        })).GetProperty("id").GetString()!;
        await PostAsync(platform, $"plans/{_plan}/publish", new { });
    }

    /// <returns>The subscription's id.</returns>
    public async Task<string> SubscribeAsync(HttpClient platform, OrganizationRef tenant, string? startDate = null) => (await PostAsync(
        platform, "subscriptions", new { tenantId = tenant.Id.Value, planId = _plan, quantities = new { seats = 5 }, startDate }))
        .GetProperty("id").GetString()!;

    /// <summary>12 calls and 3.333 GB in January.</summary>
    public static async Task UseAsync(HttpClient platform, string subscriptionId)
    {
        var usage = await PostAsync(platform, "usage", new
        {
            records = new object[]
            {
                new { id = "1", subscriptionId, meter = "calls", quantity = "7", start = "2026-01-10T00:00:00Z" },
                new { id = "2", subscriptionId, meter = "calls", quantity = "5", start = "2026-01-15T23:59:59Z" },
                new { id = "3", subscriptionId, meter = "gb", sku = "STORAGE", quantity = "3.333", start = "2026-01-12T00:00:00Z", region = "eu" },
            },
        });
        usage.GetProperty("accepted").GetInt32().ShouldBe(3);
    }

    /// <summary>Runs a month: how many are parked, and why.</summary>
    public async Task<string> BilledAsync(HttpClient platform, string month)
    {
        var id = await StartAsync(platform, month);
        await this.DrainAsync();
        var errors = (await OperationAsync(platform, id)).GetProperty("errors").EnumerateArray().ToList();
        return $"{errors.Count} parked: {string.Join(' ', errors.Select(x => x.Text("code")))}";
    }

    public async Task SqlAsync(string sql)
    {
        await using var command = Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<JsonElement> PostAsync(HttpClient client, string path, object body) =>
        await Sent(await client.PostAsJsonAsync($"/api/v1/{path}", body));
}
