using Licensing.Kernel.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Usage.Records;

/// <summary>Stores the records of a batch that are new, in the caller's transaction, and says which are not what was stored before.</summary>
internal sealed class RecordStore(DbSession session)
{
    // Keys, records, their marks and the count in one round trip. What has a new key is a new record, and the log of days gets only
    // those that gained one.
    private const string Insert = """
        with sent as materialized (
            select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) as r(
                record_key, record_id, tenant_id, subscription_id, content_hash, started_at, ended_at, day, quantity, owner_path, meter, sku, region,
                resource_id, dimensions)),
        fresh as (
            insert into usage.record_keys (record_key, tenant_id, content_hash, batch_id, day)
            select record_key, tenant_id, content_hash, $17, day from sent
            on conflict (record_key, tenant_id) do nothing
            returning record_key, tenant_id),
        arrived as (
            insert into usage.records (
                record_id, tenant_id, subscription_id, started_at, ended_at, received_at, day, batch_id, quantity, owner_path, meter, sku, region,
                resource_id, dimensions)
            select record_id, tenant_id, subscription_id, started_at, ended_at, $16, day, $17, quantity::numeric, owner_path, meter, sku,
                region, resource_id, dimensions::jsonb
            from sent join fresh using (record_key, tenant_id)
            returning tenant_id, day),
        marked as (
            insert into usage.dirty_days (tenant_id, day, batch_id) select distinct tenant_id, day, $17::uuid from arrived)
        select count(*) from arrived
        """;

    private const string Conflicts = """
        select sent.position, k.content_hash
        from unnest($1, $2, $3) with ordinality as sent(record_key, tenant_id, content_hash, position)
        join usage.record_keys k on k.record_key = sent.record_key and k.tenant_id = sent.tenant_id
        where k.content_hash <> sent.content_hash
        """;

    private static readonly IReadOnlyDictionary<RecordDraft, Guid> NoConflict = new Dictionary<RecordDraft, Guid>();

    /// <param name="records">Each (tenant, id) once.</param>
    /// <param name="batch">Their batch.</param>
    /// <param name="now">When they arrived.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>How many were new, and those whose id was taken before with other content, with the hash of that.</returns>
    public async Task<(int Stored, IReadOnlyDictionary<RecordDraft, Guid> Conflicting)> AddAsync(
        List<RecordDraft> records, Guid batch, DateTimeOffset now, CancellationToken ct)
    {
        if (records.Count == 0)
            return (0, NoConflict);

        // One order for everybody: two batches with the same ids then wait for each other in turn instead of in a circle.
        records.Sort(static (a, b) =>
            a.Key.CompareTo(b.Key) is var order and not 0 ? order : a.Target!.TenantId.Value.CompareTo(b.Target!.TenantId.Value));
        var stored = await InsertAsync(records, batch, now, ct);
        return stored == records.Count ? (stored, NoConflict) : (stored, await ConflictsAsync(records, ct));
    }

    private async Task<int> InsertAsync(List<RecordDraft> records, Guid batch, DateTimeOffset now, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Insert, session.Connection, session.Transaction)
        {
            Parameters =
            {
                Uuids(records, r => r.Key), Texts(records, r => r.Id), Uuids(records, r => r.Target!.TenantId.Value),
                Uuids(records, r => r.Target!.Id.Value), Uuids(records, r => r.ContentHash),
                Array(records, r => r.Start!.Value.UtcDateTime, NpgsqlDbType.TimestampTz),
                Array(records, r => r.End?.UtcDateTime, NpgsqlDbType.TimestampTz),
                Array(records, r => r.Day, NpgsqlDbType.Date),
                // As text: 38 digits are more than a decimal holds.
                Texts(records, r => r.Quantity), Texts(records, r => r.OwnerPath), Texts(records, r => r.Meter),
                Texts(records, r => r.Sku ?? ""), Texts(records, r => r.Region ?? ""), Texts(records, r => r.ResourceId),
                Texts(records, r => r.Dimensions),
                new() { Value = now.UtcDateTime }, new() { Value = batch },
            },
        };
        return (int)(long)(await command.ExecuteScalarAsync(ct))!;
    }

    // A statement of its own, so that it also sees what another batch committed while the insert waited for it.
    private async Task<IReadOnlyDictionary<RecordDraft, Guid>> ConflictsAsync(List<RecordDraft> records, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Conflicts, session.Connection, session.Transaction)
        {
            Parameters = { Uuids(records, r => r.Key), Uuids(records, r => r.Target!.TenantId.Value), Uuids(records, r => r.ContentHash) },
        };
        var conflicting = new Dictionary<RecordDraft, Guid>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            conflicting.Add(records[(int)rows.GetInt64(0) - 1], rows.GetGuid(1));
        return conflicting;
    }

    private static NpgsqlParameter<string?[]> Texts(List<RecordDraft> records, Func<RecordDraft, string?> value) =>
        Array(records, value, NpgsqlDbType.Text);

    private static NpgsqlParameter<Guid[]> Uuids(List<RecordDraft> records, Func<RecordDraft, Guid> value) =>
        Array(records, value, NpgsqlDbType.Uuid);

    private static NpgsqlParameter<T[]> Array<T>(List<RecordDraft> records, Func<RecordDraft, T> value, NpgsqlDbType type)
    {
        var values = new T[records.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = value(records[i]);
        return new() { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type };
    }
}
