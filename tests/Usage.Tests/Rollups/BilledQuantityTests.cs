using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Licensing.Usage.Rollups;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Usage.Tests.Rollups;

/// <summary>What was used in several regions and under several SKUs: the summary, a threshold and the invoice say one quantity (ADR 0049).</summary>
public sealed class BilledQuantityTests : IAsyncLifetime
{
    private static readonly string[] Meters = ["count", "last", "max", "sum", "unique"];

    private readonly UsageApp _app = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Summary_threshold_and_invoice_say_the_same()
    {
        var branch = await _app.BranchAsync();
        using var administrator = branch.Administrator();
        var customer = new Customer(_app, branch, branch.Tenant, await SubscribeAsync(branch, administrator));
        var random = new Random(11);
        await customer.SendAsync([.. Enumerable.Range(0, 200).Select(i => Used(customer, i, random))]);
        var thresholds = new List<string>();
        foreach (var meter in Meters)
            thresholds.Add(await IdAsync(administrator, "usage/thresholds",
                new { subscriptionId = customer.Subscription, meter, basis = "quantity", levels = new[] { "1" } }));
        await _app.Services.GetRequiredService<SealedHours>().RunAsync(Ct);

        var summed = (await ItemsAsync(administrator, $"usage/summary?period=2026-01&subscriptionId={customer.Subscription}"))
            .Select(g => $"{g!["meter"]} {g["quantity"]}").ToList();
        summed.Count.ShouldBe(Meters.Length);
        var told = new List<string>();
        foreach (var (meter, id) in Meters.Zip(thresholds))
            told.Add($"{meter} {(await ItemsAsync(administrator, $"usage/thresholds/{id}/alerts")).Single()!["quantity"]}");
        told.ShouldBe(summed);

        _app.Clock.Advance(TimeSpan.FromDays(20));
        (await administrator.PostAsJsonAsync("/api/v1/billing/generate/2026-01", new { issue = true }, Ct)).StatusCode
            .ShouldBe(HttpStatusCode.Accepted);
        await _app.DrainAsync();
        var invoice = (await ItemsAsync(administrator, $"invoices?period=2026-01&tenantId={branch.Tenant.Id.Value}")).Single()!["id"];
        (await ItemsAsync(administrator, $"invoices/{invoice}/lines")).Where(l => (string?)l!["meter"] is { Length: > 0 })
            .Select(l => $"{l!["meter"]} {l["quantity"]}").Order(StringComparer.Ordinal).ShouldBe(summed);
    }

    private static JsonObject Used(Customer customer, int number, Random random)
    {
        var record = customer.Record(
            $"{number}", random.Next(1, 50), Meters[number % Meters.Length], $"2026-01-{random.Next(1, 15):00}T{random.Next(24):00}:00:00Z",
            $"vm-{random.Next(6)}");
        (record["region"], record["sku"]) = (random.Next(3) switch { 0 => null, 1 => "eu", _ => "us" }, random.Next(2) == 0 ? null : "big");
        return record;
    }

    private async Task<Guid> SubscribeAsync(Branch branch, HttpClient administrator)
    {
        (await administrator.PutAsJsonAsync(
            "/api/v1/tax-rates", new { country = "DE", category = "S", percent = "19", validFrom = "2025-01-01" }, Ct)).EnsureSuccessStatusCode();
        var plan = await IdAsync(administrator, "plans", new
        {
            key = "metered",
            name = "Metered",
            product = "cloud",
            currency = "EUR",
            charges = Meters.Select(meter => new { key = meter, name = meter, meter, price = new { model = "perUnit", unitPrice = "1.00" } }),
        });
        (await administrator.PostAsJsonAsync($"/api/v1/plans/{plan}/publish", new { }, Ct)).EnsureSuccessStatusCode();
        return Guid.Parse(await IdAsync(administrator, "subscriptions",
            new { tenantId = branch.Tenant.Id.Value, planId = plan, quantities = new { }, startDate = "2025-12-01" }));
    }

    private static async Task<string> IdAsync(HttpClient client, string what, object body)
    {
        var made = await Outcome.OfAsync(client.PostAsJsonAsync($"/api/v1/{what}", body, Ct));
        made.Answer.IsSuccessStatusCode.ShouldBeTrue(made.Body.ToJsonString());
        return (string)made.Body["id"]!;
    }

    private static async Task<JsonArray> ItemsAsync(HttpClient client, string what)
    {
        var read = await Outcome.OfAsync(client.GetAsync($"/api/v1/{what}", Ct));
        read.Status.ShouldBe(HttpStatusCode.OK, read.Body.ToJsonString());
        return read.Body["items"]!.AsArray();
    }
}
