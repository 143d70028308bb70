using System.Net.Http.Headers;
using System.Text.Json;
using Licensing.Host.Database;
using Microsoft.Extensions.DependencyInjection;

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
        var due = await Rows.CountAsync(host, ct);
        async Task<Load> MeasureAsync(bool keyed, CancellationToken stop)
        {
            var load = await LoadClient.MeasureAsync(
                host, _ => Interlocked.Increment(ref sent) is var number
                    ? Open(host.Address, token, partner, number, keyed ? $"key {number}" : null)
                    : null, stop);
            due = due with { Tenants = due.Tenants + load.Answers, Answers = due.Answers + (keyed ? load.Answers : 0) };
            await due.ProveAsync(host, stop);
            return load;
        }

        return (stop => MeasureAsync(keyed: true, stop), stop => MeasureAsync(keyed: false, stop));
    }

    private static async Task<(Func<CancellationToken, Task<Load>>, Func<CancellationToken, Task<Load>>)> ReplayAsync(
        BenchHost host, HttpClient client, string made, CancellationToken ct)
    {
        var (token, partner) = await EnrolAsync(host, client, ct);
        var posts = made == "tenants"
            ? [.. Enumerable.Range(0, Made).Select(i => Open(host.Address, token, partner, i, $"key {i}"))]
            : await SubscribeAsync(host, client, token, partner, ct);
        var before = await Rows.CountAsync(host, ct);
        // A slow machine does not make all of them in the time of one measurement.
        for (var done = 0; done < Made;)
        {
            var from = done;
            done += (await LoadClient.MeasureAsync(host, i => from + i < Made ? posts[from + i] : null, ct)).Answers;
        }

        var there = before with { Answers = before.Answers + Made };
        there = made == "tenants" ? there with { Tenants = there.Tenants + Made } : there with { Subscriptions = there.Subscriptions + Made };
        await there.ProveAsync(host, ct);
        using var answer = await client.GetAsync($"/api/v1/{made}?limit=200", ct);
        answer.EnsureSuccessStatusCode();
        using var page = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync(ct));
        var gets = page.RootElement.GetProperty("items").EnumerateArray()
            .Select(t => LoadClient.Request(host.Address, "GET", $"/api/v1/{made}/{t.GetProperty("id").GetGuid()}", token)).ToList();
        if (gets.Count != Made)
            throw new InvalidOperationException($"{Made} were made, {gets.Count} are there.");
        return (
            async stop =>
            {
                var load = await LoadClient.MeasureAsync(host, i => posts[i % Made], stop, header: "Idempotency-Replayed: true\r\n");
                await there.ProveAsync(host, stop);
                return load;
            },
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

    /// <summary>What there is in the database; acknowledged requests add just what they made, repeated ones nothing.</summary>
    private sealed record Rows(long Tenants, long Subscriptions, long Answers)
    {
        public static async Task<Rows> CountAsync(BenchHost host, CancellationToken ct)
        {
            await using var command = host.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(
                """
                select (select count(*) from identity.organizations where kind = 'Tenant'), (select count(*) from provisioning.subscriptions),
                    (select count(*) from kernel.idempotency_records)
                """);
            await using var row = await command.ExecuteReaderAsync(ct);
            await row.ReadAsync(ct);
            return new Rows(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
        }

        public async Task ProveAsync(BenchHost host, CancellationToken ct)
        {
            if (await CountAsync(host, ct) is var found && found != this)
                throw new InvalidOperationException($"By what was acknowledged there are {this}; found are {found}.");
        }
    }
}
