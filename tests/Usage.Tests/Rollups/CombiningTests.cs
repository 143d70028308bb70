using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Licensing.Catalog.Contracts;
using Licensing.Usage.Contracts;
using Licensing.Usage.Rollups;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Usage.Tests.Rollups;

/// <summary>
/// What a subscription used under several SKUs and in several regions is one quantity by one rule (ADR 0049), whoever asks; that bills go by
/// it too is in the scenarios.
/// </summary>
public sealed class CombiningTests(UsageApp app) : IClassFixture<UsageApp>
{
    // In the order of what is told: of two regions, the older quantity in one of them; of resources one is in both.
    private static readonly Dictionary<string, string> Together =
        new() { ["count"] = "3", ["last"] = "12", ["max"] = "9", ["sum"] = "16", ["unique"] = "2" };

    [Theory]
    [InlineData(MeterAggregation.Sum, Combining.Added)]
    [InlineData(MeterAggregation.Count, Combining.Added)]
    [InlineData(MeterAggregation.Max, Combining.Largest)]
    [InlineData(MeterAggregation.Last, Combining.Added)]
    [InlineData(MeterAggregation.Unique, Combining.Distinct)]
    public void Each_aggregation_has_its_way(MeterAggregation aggregation, Combining combining) => aggregation.Combines.ShouldBe(combining);

    [Fact]
    public async Task Two_regions_are_one_quantity_in_the_summary_and_for_thresholds()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync([.. Together.Keys.SelectMany(meter => InTwoRegions(customer, customer.Subscription, meter))]);

        (await GroupsAsync(customer, "meter")).ShouldBe(Together.Select(t => $"{t.Key} {t.Value} 3"));
        (await GroupsAsync(customer, "month")).ShouldBe(Together.Select(t => $"{t.Key} {t.Value} 3"));
        (await GroupsAsync(customer, "region&meter=last", "region")).ShouldBe(["last eu 5 2", "last us 7 1"]);
        (await GroupsAsync(customer, "region&meter=unique", "region")).ShouldBe(["unique eu 2 2", "unique us 1 1"]);
        (await GroupsAsync(customer, "day&meter=unique", "day")).ShouldBe(["unique 2026-01-09 1 1", "unique 2026-01-10 2 2"]);
        (await AlertsAsync(customer)).ShouldBe(Together.Select(t => $"{t.Key} {t.Value}"));
    }

    [Fact]
    public async Task Subscriptions_add_up_whatever_is_counted()
    {
        var customer = await app.CustomerAsync();
        var second = await app.SubscribeAsync(customer.Branch, customer.Tenant);
        await customer.SendAsync([.. Together.Keys.SelectMany(meter =>
            InTwoRegions(customer, customer.Subscription, meter).Concat(InTwoRegions(customer, second, meter, "second ")))]);
        (await GroupsAsync(customer, "tenant")).ShouldBe(["count 6 6", "last 24 6", "max 18 6", "sum 32 6", "unique 4 6"]);
        (await GroupsAsync(customer, "subscription&meter=unique")).ShouldBe(["unique 2 3", "unique 2 3"]);
    }

    [Fact]
    public async Task A_page_of_groups_has_what_all_of_them_have()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync([.. Together.Keys.SelectMany(meter => InTwoRegions(customer, customer.Subscription, meter))]);
        var seen = new List<string>();
        for (string? after = null; ;)
        {
            var page = await AskAsync(customer, $"sku&limit=2{(after is null ? "" : "&after=" + after)}");
            seen.AddRange(Groups(page, []));
            if ((after = (string?)page["next"]) is null)
                break;
        }

        seen.ShouldBe(Together.Select(t => $"{t.Key} {t.Value} 3"));
    }

    private static IEnumerable<JsonNode> InTwoRegions(Customer customer, Guid subscription, string meter, string id = "")
    {
        foreach (var (region, day, quantity, resource) in new[] { ("eu", 9, "4", "vm-1"), ("eu", 10, "5", "vm-2"), ("us", 10, "7", "vm-1") })
        {
            // The older quantity of the first region is its largest.
            var record = customer.Record(
                $"{id}{meter} {region} {day}", meter is "max" && day == 9 ? "9" : quantity, meter, $"2026-01-{day:00}T12:00:00Z", resource);
            (record["subscriptionId"], record["region"]) = (subscription, region);
            yield return record;
        }
    }

    private async Task<string[]> AlertsAsync(Customer customer)
    {
        var thresholds = new List<(string Meter, string Id)>();
        foreach (var meter in Together.Keys)
        {
            var made = await Outcome.OfAsync(customer.Partner().PostAsJsonAsync("/api/v1/usage/thresholds", new
            {
                subscriptionId = customer.Subscription,
                meter,
                basis = "quantity",
                levels = new[] { "1" },
            }));
            thresholds.Add((meter, (string)made.Body["id"]!));
        }

        await app.Services.GetRequiredService<SealedHours>().RunAsync(TestContext.Current.CancellationToken);
        var alerts = new List<string>();
        foreach (var (meter, id) in thresholds)
            alerts.AddRange((await Outcome.OfAsync(customer.Partner().GetAsync($"/api/v1/usage/thresholds/{id}/alerts"))).Body["items"]!.AsArray()
                .Select(a => $"{meter} {a!["quantity"]}"));
        return [.. alerts];
    }

    private static async Task<string[]> GroupsAsync(Customer customer, string groupBy, params string[] keys) =>
        Groups(await AskAsync(customer, groupBy), keys);

    private static async Task<JsonNode> AskAsync(Customer customer, string groupBy) =>
        (await Outcome.OfAsync(customer.Partner().GetAsync($"/api/v1/usage/summary?period=2026-01&groupBy={groupBy}"))).Body;

    private static string[] Groups(JsonNode page, string[] keys) =>
        [.. page["items"]!.AsArray().Select(g => string.Join(' ', keys.Prepend("meter").Append("quantity").Append("records").Select(k => g![k])))];
}
