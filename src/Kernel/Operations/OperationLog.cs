using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Kernel.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Kernel.Operations;

/// <summary>
/// Progress of long work, written in the same transaction as the work itself, so that what it says is what was committed.
/// </summary>
public sealed class OperationLog(DbSession session, TimeProvider clock)
{
    // A run that fails for everyone must not grow one row without bound; the count goes on in the result.
    private const int MostErrors = 1_000;

    /// <summary>Begins watching; <paramref name="ownerPath"/> says who may look.</summary>
    public async Task<OperationId> StartAsync(string kind, string ownerPath, long total, CancellationToken ct)
    {
        var id = Id.New<OperationId>(clock.GetUtcNow());
        await RunAsync(
            """
            insert into kernel.operations (id, kind, state, owner_path, done, total, errors, started_at)
            values ($1, $2, 'Running', $3, 0, $4, '[]', $5)
            """, ct, id.Value, kind, ownerPath, total, clock.GetUtcNow());
        return id;
    }

    public Task TotalAsync(OperationId id, long total, CancellationToken ct) =>
        RunAsync("update kernel.operations set total = $2 where id = $1", ct, id.Value, total);

    public Task AdvanceAsync(OperationId id, long steps, IReadOnlyCollection<OperationError> errors, CancellationToken ct) => RunAsync(
        $"""
        update kernel.operations
        set done = done + $2, errors = case when jsonb_array_length(errors) < {MostErrors} then errors || $3::jsonb else errors end
        where id = $1
        """, ct, id.Value, steps, JsonSerializer.Serialize(errors, StoredJson.Options));

    public Task SucceedAsync(OperationId id, JsonObject result, CancellationToken ct) => RunAsync(
        "update kernel.operations set state = 'Succeeded', result = $2::jsonb, ended_at = $3 where id = $1 and state = 'Running'",
        ct, id.Value, result.ToJsonString(), clock.GetUtcNow());

    /// <summary>The operation, or null where it does not exist within <paramref name="scope"/>.</summary>
    public async Task<OperationView?> FindAsync(OperationId id, Scope scope, CancellationToken ct)
    {
        await session.OpenAsync(ct);
        await using var command = Command(
            "select kind, state, done, total, result, errors, started_at, ended_at, owner_path from kernel.operations where id = $1", id.Value);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct) || !scope.Contains(reader.GetString(8)))
            return null;
        return new OperationView(
            id, reader.GetString(0), Enum.Parse<OperationState>(reader.GetString(1)), reader.GetInt64(2), reader.GetInt64(3),
            reader.IsDBNull(4) ? null : JsonNode.Parse(reader.GetString(4))!.AsObject(),
            JsonSerializer.Deserialize<List<OperationError>>(reader.GetString(5), StoredJson.Options)!,
            reader.GetFieldValue<DateTimeOffset>(6), reader.IsDBNull(7) ? null : reader.GetFieldValue<DateTimeOffset>(7));
    }

    private async Task RunAsync(string sql, CancellationToken ct, params object[] values)
    {
        await session.OpenAsync(ct);
        await using var command = Command(sql, values);
        await command.ExecuteNonQueryAsync(ct);
    }

    private NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, session.Connection, session.Transaction);
        foreach (var value in values)
            command.Parameters.Add(value is string
                ? new NpgsqlParameter { Value = value, NpgsqlDbType = NpgsqlDbType.Text }
                : new NpgsqlParameter { Value = value });
        return command;
    }
}
