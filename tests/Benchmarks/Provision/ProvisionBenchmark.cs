using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Licensing.Host.Database;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Benchmarks;

/// <summary>
/// What provisioning costs over the least that a server could do: signed updates (RS256 verified, replay-checked, audited, committed) over
/// an endpoint that updates one row by its key, and entitlement checks over one that reads one row by its key. Same server, same run.
/// </summary>
internal static class ProvisionBenchmark
{
    private const int Tenants = 64;
    private const int Rows = 1_024;

    // More than any machine here serves in one measurement; signing them is not part of it.
    private const int SignedPerMeasurement = 8_000;

    // As many as automation has that brings a partner's customers up to date at night; of both loads.
    private const int Signing = 64;

    public static Benchmark SignedUpdate { get; } = new(
        "provision-signed", "a signed licence update ÷ a bare update of one row", "req/s", Goal.Over(0.4),
        ct => HostPair.PrepareAsync(_ => { }, Map, (host, client) => SignedAsync(host, client, ct), ct));

    public static Benchmark EntitlementCheck { get; } = new(
        "provision-check", "an entitlement check ÷ a bare read of one row", "req/s", Goal.Over(0.7),
        ct => HostPair.PrepareAsync(_ => { }, Map, (host, client) => ChecksAsync(host, client, ct), ct));

    private static async Task<(Func<CancellationToken, Task<Load>>, Func<CancellationToken, Task<Load>>)> SignedAsync(
        BenchHost host, HttpClient client, CancellationToken ct)
    {
        var reseller = await Reseller.EnrolAsync(host, client, ct);
        var bare = BareRequests(host.Address, "POST");
        var turn = 0;
        return (
            stop =>
            {
                // Every request changes something: another quantity than the turn before.
                var seats = 5 + turn++;
                var requests = new byte[SignedPerMeasurement][];
                Parallel.For(0, requests.Length, i => requests[i] = reseller.Update(i % Tenants, seats + i / Tenants));
                return LoadClient.MeasureAsync(host, i => i < requests.Length ? requests[i] : null, stop, Signing);
            },
            stop => LoadClient.MeasureAsync(host, i => bare[i % Rows], stop, Signing));
    }

    private static async Task<(Func<CancellationToken, Task<Load>>, Func<CancellationToken, Task<Load>>)> ChecksAsync(
        BenchHost host, HttpClient client, CancellationToken ct)
    {
        var reseller = await Reseller.EnrolAsync(host, client, ct);
        var key = $"Bearer {await BenchHost.ApiKeyAsync(client, ct)}";
        var checks = new List<byte[]>();
        foreach (var tenant in await reseller.TenantIdsAsync(client, ct))
            checks.Add(LoadClient.Request(host.Address, "GET", $"/api/v1/entitlements/{tenant}/eliteSeats", key));
        var bare = BareRequests(host.Address, "GET");
        return (
            stop => LoadClient.MeasureAsync(host, i => checks[i % checks.Count], stop),
            stop => LoadClient.MeasureAsync(host, i => bare[i % Rows], stop));
    }

    private static List<byte[]> BareRequests(Uri address, string method) =>
        [.. Enumerable.Range(0, Rows).Select(row => LoadClient.Request(address, method, $"/bench/rows/{row}", null, method == "POST" ? "{}" : null))];

    private static void Map(WebApplication host)
    {
        using (var made = host.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(
            $"""
            create schema bench;
            create table bench.rows (id int primary key, quantity int not null, note text not null);
            insert into bench.rows select i, 0, 'row' from generate_series(0, {Rows - 1}) i;
            grant usage on schema bench to public;
            grant select, update on bench.rows to public
            """))
            made.ExecuteNonQuery();
        host.MapPost("/bench/rows/{id:int}", async (int id, NpgsqlDataSource database, CancellationToken ct) =>
        {
            await using var command = database.CreateCommand("update bench.rows set quantity = quantity + 1 where id = $1");
            command.Parameters.Add(new() { Value = id });
            return Results.Json(new { changed = await command.ExecuteNonQueryAsync(ct) });
        });
        host.MapGet("/bench/rows/{id:int}", async (int id, NpgsqlDataSource database, CancellationToken ct) =>
        {
            await using var command = database.CreateCommand("select quantity, note from bench.rows where id = $1");
            command.Parameters.Add(new() { Value = id });
            await using var rows = await command.ExecuteReaderAsync(ct);
            await rows.ReadAsync(ct);
            return Results.Json(new { quantity = rows.GetInt32(0), note = rows.GetString(1) });
        });
    }

    /// <summary>A partner with tenants that hold seats, and the key that signs for it.</summary>
    private sealed class Reseller(Uri address, RSA key, string fingerprint)
    {
        private const string Name = "bench-partner";

        public static async Task<Reseller> EnrolAsync(BenchHost host, HttpClient client, CancellationToken ct)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await host.LoginAsync(client, ct));
            var distributor = await BenchHost.SendAsync(
                client, "/api/v1/distributors",
                new { externalId = "bench-distributor", displayName = "Bench", country = "DE", currency = "EUR" }, ct);
            var partner = await BenchHost.SendAsync(
                client, "/api/v1/partners", new { distributorId = distributor.GetProperty("id"), externalId = Name, displayName = "Bench" }, ct);
            var key = RSA.Create(2048);
            using var certificate = new CertificateRequest("CN=bench", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                .CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
            var enrolled = await BenchHost.SendAsync(
                client, "/api/v1/certificates",
                new { organizationId = partner.GetProperty("id"), pem = certificate.ExportCertificatePem(), profile = "v2" }, ct);
            var reseller = new Reseller(host.Address, key, enrolled.GetProperty("fingerprint").GetString()!);
            for (var tenant = 0; tenant < Tenants; tenant++)
                await LoadClient.MeasureAsync(host, i => i == 0 ? reseller.Update(tenant, 5, named: true) : null, ct);
            return reseller;
        }

        public async Task<IReadOnlyList<Guid>> TenantIdsAsync(HttpClient client, CancellationToken ct)
        {
            using var answer = await client.GetAsync($"/api/v1/tenants?limit={Tenants}&q=bench-tenant", ct);
            answer.EnsureSuccessStatusCode();
            using var page = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync(ct));
            return [.. page.RootElement.GetProperty("items").EnumerateArray().Select(t => t.GetProperty("id").GetGuid())];
        }

        /// <summary>A request with a token of its own.</summary>
        public byte[] Update(int tenant, int seats, bool named = false)
        {
            var names = named ? $",\"resellerName\":\"Bench\",\"tenantName\":\"bench-tenant {tenant}\"" : "";
            var body = $"{{\"ccId\":{{\"resellerId\":\"{Name}\",\"tenantId\":\"bench-tenant-{tenant}\"{names}}},\"eliteSeats\":{seats}}}";
            var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
            var header = $"{{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"{fingerprint}\"}}";
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
            var claims = JsonSerializer.Serialize(new
            {
                iss = "xima-ccaas",
                aud = "xima-ccaas",
                sub = fingerprint,
                payload_hash = hash,
                jti = Version4(),
                iat = now,
                exp = now + 900,
            });
            var signed = $"{Part(header)}.{Part(claims)}";
            var signature = key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            return LoadClient.Request(address, "POST", "/api/v1/licensing/update", $"Bearer {signed}.{Base64Url.EncodeToString(signature)}", body);
        }

        private static Guid Version4()
        {
            var random = RandomNumberGenerator.GetBytes(16);
            random[6] = (byte)((random[6] & 0x0F) | 0x40);
            random[8] = (byte)((random[8] & 0x3F) | 0x80);
            return new Guid(random, bigEndian: true);
        }

        private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
    }
}
