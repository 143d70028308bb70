using Licensing.Host.Database;
using Licensing.Host.Observability;

namespace Licensing.Host;

/// <summary>A host that listens: on its database, migrated, prepared. Stopping it stops the server that it brought along.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private readonly EmbeddedPostgres? _postgres;
    private readonly WebApplication _app;

    private RunningHost(EmbeddedPostgres? postgres, WebApplication app) => (_postgres, _app) = (postgres, app);

    public string Address => _app.Urls.First();

    public IServiceProvider Services => _app.Services;

    public static async Task<RunningHost> StartAsync(string[] args, IReadOnlyDictionary<string, string?> settings, Action<string> say,
    CancellationToken ct)
    {
        // Settings are read once. Watching their files would mean to be told of every write of a database that lies in the folder beside them.
        var builder = WebApplication.CreateBuilder([.. args, "--hostBuilder:reloadConfigOnChange=false"]);
        builder.Configuration.AddInMemoryCollection(settings);
        builder.LogToConsole();
        var postgres = await builder.AddDatabaseAsync(say, ct);
        WebApplication? app = null;
        try
        {
            builder.AddLicensing();
            app = builder.Build();
            app.UseLicensing();
            await app.Services.GetRequiredService<Migrator>().ApplyAsync(ct);
            await app.PrepareAsync(ct);
            await app.StartAsync(ct);
            return new RunningHost(postgres, app);
        }
        catch
        {
            if (app is not null)
                await app.DisposeAsync();
            if (postgres is not null)
                await postgres.DisposeAsync();
            throw;
        }
    }

    public Task WaitForShutdownAsync(CancellationToken ct) => _app.WaitForShutdownAsync(ct);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (_postgres is not null)
            await _postgres.DisposeAsync();
    }
}
