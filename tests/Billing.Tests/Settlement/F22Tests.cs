using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Tests.Invoices;
using Microsoft.AspNetCore.Builder;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>A host whose days begin where the clock is put forward and back twice a year.</summary>
public class ViennaApp : App
{
    protected override void Configure(WebApplicationBuilder builder) => builder.Configuration["Billing:TimeZone"] = "Europe/Vienna";
}

/// <summary>
/// Fault F22: four hundred days and more of a clock that is moved by the test, with a leap day and both changes of the clock within, begun on a 31st.
/// Each day something may change; in the end every day of every subscription is billed once, as it was.
/// </summary>
[Trait("Fault", "F22")]
public sealed class F22Tests : IAsyncLifetime
{
    private readonly ViennaApp _app = new();

    private static readonly DateOnly First = new(2027, 10, 31), End = new(2029, 1, 1);

    private sealed class Held
    {
        public required string Id { get; init; }
        public int Plan { get; set; }
        public int Seats { get; set; }
        public bool Suspended { get; set; }
        public bool Over { get; set; }

        /// <summary>Charge and day, and how much of it.</summary>
        public Dictionary<(string Charge, DateOnly Day), int> Days { get; } = [];
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(22, FaultLength.Times(inTests: 1, inFaults: 20))];

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Theory, MemberData(nameof(Seeds))]
    public async Task Every_day_of_every_subscription_is_billed_once(int seed)
    {
        var chance = new Random(seed);
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        _app.Clock.Set(Early(First));
        string[] plans = await PlansAsync(platform);
        var all = new List<Held>();
        for (var day = First; day < End; day = day.AddDays(1))
        {
            _app.Clock.Set(Early(day));
            if (day.Day == 1)
                await BillAsync(platform, day.AddMonths(-1));
            // New ones come on the last days of months.
            if (all.Count < 8 && day.AddDays(1).Day == 1)
                all.Add(await StartAsync(platform, branch, plans, chance));
            foreach (var one in all.Where(one => !one.Over && chance.Next(12) == 0))
                await ChangeAsync(platform, plans, one, chance);
            foreach (var one in all.Where(one => !one.Over && !one.Suspended))
            {
                one.Days[($"base-{one.Plan}", day)] = 1;
                one.Days[($"seats-{one.Plan}", day)] = one.Seats;
            }
        }

        _app.Clock.Set(Early(End));
        await BillAsync(platform, End.AddMonths(-1));
        var billed = await BilledAsync(platform);
        all.Count.ShouldBe(8);
        all.Count(one => one.Over).ShouldBeGreaterThan(0);
        foreach (var one in all)
            billed[one.Id].ToDictionary(x => (x.Charge, x.Day), x => x.Quantity).ShouldBe(one.Days, ignoreOrder: true);
        all.SelectMany(one => one.Days.Keys).ShouldContain(x => x.Day == new DateOnly(2028, 2, 29));
        await CommonChecker.HoldsAsync(_app, TestContext.Current.CancellationToken);
    }

    // Half past midnight in winter, half past one in summer: by another clock than the billing's it is still the day before.
    private static DateTimeOffset Early(DateOnly day) => new(day.AddDays(-1), new TimeOnly(23, 30), TimeSpan.Zero);

    private static async Task<JsonElement> PostAsync(HttpClient platform, string path, object body) =>
        await Sent(await platform.PostAsJsonAsync($"/api/v1/{path}", body));

    private static async Task<string[]> PlansAsync(HttpClient platform)
    {
        await Sent(await platform.PutAsJsonAsync(
            "/api/v1/tax-rates", new { country = "DE", category = "S", percent = "20", validFrom = "2020-01-01" }));
        await PostAsync(platform, "products", new { key = Product, name = "Billed", features = new[] { new { key = "seats", name = "Seats" } } });
        var plans = new string[2];
        for (var i = 0; i < plans.Length; i++)
        {
            var plan = await PostAsync(platform, "plans", new
            {
                key = $"f22-{i}",
                name = $"F22 {i}",
                product = Product,
                currency = "EUR",
                charges = new object[]
                {
                    Flat($"base-{i}", "31.00"),
                    new { key = $"seats-{i}", name = "Seats", feature = "seats", price = new { model = "perUnit", unitPrice = "7" } },
                },
            });
            plans[i] = plan.Text("id");
            await PostAsync(platform, $"plans/{plans[i]}/publish", new { });
        }

        return plans;
    }

    private static async Task<Held> StartAsync(HttpClient platform, Branch branch, string[] plans, Random chance)
    {
        var (plan, seats) = (chance.Next(2), chance.Next(1, 9));
        var made = await PostAsync(
            platform, "subscriptions", new { tenantId = branch.Tenant.Id.Value, planId = plans[plan], quantities = new { seats } });
        return new Held { Id = made.Text("id"), Plan = plan, Seats = seats };
    }

    private static async Task ChangeAsync(HttpClient platform, string[] plans, Held one, Random chance)
    {
        var path = $"subscriptions/{one.Id}";
        switch (chance.Next(10))
        {
            case 0 when !one.Suspended:
                await PostAsync(platform, $"{path}/cancel", new { at = "now" });
                one.Over = true;
                break;
            case <= 3:
                await PostAsync(platform, one.Suspended ? $"{path}/resume" : $"{path}/suspend", new { reason = "chance" });
                one.Suspended = !one.Suspended;
                break;
            case <= 5 when !one.Suspended:
                one.Plan = 1 - one.Plan;
                await PostAsync(platform, $"{path}/change-plan", new { planId = plans[one.Plan], quantities = new { seats = one.Seats } });
                break;
            case > 5 when !one.Suspended:
                one.Seats = one.Seats % 9 + 1;
                await Sent(await platform.PatchAsJsonAsync($"/api/v1/{path}", new { quantities = new { seats = one.Seats } }));
                break;
        }
    }

    private async Task BillAsync(HttpClient platform, DateOnly month)
    {
        var operation = await BillingApp.StartAsync(platform, month.ToString("yyyy-MM"));
        await _app.DrainAsync();
        (await OperationAsync(platform, operation)).GetProperty("errors").GetArrayLength().ShouldBe(0);
    }

    private static async Task<ILookup<string, (string Charge, DateOnly Day, int Quantity)>> BilledAsync(HttpClient platform)
    {
        var days = new List<(string Subscription, (string, DateOnly, int) Billed)>();
        foreach (var invoice in await ItemsAsync(platform, "/api/v1/invoices?limit=100"))
            foreach (var line in await ItemsAsync(platform, $"/api/v1/invoices/{invoice.Text("id")}/lines?limit=200"))
            {
                var quantity = (int)decimal.Parse(line.Text("quantity"));
                for (var day = Day(line, "start"); day < Day(line, "end"); day = day.AddDays(1))
                    days.Add((line.Text("subscriptionId"), (line.Text("chargeKey"), day, quantity)));
            }

        return days.ToLookup(x => x.Subscription, x => x.Billed);
    }

    private static DateOnly Day(JsonElement line, string field) => DateOnly.Parse(line.GetProperty("days").Text(field));
}
