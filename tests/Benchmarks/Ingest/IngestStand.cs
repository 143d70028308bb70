using System.Net.Http.Headers;
using System.Text.Json;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Kernel;
using Licensing.Usage.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Benchmarks;

/// <summary>A host with tenants that use something, the service that sends what they used, and plain COPY into the same tables.</summary>
internal sealed class IngestStand : IAsyncDisposable
{
    public const string Meter = "bench";
    private const int Tenants = 64;
    private const int ChunkRows = 10_000;

    private readonly List<(Guid Tenant, Guid Subscription)> _subscriptions = [];
    private string _path = "";
    private long _copied;

    private IngestStand(BenchHost host) => Host = host;

    public BenchHost Host { get; }

    public IReadOnlyList<Guid> Subscriptions => [.. _subscriptions.Select(s => s.Subscription)];

    /// <summary>An API key of the platform's service.</summary>
    public string Key { get; private set; } = "";

    /// <summary>That of another sender.</summary>
    public string OtherKey { get; private set; } = "";

    public NpgsqlDataSource Database => Host.Services.GetRequiredService<SchemaOwner>().Database;

    public static async Task<IngestStand> StartAsync(string folder, CancellationToken ct)
    {
        var stand = new IngestStand(await BenchHost.StartAsync(BenchmarkRun.FolderOf(folder), _ => { }, _ => { }, ct));
        try
        {
            using var client = new HttpClient { BaseAddress = stand.Host.Address };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await stand.Host.LoginAsync(client, ct));
            await stand.PopulateAsync(client, ct);
            return stand;
        }
        catch
        {
            await stand.DisposeAsync();
            throw;
        }
    }

    private async Task PopulateAsync(HttpClient client, CancellationToken ct)
    {
        async Task<JsonElement> MakeAsync(string what, object body) => await BenchHost.SendAsync(client, $"/api/v1/{what}", body, ct);
        Key = (await MakeAsync("api-keys", new { name = "bench", role = Roles.PlatformService })).GetProperty("key").GetString()!;
        OtherKey = (await MakeAsync("api-keys", new { name = "other", role = Roles.PlatformService })).GetProperty("key").GetString()!;
        await MakeAsync("meters", new { key = Meter, unit = "pieces", aggregation = "sum" });
        await MakeAsync("products", new { key = "bench", name = "Bench", features = new[] { new { key = "seats", name = "Seats" } } });
        var plan = (await MakeAsync("plans", new
        {
            key = "bench",
            name = "Plan",
            product = "bench",
            currency = "EUR",
            charges = new[] { new { key = "base", name = "Base", price = new { model = "flat", amount = "1" } } },
        })).GetProperty("id");
        await MakeAsync($"plans/{plan}/publish", new { });
        var distributor = (await MakeAsync("distributors", new { externalId = "d", displayName = "Bench", country = "DE", currency = "EUR" }))
            .GetProperty("id");
        var partner = (await MakeAsync("partners", new { distributorId = distributor, externalId = "p", displayName = "Bench" })).GetProperty("id");
        for (var i = 0; i < Tenants; i++)
        {
            var tenant = (await MakeAsync("tenants", new { partnerId = partner, externalId = $"t{i}", displayName = "Bench" })).GetProperty("id");
            var starts = Today().AddMonths(-1).ToString("yyyy-MM-dd");
            var subscription = await MakeAsync("subscriptions", new { tenantId = tenant, planId = plan, quantities = new { }, startDate = starts });
            _subscriptions.Add((tenant.GetGuid(), subscription.GetProperty("id").GetGuid()));
        }

        await using var path = Database.CreateCommand("select owner_path from provisioning.subscriptions limit 1");
        _path = (string)(await path.ExecuteScalarAsync(ct))!;
        await using var plain = Database.CreateCommand("create schema bench; create table bench.plain (like usage.records)");
        await plain.ExecuteNonQueryAsync(ct);
    }

    public Guid TenantOf(int number) => _subscriptions[number % _subscriptions.Count].Tenant;

    /// <summary>So many records as if they had been there for long.</summary>
    public async Task FillAsync(long rows, CancellationToken ct)
    {
        var copied = await CopyAsync("usage.records", TimeSpan.MaxValue, rows, ct);
        await Console.Error.WriteLineAsync($"Loaded {copied.Answers:#,0} rows in {copied.Answers / copied.Rate:#,0} s.");
        // As it would have happened by itself by then.
        await using var vacuum = Database.CreateCommand("vacuum analyze usage.records, usage.record_keys");
        vacuum.CommandTimeout = 0;
        await vacuum.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Rolls up what was filled in, which has no marks of its own: lists of a subscription or meter look on its days.</summary>
    public async Task RollUpAsync(CancellationToken ct)
    {
        await using (var mark = Database.CreateCommand("insert into usage.dirty_days (tenant_id, day) select tenant, $1 from unnest($2) as tenant"))
        {
            mark.Parameters.Add(new() { Value = Today() });
            mark.Parameters.Add(new() { Value = _subscriptions.Select(s => s.Tenant).ToArray() });
            await mark.ExecuteNonQueryAsync(ct);
        }

        await using var scope = Host.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IUsageTotals>().CatchUpAsync(Period.Month(Today().Year, Today().Month), ct);
    }

    /// <summary>
    /// As on any server that is not new, the files of the log are there to be used again; to make one stops everybody for its 16 MB.
    /// </summary>
    public async Task AgeLogAsync(CancellationToken ct)
    {
        const int Kept = 64;
        await using var connection = await Database.OpenConnectionAsync(ct);
        await using var next = new NpgsqlCommand(
            "select pg_switch_wal() from pg_logical_emit_message(false, 'bench', 'a file of its own')", connection);
        for (var i = 0; i < Kept; i++)
            await next.ExecuteNonQueryAsync(ct);
        await using var checkpoint = new NpgsqlCommand("checkpoint", connection) { CommandTimeout = 0 };
        await checkpoint.ExecuteNonQueryAsync(ct);
    }

    public static DateOnly Today() => DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);

    /// <summary>
    /// Rows per second of binary COPY in chunks over one connection, each chunk its own commit; keys too where the table is the product's.
    /// </summary>
    public async Task<Load> CopyAsync(string table, TimeSpan time, long most, CancellationToken ct)
    {
        await using var connection = await Database.OpenConnectionAsync(ct);
        var (start, used, rows) = (TimeProvider.System.GetTimestamp(), Host.Processor.Used(), 0);
        for (; rows < most && TimeProvider.System.GetElapsedTime(start) < time; rows += ChunkRows)
            await ChunkAsync(connection, table, ct);
        _copied += table == "usage.records" ? rows : 0;
        return new Load(rows, rows / TimeProvider.System.GetElapsedTime(start).TotalSeconds, (Host.Processor.Used() - used) / rows);
    }

    private async Task ChunkAsync(NpgsqlConnection connection, string table, CancellationToken ct)
    {
        var (now, today) = (TimeProvider.System.GetUtcNow(), Today());
        var (batch, ids) = (RecordIds.Next(), new Guid[ChunkRows]);
        for (var i = 0; i < ids.Length; i++)
            ids[i] = RecordIds.Next();
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (table == "usage.records")
        {
            await using var keys = await connection.BeginBinaryImportAsync(
                "copy usage.record_keys (record_key, tenant_id, content_hash, batch_id, day) from stdin (format binary)", ct);
            for (var i = 0; i < ids.Length; i++)
            {
                await keys.StartRowAsync(ct);
                foreach (var value in (Guid[])[ids[i], _subscriptions[i % Tenants].Tenant, ids[i], batch])
                    await keys.WriteAsync(value, ct);
                await keys.WriteAsync(today, ct);
            }

            await keys.CompleteAsync(ct);
        }

        await using (var records = await connection.BeginBinaryImportAsync(
            $"""
            copy {table} (received_at, started_at, day, batch_id, tenant_id, subscription_id, quantity, record_id, owner_path, meter,
                sku, region, resource_id) from stdin (format binary)
            """, ct))
        {
            for (var i = 0; i < ids.Length; i++)
            {
                await records.StartRowAsync(ct);
                await records.WriteAsync(now, ct);
                await records.WriteAsync(now, ct);
                await records.WriteAsync(today, ct);
                await records.WriteAsync(batch, ct);
                await records.WriteAsync(_subscriptions[i % Tenants].Tenant, ct);
                await records.WriteAsync(_subscriptions[i % Tenants].Subscription, ct);
                await records.WriteAsync(1.25m, ct);
                await records.WriteAsync(ids[i].ToString(), ct);
                foreach (var text in (string[])[_path, Meter, "", "", "vm-17"])
                    await records.WriteAsync(text, ct);
            }

            await records.CompleteAsync(ct);
        }

        await transaction.CommitAsync(ct);
    }

    /// <summary>Fails unless what was acknowledged and copied is what is there, once.</summary>
    public async Task ProveAsync(long acknowledged, CancellationToken ct)
    {
        await using var command = Database.CreateCommand(
            "select count(*), (select count(*) from usage.record_keys), count(distinct record_id) from usage.records");
        command.CommandTimeout = 0;
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        if (row.GetInt64(0) != acknowledged + _copied || row.GetInt64(1) != row.GetInt64(0) || row.GetInt64(2) != row.GetInt64(0))
            throw new InvalidOperationException(
                $"{acknowledged} acknowledged and {_copied} copied, but {row.GetInt64(0)} records, {row.GetInt64(1)} keys, {row.GetInt64(2)} ids.");
        await Console.Error.WriteLineAsync($"Found all of {row.GetInt64(0):#,0} records, each once.");
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
