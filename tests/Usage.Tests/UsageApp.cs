using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Licensing.Usage.Rollups;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Tests;

public sealed class UsageApp : App
{
    public ArrangedSubscriptions Subscriptions { get; } = new();

    protected override void Configure(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ISubscriptionDirectory>(Subscriptions);
        builder.Services.AddSingleton<ICatalog>(new ArrangedCatalog());
    }

    /// <summary>A branch whose tenant has one subscription.</summary>
    public async Task<Customer> CustomerAsync(bool usesPriceLists = false)
    {
        var branch = await this.BranchAsync();
        return new Customer(this, branch, branch.Tenant, Subscribe(branch.Tenant, usesPriceLists));
    }

    public UsageTarget Subscribe(OrganizationRef tenant, bool usesPriceLists = false, DateOnly? from = null, DateOnly? until = null)
    {
        var target = new UsageTarget(
            new(Id.NewGuid(Clock.GetUtcNow())), tenant.Id, tenant.Path, new(Guid.Empty), usesPriceLists, from ?? new DateOnly(2025, 1, 1), until);
        Subscriptions.Add(target);
        return target;
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
        await using var command = Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        var found = await command.ExecuteScalarAsync();
        return found is null or DBNull ? default! : (T)found;
    }
}

/// <summary>A tenant with a subscription, and records of it.</summary>
public sealed record Customer(UsageApp App, Branch Branch, OrganizationRef Tenant, UsageTarget Subscription)
{
    public static Period January { get; } = Period.Month(2026, 1);

    public HttpClient Partner() => Branch.As(Roles.PartnerAdministrator);

    public JsonObject Record(string id, object? quantity = null, string meter = "sum", string start = "2026-01-10T12:00:00Z", string? resourceId = null)
    {
        var record = new JsonObject
        {
            ["id"] = id, ["subscriptionId"] = Subscription.Id.Value, ["meter"] = meter, ["quantity"] = JsonValue.Create(quantity?.ToString() ?? "1"), ["start"] = start,
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
