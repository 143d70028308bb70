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

    private readonly EmbeddedPostgres _postgres;
    private readonly WebApplication _host;
    private readonly string _password;

    private BenchHost(EmbeddedPostgres postgres, WebApplication host, string password)
    {
        (_postgres, _host, _password) = (postgres, host, password);
        var server = File.ReadLines(Path.Combine(postgres.Folder, "data", "postmaster.pid")).First();
        Processor = new ProcessorTime(int.Parse(server, System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>What it and its database use.</summary>
    public ProcessorTime Processor { get; }

    public Uri Address => new(_host.Urls.Single());

    /// <param name="folder">Where the cluster is kept; its database is made anew.</param>
    /// <param name="configure">Handlers beside those of the modules.</param>
    /// <param name="map">Endpoints beside those of the modules.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<BenchHost> StartAsync(
        string folder, Action<IServiceCollection> configure, Action<WebApplication> map, CancellationToken ct)
    {
        var postgres = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresSettings(folder), Console.Error.WriteLine, ct);
        var database = await EmptyDatabaseAsync(postgres.ConnectionString, ct);
        var password = RandomNumberGenerator.GetHexString(32);
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions
            {
                EnvironmentName = "Benchmark",
                ApplicationName = "Licensing.Host",
                Args = ["--hostBuilder:reloadConfigOnChange=false"],
            });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Security:MasterKey"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            ["Messaging:InBackground"] = "false",
            ["Demo:Enabled"] = "true",
            ["Platform:AdministratorEmail"] = Email,
            ["Platform:AdministratorPassword"] = password,
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
        return new BenchHost(postgres, host, password);
    }

    /// <summary>An access token of the platform's administrator.</summary>
    public async Task<string> LoginAsync(HttpClient client, CancellationToken ct) =>
        (await SendAsync(client, "/api/v1/auth/login", new { email = Email, password = _password }, ct)).GetProperty("accessToken").GetString()!;

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

    private static async Task<string> EmptyDatabaseAsync(string server, CancellationToken ct)
    {
        const string Name = "licensing_bench";
        await using var source = NpgsqlDataSource.Create(server);
        foreach (var sql in (string[])[$"drop database if exists {Name} with (force)", $"create database {Name}"])
        {
            await using var command = source.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(ct);
        }

        return new NpgsqlConnectionStringBuilder(server) { Database = Name }.ConnectionString;
    }
}
