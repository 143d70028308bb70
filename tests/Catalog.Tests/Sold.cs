using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;

namespace Licensing.Catalog.Tests;

/// <summary>What most tests need to be on sale; every call makes keys of its own.</summary>
internal static class Sold
{
    private static int _last;

    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static string Key(string prefix) => $"{prefix}-{Interlocked.Increment(ref _last)}";

    public static async Task<HttpClient> PlatformAsync(this App app, string role = Roles.PlatformAdministrator)
    {
        var platform = await app.InAsync<IOrganizationDirectory, OrganizationRef>(d => d.PlatformAsync(Ct));
        return app.As(role, platform.Id.Value, platform.Path);
    }

    public static async Task<string> MeterAsync(this HttpClient client)
    {
        var key = Key("meter");
        using var answer = await client.PostAsJsonAsync("/api/v1/meters", new { key, unit = "GB", aggregation = "sum" }, Ct);
        answer.EnsureSuccessStatusCode();
        return key;
    }

    public static object Seats(string price = "10") =>
        new { key = "seats", name = "Seats", feature = "essentialSeats", price = new { model = "perUnit", unitPrice = price }, inAdvance = true };

    public static async Task<JsonElement> DraftAsync(this HttpClient client, params object[] charges)
    {
        using var answer = await client.PostAsJsonAsync(
            "/api/v1/plans", new { key = Key("plan"), name = "Contact centre", product = "ccaas", currency = "EUR", charges }, Ct);
        answer.EnsureSuccessStatusCode();
        return await answer.JsonAsync();
    }

    public static Task<HttpResponseMessage> PublishAsync(this HttpClient client, JsonElement plan) =>
        client.PostAsync($"/api/v1/plans/{plan.GetProperty("id").GetGuid()}/publish", null, Ct);

    public static async Task<(HttpResponseMessage Answer, List<(string Pointer, string Code)> Errors)> RefusedAsync(
        this Task<HttpResponseMessage> request)
    {
        var answer = await request;
        var body = await answer.JsonAsync();
        return (answer, body.TryGetProperty("errors", out var errors)
            ? [.. errors.EnumerateArray().Select(e => (e.GetProperty("pointer").GetString()!, e.GetProperty("code").GetString()!))]
            : []);
    }

    public static Guid IdOf(this JsonElement view) => view.GetProperty("id").GetGuid();

    public static PriceListId NewListId() => Id.New<PriceListId>(DateTimeOffset.UnixEpoch);
}
