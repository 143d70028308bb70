using System.Globalization;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Scenarios.Tests.Doors;

namespace Licensing.Scenarios.Tests.Guides;

/// <summary>
/// What a reader of the guides has before him: a host that listens and works in the background, with the plans of the demonstration and a
/// month behind it. Each guide has a branch of its own there, in which a tenant has used something in both of the last two months; the earlier
/// one is billed and closed, which was done in the later one.
/// </summary>
public sealed class GuideHost : App
{
    public const string Sku = "API-REQUESTS";
    private const string Password = "Correct-horse-battery-staple";
    private const string Currency = "EUR";

    private readonly ShiftedClock _clock = new();
    private readonly Dictionary<string, Branch> _branches = [];
    private readonly Dictionary<string, string> _keys = [];
    private string _programs = null!;

    /// <summary>The month before this one, and the one before that.</summary>
    public (string Last, string Before) Months { get; private set; }

    protected override bool IsLive => true;

    protected override TimeProvider LiveClock => _clock;

    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["Messaging:InBackground"] = "true",
        ["Billing:TimeZone"] = "UTC",
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public override async ValueTask InitializeAsync()
    {
        var folder = Directory.CreateTempSubdirectory("guides-").FullName;
        var programs = CsharpPrograms.BuildAsync(folder, Ct);
        var now = TimeProvider.System.GetUtcNow();
        var thisMonth = new DateOnly(now.Year, now.Month, 1);
        var (last, before) = (thisMonth.AddMonths(-1), thisMonth.AddMonths(-2));
        Months = (Month(last), Month(before));

        _clock.Offset = new DateTimeOffset(last.AddDays(2), new TimeOnly(9, 0), TimeSpan.Zero) - now;
        await base.InitializeAsync();
        foreach (var guide in Guide.Names)
            _branches[guide] = await this.BranchAsync("DE", Currency);
        using var platform = _branches.Values.First().Administrator();
        await SellAsync(platform, before);
        await UseAsync(platform, before);
        await BillAsync(platform, Months.Before);

        _clock.Offset = TimeSpan.Zero;
        await UseAsync(platform, last);
        _keys["PLATFORM_KEY"] = await KeyAsync(platform, _branches.Values.First().Platform, Roles.PlatformService);
        _keys["ADMIN_KEY"] = await KeyAsync(platform, _branches.Values.First().Platform, Roles.PlatformAdministrator);
        _programs = await programs;
    }

    /// <summary>A reader at the first line of a guide.</summary>
    internal async Task<GuideRun> OpenAsync(string guide)
    {
        var branch = _branches[guide];
        using var platform = branch.Administrator();
        var user = $"api-{branch.Partner.Code}@partner.example";
        await FourDoors.SendAsync(platform, "POST", "/api/v1/users", new
        {
            email = user,
            displayName = "API",
            organizationId = branch.Partner.Id.Value,
            role = Roles.PartnerAdministrator,
            password = Password,
            mustChangePassword = false,
        });
        var given = new Dictionary<string, string>(_keys)
        {
            ["LICENSING"] = Address.ToString().TrimEnd('/'),
            ["KEY"] = await KeyAsync(platform, branch.Partner, Roles.PartnerAdministrator),
            ["RESELLER"] = $"{user}:{Password}",
            ["EMAIL"] = user,
            ["PASSWORD"] = Password,
            ["TENANT"] = branch.Tenant.ExternalId,
            ["SKU"] = Sku,
            ["MONTH"] = Months.Last,
            ["BEFORE"] = Months.Before,
        };
        var read = Guide.Read(guide);
        if (read.Needs() is (var name, { Count: > 0 } permissions))
            given[name] = name == "KEY"
                ? await KeyAsync(platform, branch.Partner, Roles.PartnerAdministrator, permissions)
                : await KeyAsync(platform, branch.Platform, Roles.PlatformService, permissions);
        return new GuideRun(read, given, _programs);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_programs is not null)
            Directory.Delete(Path.GetDirectoryName(Path.GetDirectoryName(_programs)!)!, recursive: true);
    }

    private async Task SellAsync(HttpClient platform, DateOnly from)
    {
        await FourDoors.SendAsync(platform, "POST", "/api/v1/meters", new { key = "requests", unit = "Requests", aggregation = "sum" });
        await FourDoors.SendAsync(platform, "POST", "/api/v1/products", new
        {
            key = "cloud-usage",
            name = "Cloud usage",
            features = new[] { new { key = "account", name = "Cloud account" } },
        });
        var usage = await PlanAsync(platform, "cloud-usage", "cloud-usage", new JsonArray());
        await PlanAsync(platform, "contact-centre", "ccaas", new JsonArray(new JsonObject
        {
            ["key"] = "essential",
            ["name"] = "Essential seats",
            ["feature"] = "essentialSeats",
            ["price"] = new JsonObject { ["model"] = "perUnit", ["unitPrice"] = "10" },
        }));
        await FourDoors.SendAsync(platform, "POST", "/api/v1/pricing", new
        {
            key = "list",
            name = "List prices",
            scope = "Global",
            currency = Currency,
            validFrom = Day(from),
            items = new[] { new { sku = Sku, meter = "requests", name = "Requests", price = new { model = "perUnit", unitPrice = "0.02" } } },
        });
        await FourDoors.SendAsync(
            platform, "PUT", "/api/v1/tax-rates", new { country = "DE", category = "S", percent = "19", validFrom = Day(from) });
        await FourDoors.SendAsync(platform, "POST", "/api/v1/subscriptions/batch", new
        {
            items = _branches.Values.Select(b => new
            {
                tenantId = b.Tenant.Id.Value,
                planId = usage,
                quantities = new { },
                startDate = Day(from),
                reference = "usage",
            }),
        });
    }

    private static async Task<string> PlanAsync(HttpClient platform, string key, string product, JsonArray charges)
    {
        var plan = await FourDoors.SendAsync(
            platform, "POST", "/api/v1/plans", new { key, name = key, product, currency = Currency, charges, usesPriceLists = charges.Count == 0 });
        await FourDoors.SendAsync(platform, "POST", $"/api/v1/plans/{plan["id"]}/publish");
        return (string)plan["id"]!;
    }

    private async Task UseAsync(HttpClient platform, DateOnly month)
    {
        var answer = await FourDoors.SendAsync(platform, "POST", "/api/v1/usage", new
        {
            records = _branches.Values.Select(b => new
            {
                id = $"seeded-{Month(month)}",
                tenantExternalId = b.Tenant.ExternalId,
                sku = Sku,
                meter = "requests",
                quantity = "1000",
                start = $"{Day(month.AddDays(9))}T00:00:00Z",
            }),
        });
        ((int)answer["accepted"]!).ShouldBe(_branches.Count, answer.ToJsonString());
    }

    private async Task BillAsync(HttpClient platform, string month)
    {
        foreach (var branch in _branches.Values)
            await FourDoors.SendAsync(platform, "POST", "/api/v1/commissions/schemes", new
            {
                organizationId = branch.Partner.Id.Value,
                validFrom = month,
                tiers = new[] { new { from = "0", to = (string?)null, percent = "10" } },
            });
        var run = await FourDoors.SendAsync(platform, "POST", $"/api/v1/billing/generate/{month}", new { issue = true });
        JsonNode operation = null!;
        await Eventually.TrueAsync(async () =>
            (string)(operation = await FourDoors.SendAsync(platform, "GET", $"/api/v1/operations/{run["operationId"]}"))["state"]! == "Succeeded");
        operation["errors"]!.AsArray().ShouldBeEmpty();
        await FourDoors.SendAsync(platform, "POST", $"/api/v1/commissions/close/{month}");
    }

    private static async Task<string> KeyAsync(HttpClient platform, OrganizationRef at, string role, IReadOnlyList<string>? scopes = null) =>
        (string)(await FourDoors.SendAsync(
            platform, "POST", "/api/v1/api-keys", new { name = role, organizationId = at.Id.Value, role, scopes }))["key"]!;

    private static string Month(DateOnly day) => day.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The machine's clock, some days back or not.</summary>
    private sealed class ShiftedClock : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;
    }
}
