using System.Diagnostics;
using System.Globalization;
using Licensing.Host.Database;
using Npgsql;

namespace Licensing.Testing;

/// <summary>
/// A durable PostgreSQL of a test's own, behind a proxy with a port that stays, so that it can be killed and started again under a
/// host that runs.
/// </summary>
public sealed class KillablePostgres : IAsyncDisposable
{
    private readonly string _folder;
    private EmbeddedPostgres _server;

    private KillablePostgres(EmbeddedPostgres server, string folder)
    {
        (_server, _folder) = (server, folder);
        Proxy = new TcpProxy(PortOf(server));
    }

    /// <summary>What stands between the server and whoever uses <see cref="ConnectionString"/>.</summary>
    public TcpProxy Proxy { get; }

    /// <summary>Through the proxy; the same before and after a restart.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Port = Proxy.Port }.ConnectionString;

    /// <summary>To the server itself, for the test's own eyes; another one after each restart.</summary>
    public string DirectConnectionString => new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Pooling = false }.ConnectionString;

    public static async Task<KillablePostgres> StartAsync(CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("licensing-faults-").FullName;
        // The server's user, where that is another, has to pass through it; what is inside has a password.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        return new KillablePostgres(await StartServerAsync(folder, ct), folder);
    }

    /// <summary>Ends the server and all its processes at once, as a power cut would, and waits until they are gone.</summary>
    public async Task KillAsync(CancellationToken ct)
    {
        var postmaster = int.Parse(
            File.ReadLines(Path.Combine(_server.Folder, "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        using var process = Process.GetProcessById(postmaster);
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(ct);
        _server.LeaveRunning();
    }

    /// <summary>Starts it again; it recovers what was committed from its log.</summary>
    public async Task RestartAsync(CancellationToken ct)
    {
        _server = await StartServerAsync(_folder, ct);
        Proxy.Target = PortOf(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static Task<EmbeddedPostgres> StartServerAsync(string folder, CancellationToken ct) =>
        EmbeddedPostgres.StartAsync(new EmbeddedPostgresSettings(Path.Combine(folder, "postgres")), Console.Error.WriteLine, ct);

    private static int PortOf(EmbeddedPostgres server) => new NpgsqlConnectionStringBuilder(server.ConnectionString).Port;
}
