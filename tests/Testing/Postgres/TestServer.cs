using Licensing.Host.Database;
using Npgsql;

namespace Licensing.Testing;

/// <summary>
/// The one PostgreSQL of a test run. Every test process holds a shared lock while it lives, so the last to leave knows that it is
/// the last, and a killed process is not waited for. When all are killed the server goes on until the next run adopts it.
/// </summary>
internal sealed class TestServer
{
    private const string External = "LICENSING_POSTGRES";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly Lazy<Task<TestServer>> Shared = new(StartAsync);

    private TestServer(string maintenance, bool isOurs) => (Maintenance, IsOurs) = (maintenance, isOurs);

    /// <summary>False when <c>LICENSING_POSTGRES</c> named it: it may hold what others need.</summary>
    public bool IsOurs { get; }

    /// <summary>To the database in which the advisory locks are taken: the same one for all processes of a run.</summary>
    public string Maintenance { get; }

    public static Task<TestServer> GetAsync() => Shared.Value;

    public string ConnectionTo(string database) => new NpgsqlConnectionStringBuilder(Maintenance)
    {
        Database = database,
        Pooling = true,
        // Many test classes share the server's connections.
        MaxPoolSize = 20,
        // A class leaves its database soon; connections that idle longer only take others' places.
        ConnectionIdleLifetime = 10,
        ConnectionPruningInterval = 5,
        // Beside tests that take all processors for long, 15 s to log in were not always enough.
        Timeout = 120,
    }.ConnectionString;

    /// <summary>A connection of its own, so that closing it frees the locks taken on it.</summary>
    public async Task<NpgsqlConnection> OpenMaintenanceAsync(CancellationToken ct)
    {
        var connection = new NpgsqlConnection(Maintenance);
        await connection.OpenAsync(ct);
        return connection;
    }

    private static async Task<TestServer> StartAsync()
    {
        TestServer server;
        if (Environment.GetEnvironmentVariable(External) is { Length: > 0 } given)
        {
            server = new TestServer(Unpooled(given, database: null), isOurs: false);
        }
        else
        {
            var folder = Path.Combine(Checkout.Folder, "artifacts", "test-postgres");
            Directory.CreateDirectory(folder);
            var present = await JoinAsync(Path.Combine(folder, "users.lock"));
            var settings = new EmbeddedPostgresSettings(Path.Combine(folder, "server"), Durable: false, ServerSettings: new Dictionary<string, string>
            {
                ["max_connections"] = "400",
                ["shared_buffers"] = "128MB",
                ["max_wal_size"] = "1GB",
                ["wal_compression"] = "off",
                ["wal_level"] = "minimal",
                ["max_wal_senders"] = "0",
            });
            var postgres = await EmbeddedPostgres.StartAsync(settings, Console.Error.WriteLine, CancellationToken.None);
            // The first to come may leave before the others, so nobody owns the server while tests run.
            postgres.LeaveRunning();
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Leave(present, settings);
            server = new TestServer(Unpooled(postgres.ConnectionString, "postgres"), isOurs: true);
        }

        await AbandonedDatabases.DropAsync(server);
        return server;
    }

    private static string Unpooled(string connectionString, string? database)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        builder.Database = database ?? builder.Database ?? "postgres";
        return builder.ConnectionString;
    }

    // Refused only while the last of an earlier run stops the server.
    private static async Task<FileStream> JoinAsync(string path)
    {
        var since = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.Read);
            }
            catch (IOException) when (TimeProvider.System.GetElapsedTime(since) < Patience)
            {
                await timer.WaitForNextTickAsync();
            }
        }
    }

    private static void Leave(FileStream present, EmbeddedPostgresSettings settings)
    {
        var path = present.Name;
        present.Dispose();
        try
        {
            // Held until the server is down: a process that comes now waits and then starts it again.
            using var alone = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            // The process ends with this handler, so there is nothing to await in.
            StopAsync(settings).GetAwaiter().GetResult();
        }
        catch (IOException)
        {
            // Others are still at work, and one of them will be the last.
        }
    }

    private static async Task StopAsync(EmbeddedPostgresSettings settings) =>
        await (await EmbeddedPostgres.StartAsync(settings, _ => { }, CancellationToken.None)).DisposeAsync();
}
