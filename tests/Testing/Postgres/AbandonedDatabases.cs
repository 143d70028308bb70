using Npgsql;

namespace Licensing.Testing;

/// <summary>What killed runs and changed templates left on the server.</summary>
internal static class AbandonedDatabases
{
    private const int TemplatesKept = 12;

    public static async Task DropAsync(TestServer server)
    {
        await using var connection = await server.OpenMaintenanceAsync(CancellationToken.None);
        foreach (var database in (await NamesAsync(connection, DatabaseName.Prefix)).Where(DatabaseName.IsAbandoned))
            await ExecuteAsync(connection, $"drop database if exists \"{database}\" with (force)");

        // What is called template_… on someone else's server may be theirs.
        if (!server.IsOurs)
            return;
        // Each change of a schema makes a new template; the numbers of the oldest are the smallest.
        foreach (var template in (await NamesAsync(connection, TestPostgres.TemplatePrefix)).SkipLast(TemplatesKept))
            await DropTemplateAsync(connection, template);
    }

    public static async Task DropTemplateAsync(NpgsqlConnection connection, string template)
    {
        var key = TestPostgres.LockOf(template);
        // Who clones from it or builds it holds this lock.
        await using var attempt = new NpgsqlCommand($"select pg_try_advisory_lock({key})", connection);
        if (await attempt.ExecuteScalarAsync() is not true)
            return;
        await ExecuteAsync(connection, $"alter database \"{template}\" is_template false");
        await ExecuteAsync(connection, $"drop database if exists \"{template}\" with (force)");
        await ExecuteAsync(connection, $"select pg_advisory_unlock({key})");
    }

    /// <summary>The databases whose names begin so, oldest first. Not by LIKE: its underscore would find PostgreSQL's own template1.</summary>
    public static async Task<IReadOnlyList<string>> NamesAsync(NpgsqlConnection connection, string prefix)
    {
        await using var command = new NpgsqlCommand("select datname from pg_database where starts_with(datname, $1) order by oid", connection)
        {
            Parameters = { new() { Value = prefix } },
        };
        await using var reader = await command.ExecuteReaderAsync();
        var names = new List<string>();
        while (await reader.ReadAsync())
            names.Add(reader.GetString(0));
        return names;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
