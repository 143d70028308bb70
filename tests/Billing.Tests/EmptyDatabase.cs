using Licensing.Billing.Data;
using Npgsql;

namespace Licensing.Billing.Tests;

/// <summary>A database on which the module's migrations are applied one by one, with rows between them.</summary>
internal sealed class EmptyDatabase : IAsyncDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private readonly string _connectionString;
    private readonly NpgsqlDataSource _source;

    private EmptyDatabase(string connectionString) => (_connectionString, _source) = (connectionString, NpgsqlDataSource.Create(connectionString));

    public static async Task<EmptyDatabase> CreateAsync()
    {
        var database = new EmptyDatabase(await TestPostgres.CreateEmptyAsync(Ct));
        await database.ExecuteAsync("create schema if not exists billing");
        return database;
    }

    /// <summary>The migrations of these numbers, in their order.</summary>
    public async Task MigrateAsync(params int[] numbers)
    {
        foreach (var migration in Migrations().Where(x => numbers.Contains(NumberOf(x))))
        {
            using var reader = new StreamReader(typeof(BillingDb).Assembly.GetManifestResourceStream(migration)!);
            await ExecuteAsync(await reader.ReadToEndAsync(Ct));
        }
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    public async Task<string> TextAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return (string)(await command.ExecuteScalarAsync(Ct))!;
    }

    public async Task<string?> RefusedAsync(string sql) =>
        (await Should.ThrowAsync<PostgresException>(() => ExecuteAsync(sql))) is var refused ? refused.ConstraintName ?? refused.MessageText : null;

    private static IEnumerable<string> Migrations() => typeof(BillingDb).Assembly.GetManifestResourceNames()
        .Where(x => x.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private static int NumberOf(string resource) => int.Parse(resource.Split('.', '/')[^2].Split('_')[0]);

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await TestPostgres.DropAsync(_connectionString);
    }
}
