using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Licensing.Catalog.Contracts;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Contracts;
using Licensing.Usage.Rollups;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Tests;

/// <summary>The host with a meter of each aggregation, named after it, and a plan with price lists and one without.</summary>
public class UsageApp : App
{
    private readonly Dictionary<bool, Guid> _plans = [];

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var platform = await InAsync<IOrganizationDirectory, OrganizationRef>(d => d.PlatformAsync(TestContext.Current.CancellationToken));
        using var administrator = As(Roles.PlatformAdministrator, platform.Id.Value, platform.Path);
        foreach (var aggregation in Enum.GetNames<MeterAggregation>().Select(a => a.ToLowerInvariant()))
            await CreateAsync(administrator, "meters", new { key = aggregation, unit = "pieces", aggregation });
        await CreateAsync(
            administrator, "products", new { key = "cloud", name = "Cloud", features = new[] { new { key = "seats", name = "Seats" } } });
        foreach (var usesPriceLists in (bool[])[false, true])
        {
            var plan = await CreateAsync(administrator, "plans", new
            {
                key = usesPriceLists ? "listed" : "plain",
                name = "Plan",
                product = "cloud",
                currency = "EUR",
                usesPriceLists,
                charges = new[] { new { key = "base", name = "Base", price = new { model = "flat", amount = "1" } } },
            });
            await CreateAsync(administrator, $"plans/{plan}/publish", new { });
            _plans[usesPriceLists] = plan;
        }
    }

    /// <summary>A branch whose tenant has one subscription.</summary>
    public async Task<Customer> CustomerAsync()
    {
        var branch = await this.BranchAsync();
        return new Customer(this, branch, branch.Tenant, await SubscribeAsync(branch, branch.Tenant));
    }

    /// <returns>The subscription's id.</returns>
    public Task<Guid> SubscribeAsync(
        Branch branch, OrganizationRef tenant, bool usesPriceLists = false, string from = "2025-01-01", string? until = null) =>
        CreateAsync(branch.Administrator(), "subscriptions", new
        {
            tenantId = tenant.Id.Value,
            planId = _plans[usesPriceLists],
            quantities = new { },
            startDate = from,
            endDate = until,
        });

    private static async Task<Guid> CreateAsync(HttpClient client, string what, object body)
    {
        using var answer = await client.PostAsJsonAsync($"/api/v1/{what}", body);
        answer.IsSuccessStatusCode.ShouldBeTrue($"{what}: {await answer.Content.ReadAsStringAsync()}");
        return (await answer.JsonAsync()).GetProperty("id").GetGuid();
    }

    public Task<IReadOnlyList<UsageTotal>> TotalsAsync(OrganizationRef tenant, Period period) => InAsync<IUsageTotals, IReadOnlyList<UsageTotal>>(
        async totals =>
        {
            await totals.CatchUpAsync(period, TestContext.Current.CancellationToken);
            return await totals.OfTenantsAsync(period, [tenant.Id], TestContext.Current.CancellationToken);
        });

    internal Task<IReadOnlyList<RollupDifference>> DifferencesAsync(Period period) => InAsync<RollupVerification, IReadOnlyList<RollupDifference>>(
        verification => verification.DifferencesAsync(period, TestContext.Current.CancellationToken));

    public async Task<T> SqlAsync<T>(string sql, params object[] values)
    {
        await using var command = Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        var found = await command.ExecuteScalarAsync();
        return found is null or DBNull ? default! : (T)found;
    }
}

/// <summary>What statements read, as the server counts it: the same on every machine.</summary>
internal static class RowsRead
{
    private const string Sql = """
        select (pg_stat_get_xact_tuples_returned(t.oid) + coalesce(sum(pg_stat_get_xact_tuples_returned(i.indexrelid)), 0))::bigint
        from pg_class t left join pg_index i on i.indrelid = t.oid where t.oid = $1::regclass group by t.oid
        """;

    /// <summary>How many rows of a table, or entries of its indexes, a work reads on the connection of a transaction.</summary>
    public static async Task<long> OfAsync(DbSession session, string table, Func<Task> work)
    {
        var before = await CountAsync(session, table);
        await work();
        return await CountAsync(session, table) - before;
    }

    private static async Task<long> CountAsync(DbSession session, string table)
    {
        await using var command = new NpgsqlCommand(Sql, session.Connection, session.Transaction) { Parameters = { new() { Value = table } } };
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}

/// <summary>A tenant with a subscription, and records of it.</summary>
public sealed record Customer(UsageApp App, Branch Branch, OrganizationRef Tenant, Guid Subscription)
{
    public static Period January { get; } = Period.Month(2026, 1);

    public HttpClient Partner() => Branch.As(Roles.PartnerAdministrator);

    public JsonObject Record(
        string id, object? quantity = null, string meter = "sum", string start = "2026-01-10T12:00:00Z", string? resourceId = null)
    {
        var record = new JsonObject
        {
            ["id"] = id,
            ["subscriptionId"] = Subscription,
            ["meter"] = meter,
            ["quantity"] = JsonValue.Create(quantity?.ToString() ?? "1"),
            ["start"] = start,
        };
        if (resourceId is not null)
            record["resourceId"] = resourceId;
        return record;
    }

    public Task<Outcome> SendAsync(params JsonNode[] records) => SendAsync("", records);

    public Task<Outcome> SendAsync(string query, JsonNode[] records) => SendAsync(Partner(), query, records);

    public static Task<Outcome> SendAsync(HttpClient client, string query, JsonNode[] records) =>
        Outcome.OfAsync(client.PostAsync($"/api/v1/usage{query}", Json(new JsonObject { ["records"] = new JsonArray([.. records]) }.ToJsonString())));

    public Task<Outcome> SendTextAsync(string body) => Outcome.OfAsync(Partner().PostAsync("/api/v1/usage", Json(body)));

    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    public Task<long> StoredAsync() => App.SqlAsync<long>("select count(*) from usage.records where tenant_id = $1", Tenant.Id.Value);

    public async Task<string?> TotalAsync(string meter = "sum") =>
        (await App.TotalsAsync(Tenant, January)).SingleOrDefault(t => t.Meter == meter)?.Quantity.ToString();
}

/// <summary>An answer with its body.</summary>
public sealed record Outcome(HttpStatusCode Status, JsonNode Body, HttpResponseMessage Answer)
{
    public int Accepted => (int)Body["accepted"]!;

    public int Duplicates => (int)Body["duplicates"]!;

    public IReadOnlyList<(int Index, string Code)> Rejected =>
        [.. Body["rejected"]!.AsArray().Select(r => ((int)r!["index"]!, (string)r["code"]!))];

    public string Counts => $"{Accepted} {Duplicates} {Rejected.Count}";

    public static async Task<Outcome> OfAsync(Task<HttpResponseMessage> sending)
    {
        var answer = await sending;
        var text = await answer.Content.ReadAsStringAsync();
        return new(answer.StatusCode, text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!, answer);
    }
}
