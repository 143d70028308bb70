using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Licensing.Usage.Rollups;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Usage.Tests.Thresholds;

public sealed class QuotaOfNextMonthTests : IAsyncLifetime
{
    // It moves the clock, and so has a host of its own.
    private readonly UsageApp _app = new();

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task What_is_agreed_later_says_nothing_of_a_month_that_is_over()
    {
        var customer = await _app.CustomerAsync();
        using var administrator = customer.Branch.Administrator();
        async Task<JsonNode> PostAsync(string what, object body)
        {
            var made = await Outcome.OfAsync(administrator.PostAsJsonAsync($"/api/v1/{what}", body));
            made.Answer.IsSuccessStatusCode.ShouldBeTrue(made.Body.ToJsonString());
            return made.Body;
        }

        var threshold = (await PostAsync("usage/thresholds",
            new { subscriptionId = customer.Subscription, meter = "max", basis = "quota", levels = new[] { "100" } }))["id"];
        await customer.SendAsync(customer.Record("a", "160", "max"));
        await LookAsync();

        _app.Clock.Advance(TimeSpan.FromDays(20));
        await customer.SendAsync(customer.Record("b", "120", "max", "2026-02-02T00:00:00Z"));
        await LookAsync();
        var asked = await PostAsync("quota-requests", new { subscriptionId = customer.Subscription, meter = "max", limit = "100", reason = "r" });
        await PostAsync($"quota-requests/{asked["id"]}/approve", new { reason = "r" });
        await _app.DrainAsync();
        await LookAsync();
        var told = await Outcome.OfAsync(administrator.GetAsync($"/api/v1/usage/thresholds/{threshold}/alerts"));
        told.Body["items"]!.AsArray().Select(a => $"{a!["month"]} {a["quantity"]}").ShouldBe(["2026-02-01 120"]);
    }

    private Task LookAsync() => _app.Services.GetRequiredService<SealedHours>().RunAsync(TestContext.Current.CancellationToken);
}
