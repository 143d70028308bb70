using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Npgsql;

namespace Licensing.Testing;

/// <summary>
/// Databases for tests, on one server that all test processes of a run share (or on the one that <c>LICENSING_POSTGRES</c> names,
/// whose user must be allowed to create databases).
/// </summary>
public static partial class TestPostgres
{
    internal const string TemplatePrefix = "template_";

    /// <summary>A new database with what <paramref name="prepareTemplate"/> once put into the template of this key.</summary>
    /// <param name="templateKey">
    /// Lower-case letters, digits and underscores, 40 at most. It must change with what is prepared (a hash of the migrations, say):
    /// templates outlive the run.
    /// </param>
    /// <param name="prepareTemplate">Gets a connection string without pooling and is called once for all processes.</param>
    /// <param name="ct">Gives up waiting; a template that is half made is not used.</param>
    public static async Task<string> CloneAsync(string templateKey, Func<string, Task> prepareTemplate, CancellationToken ct)
    {
        if (!Key().IsMatch(templateKey))
            throw new ArgumentException(
                $"A template key is up to 40 lower-case letters, digits and underscores, not '{templateKey}'.", nameof(templateKey));

        var template = TemplatePrefix + templateKey;
        var server = await TestServer.GetAsync().WaitAsync(ct);
        while (true)
        {
            if (await TryCloneAsync(server, template, ct) is { } connectionString)
                return connectionString;
            await BuildAsync(server, template, prepareTemplate, ct);
        }
    }

    public static async Task<string> CreateEmptyAsync(CancellationToken ct)
    {
        var server = await TestServer.GetAsync().WaitAsync(ct);
        await using var connection = await server.OpenMaintenanceAsync(ct);
        var database = DatabaseName.Next();
        await ExecuteAsync(connection, $"create database \"{database}\"", ct);
        return server.ConnectionTo(database);
    }

    /// <summary>Drops a database made here, whoever is still connected.</summary>
    public static async Task DropAsync(string connectionString)
    {
        var database = new NpgsqlConnectionStringBuilder(connectionString).Database;
        if (database?.StartsWith(DatabaseName.Prefix, StringComparison.Ordinal) is not true)
            throw new ArgumentException($"{database} was not made for a test.", nameof(connectionString));

        await using (var pool = new NpgsqlConnection(connectionString))
            NpgsqlConnection.ClearPool(pool);
        var server = await TestServer.GetAsync();
        await using var connection = await server.OpenMaintenanceAsync(CancellationToken.None);
        await ExecuteAsync(connection, $"drop database if exists \"{database}\" with (force)", CancellationToken.None);
    }

    /// <summary>The advisory lock of a template: shared for cloning from it, exclusive for building or dropping it.</summary>
    internal static long LockOf(string template) => BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(template)));

    private static async Task<string?> TryCloneAsync(TestServer server, string template, CancellationToken ct)
    {
        await using var connection = await server.OpenMaintenanceAsync(ct);
        await ExecuteAsync(connection, $"select pg_advisory_lock_shared({LockOf(template)})", ct);
        if (!await ExistsAsync(connection, template, ct))
            return null;

        var database = DatabaseName.Next();
        // Copying files takes a checkpoint, which costs next to nothing without fsync; the default writes each page to the log.
        await ExecuteAsync(connection, $"create database \"{database}\" template \"{template}\" strategy file_copy", ct);
        return server.ConnectionTo(database);
    }

    private static async Task BuildAsync(TestServer server, string template, Func<string, Task> prepareTemplate, CancellationToken ct)
    {
        await using var connection = await server.OpenMaintenanceAsync(ct);
        await ExecuteAsync(connection, $"select pg_advisory_lock({LockOf(template)})", ct);
        if (await ExistsAsync(connection, template, ct))
            return;

        // Only a finished template ever has its name; what a killed process leaves is swept as a test database of it.
        var building = DatabaseName.Next();
        await ExecuteAsync(connection, $"create database \"{building}\"", ct);
        try
        {
            // A pool would keep connections open, and a template that someone is connected to cannot be cloned.
            await prepareTemplate(new NpgsqlConnectionStringBuilder(server.ConnectionTo(building)) { Pooling = false }.ConnectionString);
            await ExecuteAsync(connection, $"alter database \"{building}\" allow_connections false", ct);
            await ExecuteAsync(connection, $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{building}'", ct);
            await ExecuteAsync(connection, $"alter database \"{building}\" is_template true", ct);
            await ExecuteAsync(connection, $"alter database \"{building}\" rename to \"{template}\"", ct);
        }
        catch
        {
            await ExecuteAsync(connection, $"alter database \"{building}\" is_template false", CancellationToken.None);
            await ExecuteAsync(connection, $"drop database \"{building}\" with (force)", CancellationToken.None);
            throw;
        }
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, string database, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select 1 from pg_database where datname = $1", connection)
        {
            Parameters = { new() { Value = database } },
        };
        return await command.ExecuteScalarAsync(ct) is not null;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        // Waiting for another process that prepares the template takes as long as it takes.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(ct);
    }

    [GeneratedRegex("^[a-z0-9_]{1,40}$")]
    private static partial Regex Key();
}
