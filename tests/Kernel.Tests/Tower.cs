using System.Security.Cryptography;
using System.Text;
using Licensing.Host.Database;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Licensing.Kernel.Tests.Bells;
using Licensing.Kernel.Tests.Tally;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Licensing.Kernel.Tests;

/// <summary>One process of a system of two modules; several towers on one database stand for several processes.</summary>
internal sealed class Tower : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly IReadOnlyList<ModuleDefinition> Modules =
        [new("bells", typeof(BellsDb).Assembly, typeof(BellsDb)), new("tally", typeof(TallyDb).Assembly, typeof(TallyDb))];

    private readonly IHost _host;

    private Tower(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;
    public MessageRelay Relay => Services.GetRequiredService<MessageRelay>();
    public OutboxInspector Inspector => Services.GetRequiredService<OutboxInspector>();
    public Migrator Migrator => Services.GetRequiredService<Migrator>();
    public NpgsqlDataSource Database => Services.GetRequiredService<NpgsqlDataSource>();
    public Interference Interference => Services.GetRequiredService<Interference>();
    public Outbox Outbox => new(
        Database, "bells", Services.GetRequiredService<MessagingSettings>(), Services.GetRequiredService<TimeProvider>(), new NoJitter());

    public static Tower Open(
        string database, TimeProvider clock, IEnumerable<string>? settings = null, bool subscribe = true,
        Action<IServiceCollection>? more = null, params Type[] background)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(
            (settings ?? []).Select(s => s.Split('=')).Select(s => KeyValuePair.Create($"Messaging:{s[0]}", (string?)s[1])));
        builder.Services.AddSingleton(clock);
        builder.Services.AddSingleton<Random, NoJitter>();
        builder.Services.AddSingleton<Interference>();
        builder.Services.AddSingleton(_ => NpgsqlDataSource.Create(database));
        builder.AddKernel();
        builder.AddMigrations();
        builder.AddModule<BellsDb>("bells", []);
        var tally = builder.AddModule<TallyDb>("tally", []);
        if (subscribe)
            tally.On<Rang, CountWhenRang>().On<Rang, StrikeWhenRang>();
        builder.Services.RemoveAll<IHostedService>();
        foreach (var service in background)
            builder.Services.AddSingleton(typeof(IHostedService), p => p.GetService(service) ?? ActivatorUtilities.CreateInstance(p, service));
        more?.Invoke(builder.Services);
        return new Tower(builder.Build());
    }

    public async Task<Tower> StartAsync()
    {
        await _host.StartAsync();
        return this;
    }

    public async Task RingAsync(params IEnumerable<string> bells)
    {
        await using var scope = Services.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        var db = scope.ServiceProvider.GetRequiredService<BellsDb>();
        await session.BeginAsync(CancellationToken.None);
        foreach (var bell in bells)
            db.Publish(new Rang(bell));
        await session.SaveAsync(CancellationToken.None);
        await session.CommitAsync(CancellationToken.None);
    }

    public Task<int> DeliverAsync() => Relay.DeliverDueAsync(CancellationToken.None);

    public async Task<int> CountAsync(string bell) => await ScalarAsync<int?>("select count from tally.counters where name = $1", bell) ?? 0;

    public Task<long> StrikesAsync(string bell) => ScalarAsync<long>("select count(*) from tally.strikes where bell = $1", bell);

    public Task<long> OutboxDepthAsync() => ScalarAsync<long>("select count(*) from bells.outbox");

    public Task<IReadOnlyList<OutboxEntry>> OutboxOfAsync(string subscriber) =>
        Inspector.ListAsync(new OutboxFilter(Subscriber: subscriber), CancellationToken.None);

    public async Task<T> ScalarAsync<T>(string sql, params object[] values)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return await command.ExecuteScalarAsync() is T found ? found : default!;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    private sealed class NoJitter : Random
    {
        public override double NextDouble() => 1;
    }
}

/// <summary>A migrated database of its own for each test.</summary>
public abstract class TowerTests : IAsyncLifetime
{
    private readonly List<Tower> _towers = [];

    protected string Database { get; private set; } = "";

    private protected ManualClock Clock { get; } = new(Tower.Start);

    public async ValueTask InitializeAsync() => Database = await TestPostgres.CloneAsync(
        TemplateKey(), async template =>
        {
            await using var tower = Tower.Open(template, TimeProvider.System);
            await tower.Migrator.ApplyAsync(CancellationToken.None);
        }, TestContext.Current.CancellationToken);

    private protected Tower Open(
        IEnumerable<string>? settings = null, bool subscribe = true, TimeProvider? clock = null,
        Action<IServiceCollection>? more = null, params Type[] background)
    {
        var tower = Tower.Open(Database, clock ?? Clock, settings, subscribe, more, background);
        _towers.Add(tower);
        return tower;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var tower in _towers)
            await tower.DisposeAsync();
        await TestPostgres.DropAsync(Database);
    }

    private static string TemplateKey()
    {
        var checksums = string.Concat(Migration.Of(Tower.Modules).Select(m => m.Checksum));
        return "bells_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(checksums)))[..12];
    }
}
