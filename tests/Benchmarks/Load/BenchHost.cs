using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Licensing.Host;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Benchmarks;

/// <summary>
/// The whole product on Kestrel and a durable PostgreSQL, with nothing running beside the requests: no relay, no log but of errors, no
/// limits that the load would meet.
/// </summary>
internal sealed class BenchHost : IAsyncDisposable
{
    private const string Email = "admin@platform.example";
    private const string Database = "licensing_bench";

    private readonly EmbeddedPostgres _postgres;
    private readonly WebApplication _host;

    private BenchHost(EmbeddedPostgres postgres, WebApplication host, BenchSecrets secrets)
    {
        (_postgres, _host, Secrets) = (postgres, host, secrets);
        var server = File.ReadLines(Path.Combine(postgres.Folder, "data", "postmaster.pid")).First();
        Processor = new ProcessorTime(int.Parse(server, System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>What it and its database use.</summary>
    public ProcessorTime Processor { get; }

    /// <summary>Whoever has them may start another host on the same database.</summary>
    public BenchSecrets Secrets { get; }

    public Uri Address => new(_host.Urls.Single());

    /// <param name="folder">Where the cluster is kept; its database is made anew, unless there are secrets.</param>
    /// <param name="configure">Handlers beside those of the modules.</param>
    /// <param name="map">Endpoints beside those of the modules.</param>
    /// <param name="ct">Gives up.</param>
    /// <param name="secrets">Those of the host that made the database.</param>
    public static async Task<BenchHost> StartAsync(
        string folder, Action<IServiceCollection> configure, Action<WebApplication> map, CancellationToken ct, BenchSecrets? secrets = null)
    {
        var postgres = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresSettings(folder), Console.Error.WriteLine, ct);
        var database = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Database = Database }.ConnectionString;
        if (secrets is null)
            await EmptyDatabaseAsync(postgres.ConnectionString, ct);
        secrets ??= new(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), RandomNumberGenerator.GetHexString(32));
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions
            {
                EnvironmentName = "Benchmark",
                ApplicationName = "Licensing.Host",
                Args = ["--hostBuilder:reloadConfigOnChange=false"],
            });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Security:MasterKey"] = secrets.MasterKey,
            ["Messaging:InBackground"] = "false",
            ["Demo:Enabled"] = "true",
            ["Platform:AdministratorEmail"] = Email,
            ["Platform:AdministratorPassword"] = secrets.Password,
            ["Limits:PerSecond"] = "100000000",
            ["Limits:Burst"] = "1000000000",
            ["Limits:AnonymousPerSecond"] = "100000000",
            ["Limits:AnonymousBurst"] = "1000000000",
            ["Urls"] = "http://127.0.0.1:0",
        });
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        await builder.AddDataSourceAsync(database, Console.Error.WriteLine, ct);
        builder.AddLicensing();
        configure(builder.Services);
        var host = builder.Build();
        await host.Services.GetRequiredService<Migrator>().ApplyAsync(ct);
        await host.PrepareAsync(ct);
        host.UseLicensing();
        map(host);
        await host.StartAsync(ct);
        await ServerSettings.AskAsync(host.Services.GetRequiredService<NpgsqlDataSource>(), ct);
        return new BenchHost(postgres, host, secrets);
    }

    /// <summary>An access token of the platform's administrator.</summary>
    public async Task<string> LoginAsync(HttpClient client, CancellationToken ct) =>
        (await SendAsync(client, "/api/v1/auth/login", new { email = Email, password = Secrets.Password }, ct))
            .GetProperty("accessToken").GetString()!;

    /// <summary>Lets the client ask as the platform's administrator.</summary>
    public async Task AuthorizeAsync(HttpClient client, CancellationToken ct) =>
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await LoginAsync(client, ct));

    /// <summary>An API key that reads the whole tree; <paramref name="client"/> is the administrator's.</summary>
    public static async Task<string> ApiKeyAsync(HttpClient client, CancellationToken ct) =>
        (await SendAsync(client, "/api/v1/api-keys", new { name = "bench", role = Roles.PlatformReader }, ct)).GetProperty("key").GetString()!;

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    public IServiceProvider Services => _host.Services;

    /// <summary>What a POST answers; one that is refused ends the benchmark.</summary>
    public static async Task<JsonElement> SendAsync(HttpClient client, string path, object body, CancellationToken ct)
    {
        using var answer = await client.PostAsJsonAsync(path, body, ct);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(ct)}");
        return await answer.Content.ReadFromJsonAsync<JsonElement>(ct);
    }

    private static async Task EmptyDatabaseAsync(string server, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(server);
        foreach (var sql in (string[])[$"drop database if exists {Database} with (force)", $"create database {Database}"])
        {
            await using var command = source.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(ct);
        }
    }
}

/// <summary>What makes a host one of a database's own.</summary>
internal sealed record BenchSecrets(string MasterKey, string Password);
