using Licensing.Kernel;
using Npgsql;

namespace Licensing.Host.Database;

internal sealed record AppliedMigration(string Module, string Name);

/// <summary><see cref="Changed"/>: the file is not the one that ran. <see cref="Unknown"/>: a newer version than this one ran it.</summary>
internal enum MigrationState { Applied, Pending, Changed, Unknown }

internal sealed record MigrationStatus(string Module, string Name, MigrationState State, DateTimeOffset? AppliedAt);

/// <summary>
/// Brings the database to this version's schema. Any number of processes may try at once: one works, the others wait and then find
/// nothing to do. Killed at any point, the next run goes on.
/// </summary>
/// <remarks>
/// Each file runs in one transaction with the row that says so. A file that begins with <c>-- no transaction</c> runs statement by
/// statement instead; a kill may repeat its last statement, so each must be repeatable (<c>create index concurrently if not
/// exists</c>). Bodies of functions are dollar-quoted, never <c>begin atomic</c>.
/// </remarks>
internal sealed class Migrator(SchemaOwner owner, IEnumerable<ModuleDefinition> modules, TimeProvider clock, ILogger<Migrator> log)
{
    private const long LockKey = 0x6d69_6772_6174_6f72;
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(100);

    private readonly IReadOnlyList<Migration> _migrations = Migration.Of(modules);

    /// <returns>What this call has applied; empty when the schema was current.</returns>
    /// <exception cref="InvalidOperationException">The database is not a former state of this version, or a statement failed.</exception>
    public async Task<IReadOnlyList<AppliedMigration>> ApplyAsync(CancellationToken ct)
    {
        await using var connection = await owner.Database.OpenConnectionAsync(ct);
        await LockAsync(connection, ct);
        try
        {
            var status = Compare(await AppliedAsync(connection, ct));
            RefuseForeignHistory(status);
            var done = new List<AppliedMigration>();
            var pending = status.Where(s => s.State is MigrationState.Pending).Select(s => (s.Module, s.Name)).ToHashSet();
            foreach (var migration in _migrations.Where(m => pending.Contains((m.Module, m.Name))))
            {
                if (migration.WithoutTransaction)
                    await ApplyInStepsAsync(connection, migration, ct);
                else
                    await ApplyAtOnceAsync(connection, migration, ct);
                log.LogInformation("Migrated {Module}/{Name}.", migration.Module, migration.Name);
                done.Add(new AppliedMigration(migration.Module, migration.Name));
            }

            await ApplicationRole.GrantAsync(connection, _migrations.Select(m => m.Module).Append("kernel").Distinct(), ct);
            return done;
        }
        finally
        {
            if (connection.FullState is System.Data.ConnectionState.Open)
                await ExecuteAsync(connection, $"select pg_advisory_unlock({LockKey})", CancellationToken.None);
        }
    }

    public async Task<IReadOnlyList<MigrationStatus>> StatusAsync(CancellationToken ct)
    {
        await using var connection = await owner.Database.OpenConnectionAsync(ct);
        return Compare(await AppliedAsync(connection, ct));
    }

    // Asked again and again instead of waiting inside the server: a waiting statement holds a snapshot, for which the winner's
    // "create index concurrently" would wait in turn.
    private async Task LockAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"select pg_try_advisory_lock({LockKey})", connection);
        while (!(bool)(await command.ExecuteScalarAsync(ct))!)
            await Task.Delay(LockPoll, clock, ct);
    }

    private static async Task<Dictionary<(string Module, string Name), (string Checksum, DateTimeOffset At)>> AppliedAsync(
        NpgsqlConnection connection, CancellationToken ct)
    {
        var applied = new Dictionary<(string, string), (string, DateTimeOffset)>();
        await using var exists = new NpgsqlCommand("select to_regclass('kernel.migrations') is not null", connection);
        if (!(bool)(await exists.ExecuteScalarAsync(ct))!)
            return applied;

        await using var command = new NpgsqlCommand(
            "select module, name, checksum, applied_at from kernel.migrations order by module, name", connection);
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            applied.Add((rows.GetString(0), rows.GetString(1)), (rows.GetString(2), rows.GetFieldValue<DateTimeOffset>(3)));
        return applied;
    }

    private List<MigrationStatus> Compare(Dictionary<(string Module, string Name), (string Checksum, DateTimeOffset At)> applied)
    {
        var status = new List<MigrationStatus>();
        foreach (var migration in _migrations)
            status.Add(
                !applied.Remove((migration.Module, migration.Name), out var row) ? new(migration.Module, migration.Name, MigrationState.Pending, null)
                : row.Checksum == migration.Checksum ? new(migration.Module, migration.Name, MigrationState.Applied, row.At)
                : new(migration.Module, migration.Name, MigrationState.Changed, row.At));
        status.AddRange(applied.Select(a => new MigrationStatus(a.Key.Module, a.Key.Name, MigrationState.Unknown, a.Value.At)));
        return status;
    }

    private static void RefuseForeignHistory(List<MigrationStatus> status)
    {
        if (status.Find(s => s.State is MigrationState.Changed) is { } changed)
            throw new InvalidOperationException(
                $"{changed.Module}/{changed.Name} has changed since it was applied at {changed.AppliedAt:u}; put its text back and add a new file.");
        if (status.Find(s => s.State is MigrationState.Unknown) is { } unknown)
            throw new InvalidOperationException(
                $"The database has {unknown.Module}/{unknown.Name}, which this version does not know: a newer version has migrated it.");
        if (status.Find(s => s.State is MigrationState.Pending && !s.Name.StartsWith("0000_", StringComparison.Ordinal) && status.Exists(later =>
                later.Module == s.Module && later.State is MigrationState.Applied && string.CompareOrdinal(later.Name, s.Name) > 0)) is { } late)
            throw new InvalidOperationException($"{late.Module}/{late.Name} comes before files that are already applied; give it the next number.");
    }

    private async Task ApplyAtOnceAsync(NpgsqlConnection connection, Migration migration, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var statements = SqlScript.Split(migration.Sql);
        for (var i = 0; i < statements.Count; i++)
            await RunAsync(connection, migration, statements, i, ct);
        await RecordAsync(connection, migration, ct);
        await transaction.CommitAsync(ct);
        FaultPoints.Hit("migration.statement");
    }

    private async Task ApplyInStepsAsync(NpgsqlConnection connection, Migration migration, CancellationToken ct)
    {
        var statements = SqlScript.Split(migration.Sql);
        await using var progress = new NpgsqlCommand(
            "select statements from kernel.migration_progress where module = $1 and name = $2 and checksum = $3", connection)
        { Parameters = { new() { Value = migration.Module }, new() { Value = migration.Name }, new() { Value = migration.Checksum } } };
        var done = (int?)await progress.ExecuteScalarAsync(ct);
        if (done is null)
            await ProgressAsync(connection, migration, 0, ct);
        else
            await DropBrokenIndexesAsync(connection, migration.Module, ct);

        for (var i = done ?? 0; i < statements.Count; i++)
        {
            await RunAsync(connection, migration, statements, i, ct);
            await ProgressAsync(connection, migration, i + 1, ct);
        }

        await using var transaction = await connection.BeginTransactionAsync(ct);
        await RecordAsync(connection, migration, ct);
        await ExecuteAsync(connection, "delete from kernel.migration_progress where module = $1 and name = $2", ct, migration.Module, migration.Name);
        await transaction.CommitAsync(ct);
        FaultPoints.Hit("migration.statement");
    }

    private static async Task RunAsync(
        NpgsqlConnection connection, Migration migration, IReadOnlyList<SqlScript.Statement> statements, int index, CancellationToken ct)
    {
        try
        {
            await ExecuteAsync(connection, statements[index].Text, ct);
        }
        catch (PostgresException failure)
        {
            throw new InvalidOperationException(
                $"{migration.Module}/{migration.Name}, statement {index + 1} (line {statements[index].Line}): {failure.MessageText}", failure);
        }

        FaultPoints.Hit("migration.statement");
    }

    private Task RecordAsync(NpgsqlConnection connection, Migration migration, CancellationToken ct) => ExecuteAsync(
        connection, "insert into kernel.migrations (module, name, checksum, applied_at) values ($1, $2, $3, $4)", ct,
        migration.Module, migration.Name, migration.Checksum, clock.GetUtcNow());

    private static Task ProgressAsync(NpgsqlConnection connection, Migration migration, int statements, CancellationToken ct) => ExecuteAsync(
        connection, """
            insert into kernel.migration_progress (module, name, checksum, statements) values ($1, $2, $3, $4)
            on conflict (module, name) do update set checksum = excluded.checksum, statements = excluded.statements
            """, ct, migration.Module, migration.Name, migration.Checksum, statements);

    // A killed "create index concurrently" leaves an invalid index, which "if not exists" would take for done.
    private static async Task DropBrokenIndexesAsync(NpgsqlConnection connection, string schema, CancellationToken ct)
    {
        var broken = new List<string>();
        await using (var command = new NpgsqlCommand("""
            select format('%I.%I', n.nspname, c.relname)
            from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
            where not i.indisvalid and n.nspname = $1
            """, connection) { Parameters = { new() { Value = schema } } })
        await using (var rows = await command.ExecuteReaderAsync(ct))
            while (await rows.ReadAsync(ct))
                broken.Add(rows.GetString(0));
        foreach (var index in broken)
            await ExecuteAsync(connection, $"drop index concurrently {index}", ct);
    }

    // Migrations have no time limit: building an index on a big table takes what it takes.
    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }
}
