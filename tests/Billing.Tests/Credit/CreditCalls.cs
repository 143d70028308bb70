using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Tests.Credit;

/// <summary>What is done with anybody's credit, over HTTP.</summary>
internal static class CreditCalls
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static object? Euros(decimal? amount) =>
        amount is { } euros ? new { amount = Text(euros), currency = "EUR" } : null;

    private static string? Text(decimal? number) => number?.ToString(CultureInfo.InvariantCulture);

    public static Task<HttpResponseMessage> AddAsync(
        this HttpClient client, OrganizationRef to, string reference, decimal? euros = null, long? credits = null, string? points = null,
        DateTimeOffset? expiresAt = null, int? expiryMonths = null) =>
        client.PostAsJsonAsync("/api/v1/credit/top-ups",
            new { organizationId = to.Id.Value, reference, amount = Euros(euros), points, credits, expiresAt, expiryMonths }, Ct);

    public static Task<HttpResponseMessage> TakeAsync(
        this HttpClient client, OrganizationRef from, string reference, decimal? euros = null, long? credits = null) =>
        client.PostAsJsonAsync("/api/v1/credit/debits",
            new { organizationId = from.Id.Value, reference, amount = Euros(euros), credits }, Ct);

    public static Task<HttpResponseMessage> MoveAsync(
        this HttpClient client, OrganizationRef from, OrganizationRef to, string reference, decimal? euros = null, long? credits = null) =>
        client.PostAsJsonAsync("/api/v1/credit/transfers",
            new
            {
                fromOrganizationId = from.Id.Value,
                toOrganizationId = to.Id.Value,
                reference,
                amount = Euros(euros),
                credits,
                description = "moved",
            }, Ct);

    public static Task<HttpResponseMessage> WatchAsync(this HttpClient client, OrganizationRef owner, decimal amount, string unit = "EUR") =>
        client.PutAsJsonAsync("/api/v1/credit/thresholds", new { organizationId = owner.Id.Value, unit, amount = Text(amount) }, Ct);

    public static Task<HttpResponseMessage> RuleAsync(
        this HttpClient client, OrganizationRef owner, decimal below, decimal amount, int timesPerMonth, decimal? amountPerMonth = null,
        string unit = "EUR", bool active = true) =>
        client.PutAsJsonAsync("/api/v1/credit/top-up-rules",
            new
            {
                organizationId = owner.Id.Value,
                unit,
                below = Text(below),
                amount = Text(amount),
                timesPerMonth,
                amountPerMonth = Text(amountPerMonth),
                active,
            }, Ct);

    public static async Task<JsonElement> OkAsync(this Task<HttpResponseMessage> sent)
    {
        using var answer = await sent;
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Ct));
        return await answer.JsonAsync();
    }

    public static async Task<JsonElement[]> ListAsync(this HttpClient client, string path) =>
        [.. (await client.GetAsync($"/api/v1/credit{path}", Ct).OkAsync()).GetProperty("items").EnumerateArray()];

    /// <summary>What an organisation can spend, as the list of balances says.</summary>
    public static async Task<string> BalanceAsync(this Branch branch, OrganizationRef owner, string unit = "EUR") =>
        (await branch.Administrator().ListAsync($"?organizationId={owner.Id.Value}&unit={unit}")) is [var account]
            ? account.GetProperty("balance").GetString()! : "none";

    /// <summary>What is left of each lot and after how many days it ends, the first to end first.</summary>
    public static async Task<string> LotsOfAsync(this Branch branch, OrganizationRef owner) =>
        string.Join(", ", (await branch.Administrator().ListAsync($"/lots?organizationId={owner.Id.Value}"))
            .Select(x => (Ends: x.GetProperty("expiresAt").ValueKind is JsonValueKind.Null
                ? double.MaxValue : (x.GetProperty("expiresAt").GetDateTimeOffset() - branch.App.Now).TotalDays,
                Left: x.GetProperty("remaining").GetString()))
            .OrderBy(x => x.Ends).ThenBy(x => x.Left, StringComparer.Ordinal)
            .Select(x => x.Ends > 10_000 ? $"{x.Left} never" : $"{x.Left} in {Math.Round(x.Ends)}"));

    /// <summary>The ledger's own proof and what holds after every fault.</summary>
    public static async Task ProvenAsync(this App app)
    {
        (await app.InAsync<VerifyLedger, VerifyLedger.Outcome>(v => v.RunAsync(Ct))).Findings.ShouldBeEmpty();
        await CommonChecker.HoldsAsync(app, Ct);
    }
}
