using System.Net;
using System.Text.Json.Nodes;

namespace Licensing.Host.Demo;

/// <summary>Told as the month goes on, for a bar at the terminal.</summary>
internal interface IDemoProgress
{
    void Step(string name, long done, long total);
}

/// <summary>
/// One month of a channel's business through the public API only. Every step first looks at what is there and every write has a
/// key, so it can be killed anywhere and run again, and a finished month stays as it is.
/// </summary>
internal sealed class DemoMonth(ChannelClient anonymous, DemoData data, DemoState state, Action saveState, IDemoProgress progress)
{
    public const string Distributor = "demo-distributor";
    private const string UsagePlan = "cloud-usage";
    private const string SeatPlan = "contact-centre";
    private const string Currency = "USD";
    private const int UsageBatch = 100;
    private const int MostTries = 5;
    private const string ReferenceTaken = "subscription_reference_taken";
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(200);

    // Every eighth tenant also buys seats, from different days on, so that the month shows proration.
    private const int SeatEvery = 8;

    private ChannelClient _admin = anonymous.With("");

    public async Task<DemoResult> RunAsync(CancellationToken ct)
    {
        var session = await anonymous.PostAsync(
            "/api/v1/auth/login", new JsonObject { ["email"] = state.Email, ["password"] = state.Password }, null, ct);
        _admin = anonymous.With(session["accessToken"]!.GetValue<string>());

        var partners = await ChannelAsync(ct);
        var tenants = await TenantsAsync(partners, ct);
        await KeysAsync(partners, ct);
        var plans = await CatalogAsync(ct);
        await SubscriptionsAsync(tenants, plans, ct);
        var records = await UsageAsync(partners, ct);
        var invoices = await BillAsync(ct);
        await CommissionsAsync(partners, ct);
        return await ResultAsync(records, invoices, ct);
    }

    private async Task<Dictionary<string, JsonObject>> ChannelAsync(CancellationToken ct)
    {
        progress.Step("Channel", 0, 1 + data.Providers.Count);
        var distributor = await EnsureAsync("/api/v1/distributors", $"externalId={Distributor}", new JsonObject
        {
            ["externalId"] = Distributor,
            ["displayName"] = "Demo Distribution",
            ["country"] = "US",
            ["currency"] = Currency,
        }, ct);
        var partners = new Dictionary<string, JsonObject>(StringComparer.Ordinal) { [Distributor] = distributor };
        foreach (var provider in data.Providers)
        {
            var externalId = DemoData.Slug(provider);
            partners[externalId] = await EnsureAsync("/api/v1/partners", $"externalId={externalId}", new JsonObject
            {
                ["distributorId"] = Id(distributor),
                ["externalId"] = externalId,
                ["displayName"] = $"{provider} resale",
                ["country"] = externalId switch { "aws" => "US", "microsoft" => "DE", _ => "GB" },
                ["currency"] = Currency,
            }, ct);
            progress.Step("Channel", partners.Count, 1 + data.Providers.Count);
        }

        return partners;
    }

    private async Task<Dictionary<string, JsonObject>> TenantsAsync(Dictionary<string, JsonObject> partners, CancellationToken ct)
    {
        var tenants = (await _admin.ListAsync("/api/v1/tenants", ct)).ToDictionary(t => t["externalId"]!.GetValue<string>(), StringComparer.Ordinal);
        foreach (var (row, index) in data.Tenants.Select((r, i) => (r, i)))
        {
            if (!tenants.ContainsKey(row.SubAccountId))
                tenants[row.SubAccountId] = await _admin.PostAsync("/api/v1/tenants", new JsonObject
                {
                    ["partnerId"] = Id(partners[row.Partner]),
                    ["externalId"] = row.SubAccountId,
                    ["displayName"] = row.SubAccountName.Length > 0 ? row.SubAccountName : $"Account {row.SubAccountId}",
                }, $"demo-tenant-{row.SubAccountId}", ct);
            progress.Step("Tenants", index + 1, data.Tenants.Count);
        }

        return tenants;
    }

    private async Task KeysAsync(Dictionary<string, JsonObject> partners, CancellationToken ct)
    {
        foreach (var (externalId, partner) in partners)
        {
            // The key is shown once; within two days the same Idempotency-Key shows it again to a run that was killed before it was kept.
            if (state.ApiKeys.ContainsKey(externalId))
                continue;
            var role = externalId == Distributor ? "DistributorAdministrator" : "PartnerAdministrator";
            var key = await _admin.PostAsync("/api/v1/api-keys", new JsonObject
            {
                ["name"] = $"demo {externalId}",
                ["organizationId"] = Id(partner),
                ["role"] = role,
            }, $"demo-key-{externalId}", ct);
            state.ApiKeys[externalId] = key["key"]!.GetValue<string>();
            saveState();
        }
    }

    private async Task<(JsonObject Usage, JsonObject Seats)> CatalogAsync(CancellationToken ct)
    {
        var meters = (await _admin.ListAsync("/api/v1/meters", ct)).Select(m => m["key"]!.GetValue<string>()).ToHashSet(StringComparer.Ordinal);
        foreach (var (unit, index) in data.Units.Select((u, i) => (u, i)))
        {
            if (!meters.Contains(DemoData.Slug(unit)))
                await _admin.PostAsync("/api/v1/meters", new JsonObject { ["key"] = DemoData.Slug(unit), ["unit"] = unit, ["aggregation"] = "sum" },
                    $"demo-meter-{DemoData.Slug(unit)}", ct);
            progress.Step("Meters", index + 1, data.Units.Count);
        }

        await EnsureAsync("/api/v1/products", $"key={UsagePlan}",
            new JsonObject
            {
                ["key"] = UsagePlan,
                ["name"] = "Cloud usage",
                ["features"] = new JsonArray(new JsonObject { ["key"] = "account", ["name"] = "Cloud account" })
            }, ct);
        var usage = await EnsurePlanAsync(new JsonObject
        {
            ["key"] = UsagePlan,
            ["name"] = "Cloud usage at list price",
            ["product"] = UsagePlan,
            ["currency"] = Currency,
            ["charges"] = new JsonArray(),
            ["usesPriceLists"] = true,
        }, ct);
        var seats = await EnsurePlanAsync(new JsonObject
        {
            ["key"] = SeatPlan,
            ["name"] = "Contact centre seats",
            ["product"] = "ccaas",
            ["currency"] = Currency,
            ["charges"] = new JsonArray(
                new JsonObject
                {
                    ["key"] = "essential",
                    ["name"] = "Essential seats",
                    ["feature"] = "essentialSeats",
                    ["price"] = new JsonObject { ["model"] = "perUnit", ["unitPrice"] = "10" },
                },
                new JsonObject
                {
                    ["key"] = "base",
                    ["name"] = "Platform fee",
                    ["price"] = new JsonObject { ["model"] = "flat", ["amount"] = "25" },
                }),
        }, ct);

        var list = await EnsureAsync("/api/v1/pricing", $"key=list-{DemoData.Month}", new JsonObject
        {
            ["key"] = $"list-{DemoData.Month}",
            ["name"] = "Public list prices",
            ["scope"] = "Global",
            ["currency"] = Currency,
            ["validFrom"] = $"{DemoData.Month}-01",
            ["items"] = new JsonArray(),
        }, ct);
        var prices = await _admin.ListAsync($"/api/v1/pricing/{Id(list)}/items", ct);
        if (prices.Count < data.Skus.Count)
            await _admin.PutAsync($"/api/v1/pricing/{Id(list)}/items", new JsonObject
            {
                ["items"] = new JsonArray([.. data.Skus.Select(sku => new JsonObject
                {
                    ["sku"] = sku.Sku,
                    ["meter"] = sku.Meter,
                    ["name"] = $"{sku.Service} ({sku.Unit})",
                    ["price"] = new JsonObject { ["model"] = "perUnit",
                        ["unitPrice"] = sku.UnitPrice.TrimEnd('0').TrimEnd('.') is { Length: > 0 } p ? p : "0" },
                })]),
            }, $"demo-prices-{DemoData.Month}", ct);
        progress.Step("Prices", data.Skus.Count, data.Skus.Count);
        return (usage, seats);
    }

    private async Task SubscriptionsAsync(Dictionary<string, JsonObject> tenants, (JsonObject Usage, JsonObject Seats) plans, CancellationToken ct)
    {
        // Another host's run may make some between our look and our batch; then the look is repeated.
        for (var tries = 1; ; tries++)
            try
            {
                await MissingSubscriptionsAsync(tenants, plans, ct);
                return;
            }
            catch (ChannelRefusal refusal) when (refusal.Code == ReferenceTaken && tries < MostTries)
            {
            }
    }

    private async Task MissingSubscriptionsAsync(
        Dictionary<string, JsonObject> tenants, (JsonObject Usage, JsonObject Seats) plans, CancellationToken ct)
    {
        var have = (await _admin.ListAsync("/api/v1/subscriptions", ct))
            .Select(s => (s["tenantId"]!.GetValue<string>(), s["planId"]!.GetValue<string>())).ToHashSet();
        var items = new JsonArray();
        foreach (var (row, index) in data.Tenants.Select((r, i) => (r, i)))
        {
            Want(tenants[row.SubAccountId], plans.Usage, [], 1);
            if (index % SeatEvery == 0)
                Want(tenants[row.SubAccountId], plans.Seats, new JsonObject { ["essentialSeats"] = 5 + index / SeatEvery },
                    1 + index / SeatEvery * 3);
        }

        if (items.Count > 0)
        {
            var answer = await _admin.PostAsync("/api/v1/subscriptions/batch", new JsonObject { ["items"] = items }, null, ct);
            // A reference that is taken is one that another run of this month has just made.
            foreach (var result in answer["results"]!.AsArray()
                .Where(r => r!["error"] is { } error && error["code"]?.GetValue<string>() != ReferenceTaken))
                throw new DemoException($"A subscription was refused: {result!.ToJsonString()}");
        }

        progress.Step("Subscriptions", have.Count + items.Count, have.Count + items.Count);

        void Want(JsonObject tenant, JsonObject plan, JsonObject quantities, int day)
        {
            if (!have.Contains((Id(tenant), Id(plan))))
                items.Add(new JsonObject
                {
                    ["tenantId"] = Id(tenant),
                    ["planId"] = Id(plan),
                    ["quantities"] = quantities,
                    ["startDate"] = $"{DemoData.Month}-{day:00}",
                    ["reference"] = $"demo-{plan["key"]!.GetValue<string>()}",
                });
        }
    }

    private async Task<long> UsageAsync(Dictionary<string, JsonObject> partners, CancellationToken ct)
    {
        long known = 0;
        foreach (var partner in partners.Keys.Where(k => k != Distributor))
        {
            // Each partner's nightly job sends its own tenants' records with its own key; what was sent before is a duplicate.
            var client = anonymous.With(state.ApiKeys[partner]);
            foreach (var batch in data.Rows.Where(r => r.Partner == partner).Chunk(UsageBatch))
            {
                var answer = await client.PostAsync("/api/v1/usage", new JsonObject
                {
                    ["records"] = new JsonArray([.. batch.Select(Record)]),
                }, null, ct);
                if (answer["rejected"]!.AsArray() is { Count: > 0 } rejected)
                    throw new DemoException($"{rejected.Count} usage records were rejected, the first: {rejected[0]!.ToJsonString()}");
                known += answer["accepted"]!.GetValue<long>() + answer["duplicates"]!.GetValue<long>();
                progress.Step("Usage records", known, data.Rows.Count);
            }
        }

        return known;
    }

    private static JsonObject Record(UsageRow row)
    {
        var record = new JsonObject
        {
            ["id"] = $"focus-{DemoData.Month}-{row.Id}",
            ["tenantExternalId"] = row.SubAccountId,
            ["sku"] = row.Sku,
            ["meter"] = row.Meter,
            ["quantity"] = row.Quantity,
            ["start"] = row.Start.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
            ["end"] = row.End.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
        };
        if (row.Region.Length > 0)
            record["region"] = row.Region;
        if (row.Resource.Length > 0)
            record["resourceId"] = row.Resource;
        return record;
    }

    private async Task<long> BillAsync(CancellationToken ct)
    {
        foreach (var (country, percent) in new[] { ("US", "0"), ("DE", "19"), ("GB", "20") })
            await _admin.PutAsync("/api/v1/tax-rates", new JsonObject
            {
                ["country"] = country,
                ["category"] = "S",
                ["percent"] = percent,
                ["validFrom"] = $"{DemoData.Month}-01",
            }, $"demo-tax-{country}", ct);

        var started = await _admin.PostAsync($"/api/v1/billing/generate/{DemoData.Month}", new JsonObject { ["issue"] = true }, null, ct);
        var operation = await FinishedAsync(started["operationId"]!.GetValue<string>(), ct);
        if (operation["errors"]!.AsArray() is { Count: > 0 } errors)
            throw new DemoException($"{errors.Count} tenants could not be billed, the first: {errors[0]!.ToJsonString()}");
        return (await _admin.ListAsync($"/api/v1/invoices?period={DemoData.Month}", ct)).Count;
    }

    private async Task<JsonObject> FinishedAsync(string operationId, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(PollEvery);
        do
        {
            var operation = await _admin.GetAsync($"/api/v1/operations/{operationId}", ct);
            progress.Step("Billing run", operation["done"]!.GetValue<long>(), Math.Max(1, operation["total"]!.GetValue<long>()));
            if (operation["state"]!.GetValue<string>() == "Succeeded")
                return operation;
        }
        while (await timer.WaitForNextTickAsync(ct));
        throw new DemoException("The billing run was not watched to its end.");
    }

    private async Task CommissionsAsync(Dictionary<string, JsonObject> partners, CancellationToken ct)
    {
        // The third partner has no scheme of its own: it earns by its distributor's.
        await SchemeAsync(partners[Distributor], "Override", [("0", "1000", "12"), ("1000", null, "15")], ct);
        await SchemeAsync(partners["aws"], "Own", [("0", "100", "5"), ("100", "500", "8"), ("500", null, "10")], ct);
        await SchemeAsync(partners["microsoft"], "Own", [("0", null, "6.5")], ct);
        await _admin.PostAsync($"/api/v1/commissions/close/{DemoData.Month}", null, null, ct);
        progress.Step("Commissions", 1, 1);
    }

    private async Task SchemeAsync(JsonObject organization, string basis, (string From, string? To, string Percent)[] tiers, CancellationToken ct)
    {
        var schemes = await _admin.ListAsync("/api/v1/commissions/schemes", ct);
        if (schemes.Any(s => s["organizationId"]!.GetValue<string>() == Id(organization)))
            return;
        await _admin.PostAsync("/api/v1/commissions/schemes", new JsonObject
        {
            ["organizationId"] = Id(organization),
            ["mode"] = "Graduated",
            ["basis"] = basis,
            ["validFrom"] = DemoData.Month,
            ["tiers"] = new JsonArray([.. tiers.Select(t => new JsonObject { ["from"] = t.From, ["to"] = t.To, ["percent"] = t.Percent })]),
        }, $"demo-scheme-{Id(organization)}", ct);
    }

    private async Task<DemoResult> ResultAsync(long records, long invoices, CancellationToken ct) => new(
        records, invoices,
        await _admin.ListAsync($"/api/v1/billing/summary?period={DemoData.Month}&groupBy=Tenant", ct),
        await _admin.ListAsync($"/api/v1/billing/summary?period={DemoData.Month}&groupBy=Partner", ct),
        await _admin.ListAsync($"/api/v1/commissions/statements?period={DemoData.Month}", ct));

    private async Task<JsonObject> EnsureAsync(string path, string filter, JsonObject body, CancellationToken ct)
    {
        if ((await _admin.ListAsync($"{path}?{filter}", ct)).FirstOrDefault() is { } there)
            return there;
        try
        {
            return await _admin.PostAsync(path, body, $"demo-{path}-{filter}", ct);
        }
        catch (ChannelRefusal refusal) when (refusal.Status is HttpStatusCode.Conflict)
        {
            // Another host's run made it between our look and our write.
            return (await _admin.ListAsync($"{path}?{filter}", ct)).FirstOrDefault()
                ?? throw new DemoException($"{path} says that {filter} is taken, but does not list it: {refusal.Message}");
        }
    }

    private async Task<JsonObject> EnsurePlanAsync(JsonObject body, CancellationToken ct)
    {
        var plan = await EnsureAsync("/api/v1/plans", $"key={body["key"]!.GetValue<string>()}", body, ct);
        return plan["currentVersionId"] is null
            ? await _admin.PostAsync($"/api/v1/plans/{Id(plan)}/publish", null, $"demo-publish-{Id(plan)}", ct)
            : plan;
    }

    private static string Id(JsonObject resource) => resource["id"]!.GetValue<string>();
}

/// <summary>What the month came to, as the API tells it.</summary>
internal sealed record DemoResult(
    long UsageRecords, long Invoices, IReadOnlyList<JsonObject> Tenants, IReadOnlyList<JsonObject> Partners, IReadOnlyList<JsonObject> Statements);
