using System.Net.Http.Headers;
using System.Text.Json;

namespace Licensing.Benchmarks;

/// <summary>R6: what an Idempotency-Key costs the first time, and what a repeated request costs beside reading what it made.</summary>
internal static class IdempotencyBenchmark
{
    private const int Made = 64;

    public static Benchmark First { get; } = new(
        "idempotency-first", "a tenant opened with a new Idempotency-Key ÷ without one", "req/s", Goal.Over(0.8),
        ct => HostPair.PrepareAsync(_ => { }, _ => { }, (host, client) => FirstAsync(host, client, ct), ct));

    public static Benchmark Replay { get; } = new(
        "idempotency-replay", "a request with a key that is known ÷ a read of the subscription it made", "req/s", Goal.Over(0.8),
        ct => HostPair.PrepareAsync(_ => { }, _ => { }, (host, client) => ReplayAsync(host, client, "subscriptions", ct), ct));

    // For whoever opens a tenant the credential is proved anew, whatever the key is, as it is for no read.
    public static Benchmark ReplayOfTenant { get; } = new(
        "idempotency-replay-tenant", "a request with a key that is known ÷ a read of the tenant it opened", "req/s", Goal.Over(0.8),
        ct => HostPair.PrepareAsync(_ => { }, _ => { }, (host, client) => ReplayAsync(host, client, "tenants", ct), ct));

    private static async Task<(Func<CancellationToken, Task<Load>>, Func<CancellationToken, Task<Load>>)> FirstAsync(
        BenchHost host, HttpClient client, CancellationToken ct)
    {
        var (token, partner) = await EnrolAsync(host, client, ct);
        var sent = 0;
        byte[] Next(bool keyed)
        {
            var number = Interlocked.Increment(ref sent);
            return Open(host.Address, token, partner, number, keyed ? $"key {number}" : null);
        }

        return (
            stop => LoadClient.MeasureAsync(host, _ => Next(keyed: true), stop),
            stop => LoadClient.MeasureAsync(host, _ => Next(keyed: false), stop));
    }

    private static async Task<(Func<CancellationToken, Task<Load>>, Func<CancellationToken, Task<Load>>)> ReplayAsync(
        BenchHost host, HttpClient client, string made, CancellationToken ct)
    {
        var (token, partner) = await EnrolAsync(host, client, ct);
        var posts = made == "tenants"
            ? [.. Enumerable.Range(0, Made).Select(i => Open(host.Address, token, partner, i, $"key {i}"))]
            : await SubscribeAsync(host, client, token, partner, ct);
        await LoadClient.MeasureAsync(host, i => i < Made ? posts[i] : null, ct);
        using var answer = await client.GetAsync($"/api/v1/{made}?limit=200", ct);
        answer.EnsureSuccessStatusCode();
        using var page = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync(ct));
        var gets = page.RootElement.GetProperty("items").EnumerateArray()
            .Select(t => LoadClient.Request(host.Address, "GET", $"/api/v1/{made}/{t.GetProperty("id").GetGuid()}", token)).ToList();
        if (gets.Count != Made)
            throw new InvalidOperationException($"{Made} were made, {gets.Count} are there.");
        return (
            stop => LoadClient.MeasureAsync(host, i => posts[i % Made], stop),
            stop => LoadClient.MeasureAsync(host, i => gets[i % gets.Count], stop));
    }

    private static async Task<List<byte[]>> SubscribeAsync(BenchHost host, HttpClient client, string token, Guid partner, CancellationToken ct)
    {
        await BenchHost.SendAsync(
            client, "/api/v1/products", new { key = "bench", name = "Bench", features = new[] { new { key = "seats", name = "Seats" } } }, ct);
        var plan = (await BenchHost.SendAsync(client, "/api/v1/plans", new
        {
            key = "bench",
            name = "Plan",
            product = "bench",
            currency = "EUR",
            charges = new[] { new { key = "base", name = "Base", price = new { model = "flat", amount = "1" } } },
        }, ct)).GetProperty("id");
        await BenchHost.SendAsync(client, $"/api/v1/plans/{plan}/publish", new { }, ct);
        var posts = new List<byte[]>();
        for (var i = 0; i < Made; i++)
        {
            var tenant = (await BenchHost.SendAsync(
                client, "/api/v1/tenants", new { partnerId = partner, externalId = $"tenant-{i}", displayName = "Bench" }, ct)).GetProperty("id");
            posts.Add(LoadClient.Request(host.Address, "POST", "/api/v1/subscriptions", $"{token}\r\nIdempotency-Key: key {i}",
                $"{{\"tenantId\":\"{tenant}\",\"planId\":\"{plan}\",\"quantities\":{{}}}}"));
        }

        return posts;
    }

    private static async Task<(string Token, Guid Partner)> EnrolAsync(BenchHost host, HttpClient client, CancellationToken ct)
    {
        var token = $"Bearer {await host.LoginAsync(client, ct)}";
        client.DefaultRequestHeaders.Authorization = AuthenticationHeaderValue.Parse(token);
        var distributor = await BenchHost.SendAsync(
            client, "/api/v1/distributors", new { externalId = "bench", displayName = "Bench", country = "DE", currency = "EUR" }, ct);
        var partner = await BenchHost.SendAsync(
            client, "/api/v1/partners", new { distributorId = distributor.GetProperty("id"), externalId = "bench", displayName = "Bench" }, ct);
        return (token, partner.GetProperty("id").GetGuid());
    }

    private static byte[] Open(Uri address, string token, Guid partner, int number, string? key) => LoadClient.Request(
        address, "POST", "/api/v1/tenants", key is null ? token : $"{token}\r\nIdempotency-Key: {key}",
        $"{{\"partnerId\":\"{partner}\",\"externalId\":\"tenant-{number}\",\"displayName\":\"Tenant {number}\"}}");
}
