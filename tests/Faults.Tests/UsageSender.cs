using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;

namespace Licensing.Faults;

/// <summary>An answer to a batch; nothing where none arrived.</summary>
internal sealed record Sent(HttpStatusCode? Status, JsonNode? Body)
{
    /// <summary>Whether it said what is left of the caller's rate and, where it is to be sent again, when.</summary>
    public bool TellsItsLimits { get; init; }

    public string? Code => (string?)Body?["code"];

    public string Counts => $"{Body?["accepted"]} {Body?["duplicates"]} {Body?["rejected"]?.AsArray().Count}";
}

/// <summary>A tenant with a subscription on a faulted host, and what it used.</summary>
internal sealed class UsageSender(FaultedHost faulted, Guid tenant, Guid plan, Guid subscription)
{
    public Guid Tenant => tenant;

    public Guid Subscription => subscription;

    /// <summary>Makes <paramref name="count"/> tenants of one partner, on a host that has none yet.</summary>
    public static async Task<UsageSender[]> MakeAsync(FaultedHost faulted, int count, CancellationToken ct)
    {
        Task<Guid> IdAsync(string what, object body) => IdOfAsync(faulted, what, body, ct);
        await faulted.PostAsync("meters", new { key = "calls", unit = "calls", aggregation = "sum" }, ct);
        await faulted.PostAsync("products", new { key = "cloud", name = "Cloud", features = new[] { new { key = "seats", name = "Seats" } } }, ct);
        var plan = await IdAsync("plans", new
        {
            key = "plan",
            name = "Plan",
            product = "cloud",
            currency = "EUR",
            charges = new object[]
            {
                new { key = "base", name = "Base", price = new { model = "flat", amount = "1" } },
                new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "0.07" } },
            },
        });
        await faulted.PostAsync($"plans/{plan}/publish", new { }, ct);
        var distributor = await IdAsync("distributors", new { externalId = "D", displayName = "D", country = "DE", currency = "EUR" });
        var partner = await IdAsync("partners", new { distributorId = distributor, externalId = "P", displayName = "P" });
        var senders = new UsageSender[count];
        for (var i = 0; i < count; i++)
        {
            var tenant = await IdAsync("tenants", new { partnerId = partner, externalId = $"T{i}", displayName = "T" });
            senders[i] = new(faulted, tenant, plan, await SubscribeAsync(faulted, tenant, plan, ct));
        }

        return senders;
    }

    /// <summary>Another subscription to the same plan, of the same time.</summary>
    public Task SubscribeAgainAsync(CancellationToken ct) => SubscribeAsync(faulted, tenant, plan, ct);

    public static string Day(int fromToday) => TimeProvider.System.GetUtcNow().AddDays(fromToday).ToString("yyyy-MM-dd");

    public JsonObject Record(string id, string quantity = "1", int day = -1) => new()
    {
        ["id"] = id,
        ["subscriptionId"] = subscription,
        ["meter"] = "calls",
        ["quantity"] = quantity,
        ["start"] = $"{Day(day)}T12:00:00Z",
    };

    public Task<Sent> SendAsync(CancellationToken ct, params JsonNode[] records) => SendAsync(faulted.Address, faulted.Token, ct, records);

    /// <summary>To where the host is, or to a wire that leads there. A connection that is cut is an answer, too.</summary>
    public static Task<Sent> SendAsync(Uri address, string token, CancellationToken ct, params JsonNode[] records)
    {
        var body = new JsonObject { ["records"] = new JsonArray([.. records]) }.ToJsonString();
        return SendAsync(address, token, new StringContent(body, Encoding.UTF8, "application/json"), ct);
    }

    public static async Task<Sent> SendAsync(Uri address, string token, HttpContent content, CancellationToken ct)
    {
        using var client = new HttpClient { BaseAddress = address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var answer = await client.PostAsync(new Uri("/api/v1/usage", UriKind.Relative), content, ct);
            var text = await answer.Content.ReadAsStringAsync(ct);
            return new Sent(answer.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text) : null)
            {
                TellsItsLimits = answer.Headers.Contains("RateLimit") && answer.Headers.Contains("RateLimit-Policy")
                    && answer.Headers.RetryAfter is not null,
            };
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException or JsonException)
        {
            return new Sent(null, null);
        }
    }

    private static Task<Guid> SubscribeAsync(FaultedHost faulted, Guid tenant, Guid plan, CancellationToken ct) => IdOfAsync(
        faulted, "subscriptions", new { tenantId = tenant, planId = plan, quantities = new { }, startDate = Day(-40) }, ct);

    private static async Task<Guid> IdOfAsync(FaultedHost faulted, string what, object body, CancellationToken ct) =>
        (await faulted.PostAsync(what, body, ct)).GetProperty("id").GetGuid();

    /// <summary>Sends it again and again, as senders do, until it is answered with 200.</summary>
    public async Task<Sent> UntilTakenAsync(CancellationToken ct, params JsonNode[] records)
    {
        Sent? sent = null;
        await Eventually.TrueAsync(async () =>
            (sent = await SendAsync(ct, [.. records.Select(r => r.DeepClone())])).Status is HttpStatusCode.OK);
        return sent!;
    }

    /// <summary>The ids of its records as they are in the database.</summary>
    public async Task<string[]> StoredAsync(CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(faulted.Postgres.DirectConnectionString);
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(
            "select coalesce(array_agg(record_id order by record_id), '{}') from usage.records where tenant_id = $1", connection)
        { Parameters = { new() { Value = tenant } } };
        return (string[])(await command.ExecuteScalarAsync(ct))!;
    }
}
