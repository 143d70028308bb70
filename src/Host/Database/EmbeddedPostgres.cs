using Npgsql;

namespace Licensing.Host.Database;

/// <summary>
/// The PostgreSQL that the host brings along when nobody gave it one. Of all processes on one folder the first owns the server and
/// stops it with itself; the others attach. A server whose owner was killed goes on, and the next process becomes its owner.
/// </summary>
internal sealed class EmbeddedPostgres : IAsyncDisposable
{
    private const string Database = "licensing";
    private const int StartAttempts = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private readonly PostgresCluster _cluster;
    private readonly PostgresPrograms? _programs;
    private OwnershipLock? _ownership;

    private EmbeddedPostgres(
        string folder, string connectionString, PostgresCluster cluster, PostgresPrograms? programs, OwnershipLock? ownership)
    {
        (Folder, ConnectionString) = (folder, connectionString);
        (_cluster, _programs, _ownership) = (cluster, programs, ownership);
    }

    /// <summary>To the database <c>licensing</c>, as a superuser, with the password.</summary>
    public string ConnectionString { get; }

    /// <summary>Where the data is; not the folder of the settings when the server's user cannot reach that.</summary>
    public string Folder { get; }

    /// <summary>Whether disposing stops the server.</summary>
    public bool Owner => _ownership is not null;

    public static Task<EmbeddedPostgres> StartAsync(EmbeddedPostgresSettings settings, Action<string> say, CancellationToken ct) =>
        StartAsync(settings, runAs => PlacesToLook.OnThisMachine(runAs, say), say, ct);

    internal static async Task<EmbeddedPostgres> StartAsync(
        EmbeddedPostgresSettings settings, Func<UnprivilegedUser?, PlacesToLook> look, Action<string> say, CancellationToken ct)
    {
        var runAs = await UnprivilegedUser.ForThisProcessAsync(ct);
        var folder = Path.GetFullPath(settings.Folder);
        if (runAs is not null)
            folder = await runAs.ReachableAsync(folder, say, ct);
        await MakeFolderAsync(folder, runAs, ct);
        var cluster = new PostgresCluster(folder, runAs, settings);

        var deadline = settings.Clock.GetTimestamp();
        using var timer = new PeriodicTimer(Poll, settings.Clock);
        do
        {
            // Asked in every round: the owner may end, or be killed, while this process waits for its server.
            if (OwnershipLock.TryTake(Path.Combine(folder, "owner.lock")) is { } ownership)
                return await OwnAsync(settings, folder, cluster, ownership, look(runAs), say, ct);

            if (ConnectionTo(cluster, Database) is { } connectionString && await AnswersAsync(connectionString, ct) is null)
                return new EmbeddedPostgres(folder, connectionString, cluster, null, null);
        }
        while (settings.Clock.GetElapsedTime(deadline) < Patience && await timer.WaitForNextTickAsync(ct));

        throw new EmbeddedPostgresException($"Another process keeps the PostgreSQL in {folder}, but its server does not answer.");
    }

    /// <summary>Gives up ownership and lets the server run on, as if this process had been killed.</summary>
    public void LeaveRunning()
    {
        _ownership?.Dispose();
        _ownership = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_ownership is null)
            return;

        // The lock goes last: whoever takes it next finds the server stopped, not stopping.
        await _cluster.StopAsync(_programs!, CancellationToken.None);
        LeaveRunning();
    }

    private static async Task<EmbeddedPostgres> OwnAsync(
        EmbeddedPostgresSettings settings, string folder, PostgresCluster cluster, OwnershipLock ownership, PlacesToLook look,
        Action<string> say, CancellationToken ct)
    {
        PostgresPrograms? programs = null;
        try
        {
            cluster.ForgetIfRebooted();
            programs = await PostgresPrograms.FindAsync(settings.BinFolder, cluster.Major, look, ct);
            await cluster.MakeIfMissingAsync(programs, say, ct);
            var changed = await cluster.WriteSettingsAsync(ct);
            if (changed)
                await cluster.StopAsync(programs, ct);
            await RunAsync(settings, folder, cluster, programs, say, ct);
            await CreateDatabaseAsync(ConnectionTo(cluster, "postgres")!, ct);
            return new EmbeddedPostgres(folder, ConnectionTo(cluster, Database)!, cluster, programs, ownership);
        }
        catch (Exception failure)
        {
            // Who interrupts the start wants no server left behind; after another failure it is left as it was found.
            if (failure is OperationCanceledException && programs is not null)
                await cluster.StopAsync(programs, CancellationToken.None);
            ownership.Dispose();
            throw;
        }
    }

    private static async Task RunAsync(
        EmbeddedPostgresSettings settings, string folder, PostgresCluster cluster, PostgresPrograms programs, Action<string> say,
        CancellationToken ct)
    {
        var failure = "";
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.5), settings.Clock);
        for (var attempt = 0; attempt < StartAttempts; attempt++)
        {
            if (cluster.Running() is not null && await AdoptAsync(settings, cluster, ct))
            {
                say($"Took over the PostgreSQL that runs in {folder}.");
                return;
            }

            if (await cluster.StartAsync(programs, ct) is not { } reason)
                return;

            // In use: the port was taken since it was found free, or children of a killed server are still ending,
            // or a start that outlived its host is ahead. All pass by themselves.
            failure = reason;
            if (!reason.Contains("in use", StringComparison.Ordinal) && !reason.Contains("already exists", StringComparison.Ordinal))
                break;
            await timer.WaitForNextTickAsync(ct);
        }

        throw new EmbeddedPostgresException($"PostgreSQL did not start in {folder}. The end of its log says:\n{failure}");
    }

    // It may be starting still, or ending: then it goes away, and a new one is started.
    private static async Task<bool> AdoptAsync(EmbeddedPostgresSettings settings, PostgresCluster cluster, CancellationToken ct)
    {
        Exception? failure = null;
        var since = settings.Clock.GetTimestamp();
        using var timer = new PeriodicTimer(Poll, settings.Clock);
        do
        {
            if (ConnectionTo(cluster, "postgres") is not { } connectionString)
                return false;
            failure = await AnswersAsync(connectionString, ct);
            if (failure is null)
                return true;
            if (failure is PostgresException { SqlState: PostgresErrorCodes.InvalidPassword })
                break;
        }
        while (settings.Clock.GetElapsedTime(since) < Patience && await timer.WaitForNextTickAsync(ct));

        throw new EmbeddedPostgresException($"A PostgreSQL server runs in the data folder but does not let us in: {failure.Message}");
    }

    private static string? ConnectionTo(PostgresCluster cluster, string database) =>
        cluster.Running() is { } server && cluster.Password is { } password
            ? new NpgsqlConnectionStringBuilder
            {
                Host = "127.0.0.1",
                Port = server.Port,
                Username = PostgresCluster.Superuser,
                Password = password,
                Database = database,
            }.ConnectionString
            : null;

    private static async Task<Exception?> AnswersAsync(string connectionString, CancellationToken ct)
    {
        try
        {
            await using var connection = new NpgsqlConnection(Unpooled(connectionString));
            await connection.OpenAsync(ct);
            return null;
        }
        catch (Exception notYet) when (notYet is NpgsqlException or TimeoutException)
        {
            return notYet;
        }
    }

    private static async Task CreateDatabaseAsync(string connectionString, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(Unpooled(connectionString));
        await connection.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = $"select 1 from pg_database where datname = '{Database}'";
        if (await command.ExecuteScalarAsync(ct) is not null)
            return;
        command.CommandText = $"create database {Database}";
        await command.ExecuteNonQueryAsync(ct);
    }

    // These connections are made once; a pool would hold them open for the life of the process.
    private static string Unpooled(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Timeout = 10 }.ConnectionString;

    private static async Task MakeFolderAsync(string folder, UnprivilegedUser? runAs, CancellationToken ct)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        try
        {
            Directory.CreateDirectory(folder);
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (UnauthorizedAccessException)
        {
            throw new EmbeddedPostgresException(
                $"{folder} cannot be written by {Environment.UserName}; it may have been made by another user, such as root. " +
                "Remove it, or set Database:Embedded:Folder to another folder.");
        }

        if (runAs is not null)
            await runAs.HandOverAsync(folder, ct);
    }
}
