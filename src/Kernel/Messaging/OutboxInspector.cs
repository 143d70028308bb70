using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Kernel.Messaging;

/// <summary>
/// One message on its way, as an operator sees it. <paramref name="Body"/> is read only by <see cref="OutboxInspector.ShowAsync"/>.
/// </summary>
public sealed record OutboxEntry(
    string Schema, Guid Id, Guid MessageId, string Name, string Subscriber, string State, int Attempts, DateTimeOffset OccurredAt,
    DateTimeOffset DeliverAt, DateTimeOffset? ClaimedUntil, DateTimeOffset? ParkedAt, string? LastError, string? Trace, string? Body);

/// <summary>Null means any. <paramref name="State"/> is <c>waiting</c> or <c>parked</c>; a page goes on after its last id.</summary>
public sealed record OutboxFilter(
    string? Schema = null, string? State = null, string? Name = null, string? Subscriber = null, Guid? After = null, int Limit = 50);

/// <summary>What operators do with messages that do not get through.</summary>
public sealed class OutboxInspector(NpgsqlDataSource database, IEnumerable<ModuleDefinition> modules, MessageWaker waker, TimeProvider clock)
{
    private const int PurgeBatch = 5_000;

    /// <summary>Oldest first.</summary>
    public async Task<IReadOnlyList<OutboxEntry>> ListAsync(OutboxFilter filter, CancellationToken ct)
    {
        var found = new List<OutboxEntry>();
        foreach (var schema in Schemas(filter.Schema))
            await ReadAsync(found, schema, "null::text", """
                ($1::text is null or state = $1) and ($2::text is null or name = $2) and ($3::text is null or subscriber = $3)
                and ($4::uuid is null or id > $4) order by id limit $5
                """, ct, filter.State, filter.Name, filter.Subscriber, filter.After, filter.Limit);
        return [.. found.OrderBy(e => e.Id.ToString(), StringComparer.Ordinal).Take(filter.Limit)];
    }

    public async Task<OutboxEntry?> ShowAsync(Guid id, CancellationToken ct)
    {
        var found = new List<OutboxEntry>();
        foreach (var schema in Schemas(null))
            await ReadAsync(found, schema, "body", "id = $1", ct, id);
        return found.SingleOrDefault();
    }

    /// <summary>Delivers these at once, with all their attempts again.</summary>
    public Task<int> RetryAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) => RetryAsync(null, "id = any ($2)", ids.ToArray(), ct);

    /// <summary>Delivers every parked message at once, of one publisher or of all.</summary>
    public Task<int> RetryParkedAsync(string? schema, CancellationToken ct) => RetryAsync(schema, "state = 'parked'", null, ct);

    /// <summary>Takes these out of delivery until someone retries them.</summary>
    /// <remarks>One that is being delivered at this moment still has its effect; retried later, it does nothing.</remarks>
    public Task<int> ParkAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) => EachAsync(null, """
        set state = 'parked', parked_at = $1, claimed_by = null, claimed_until = null where id = any ($2) and state = 'waiting'
        """, ct, clock.GetUtcNow(), ids.ToArray());

    /// <summary>Forgets messages parked before <paramref name="parkedBefore"/> for good.</summary>
    public async Task<int> PurgeAsync(DateTimeOffset parkedBefore, CancellationToken ct)
    {
        var total = 0;
        foreach (var schema in Schemas(null))
            total += await BoundedDelete.RunAsync(
                database, $"{schema}.outbox", "state = 'parked' and parked_at < $1", parkedBefore.ToUniversalTime(), PurgeBatch, ct);
        return total;
    }

    private async Task<int> RetryAsync(string? schema, string which, Guid[]? ids, CancellationToken ct)
    {
        object[] values = ids is null ? [clock.GetUtcNow()] : [clock.GetUtcNow(), ids];
        var retried = await EachAsync(
            schema, $"set state = 'waiting', parked_at = null, attempts = 0, deliver_at = $1 where {which}", ct, values);
        foreach (var woken in Schemas(schema))
            waker.Wake(woken);
        return retried;
    }

    private async Task<int> EachAsync(string? schema, string change, CancellationToken ct, params object[] values)
    {
        var changed = 0;
        foreach (var each in Schemas(schema))
        {
            await using var command = Command($"update {each}.outbox {change}", values);
            changed += await command.ExecuteNonQueryAsync(ct);
        }

        return changed;
    }

    private async Task ReadAsync(List<OutboxEntry> found, string schema, string body, string where, CancellationToken ct, params object?[] values)
    {
        await using var command = Command($"""
            select id, message_id, name, subscriber, state, attempts, occurred_at, deliver_at, claimed_until, parked_at, last_error, trace, {body}
            from {schema}.outbox where {where}
            """, values);
        await using var row = await command.ExecuteReaderAsync(ct);
        while (await row.ReadAsync(ct))
            found.Add(new OutboxEntry(
                schema, row.GetGuid(0), row.GetGuid(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt32(5),
                row.GetFieldValue<DateTimeOffset>(6), row.GetFieldValue<DateTimeOffset>(7), row.GetFieldValue<DateTimeOffset?>(8),
                row.GetFieldValue<DateTimeOffset?>(9), Text(10), Text(11), Text(12)));

        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
    }

    private IEnumerable<string> Schemas(string? only) => modules.Select(m => m.Schema).Where(s => only is null || s == only);

    private NpgsqlCommand Command(string sql, object?[] values)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value ?? DBNull.Value });
        return command;
    }
}
