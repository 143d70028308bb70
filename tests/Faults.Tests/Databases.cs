using Npgsql;

namespace Licensing.Faults;

/// <summary>Copies of one database; it must not be in use.</summary>
internal sealed class Databases(NpgsqlConnection server, NpgsqlConnectionStringBuilder original) : IAsyncDisposable
{
    public static async Task<Databases> OfAsync(FaultedHost faulted, CancellationToken ct)
    {
        var original = new NpgsqlConnectionStringBuilder(faulted.Postgres.DirectConnectionString);
        // While a database is copied nobody may use it, so this goes by way of another.
        var elsewhere = new NpgsqlConnectionStringBuilder(original.ConnectionString) { Database = "postgres" };
        var server = new NpgsqlConnection(elsewhere.ConnectionString);
        await server.OpenAsync(ct);
        await using var end = new NpgsqlCommand("select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = $1", server)
        {
            Parameters = { new() { Value = original.Database! } },
        };
        await end.ExecuteNonQueryAsync(ct);
        return new Databases(server, original);
    }

    public async Task<string> CopyAsync(string name, CancellationToken ct)
    {
        await using var copy = new NpgsqlCommand($"create database {name} template \"{original.Database}\"", server);
        await copy.ExecuteNonQueryAsync(ct);
        return new NpgsqlConnectionStringBuilder(original.ConnectionString) { Database = name }.ConnectionString;
    }

    public async Task DropAsync(string name, CancellationToken ct)
    {
        await using var drop = new NpgsqlCommand($"drop database {name} with (force)", server);
        await drop.ExecuteNonQueryAsync(ct);
    }

    public async Task ExecuteAsync(string database, string sql, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
