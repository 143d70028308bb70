using System.Buffers;
using System.Runtime.InteropServices;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Data;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Usage.Records;

/// <summary>How the keys of records that may be new get in.</summary>
internal enum KeyWay
{
    /// <summary>
    /// Inserted in one turn with the commit, in the hope that none is taken: for few records the turns to the server are most of the time.
    /// </summary>
    WithCommit,

    /// <summary>Copied, in the hope that none is taken; where one is, the transaction has failed.</summary>
    Copy,

    /// <summary>Those that are taken are looked for, the others copied.</summary>
    LookAndCopy,

    /// <summary>Inserted one by one where they are not taken: never fails, and costs twice as much.</summary>
    Insert,
}

/// <summary>Stores the records of batches that are new, in the caller's transaction, and decides the fate of each.</summary>
internal sealed class RecordStore
{
    // After a duplicate so many transactions look for more of them before one is trusted to have none.
    private const int LooksAfterDuplicate = 32;

    // Above it a row copied costs less than the turns that copying takes.
    private const int Few = 512;

    private const string InsertNewKeys = """
        insert into usage.record_keys (record_key, tenant_id, content_hash, batch_id, day) select * from unnest($1, $2, $3, $4, $5)
        """;

    private const string InsertKeys = $"""
        {InsertNewKeys}
        on conflict (record_key, tenant_id) do nothing
        returning record_key, tenant_id
        """;

    /// <summary>$1 keys, $2 tenants; answers where those that are taken stand, counted from 1, and the hash of what took them.</summary>
    /// <remarks>The limit keeps it a look into the index for each, whatever the planner thinks of the table.</remarks>
    internal const string TakenKeys = """
        select s.position, k.content_hash
        from unnest($1, $2) with ordinality as s(record_key, tenant_id, position)
        cross join lateral (
            select content_hash from usage.record_keys k where k.record_key = s.record_key and k.tenant_id = s.tenant_id limit 1) k
        """;

    private const string MarkDays = """
        insert into usage.dirty_days (tenant_id, day, batch_id, records) select * from unnest($1, $2, $3, $4)
        """;

    private int _looksLeft;

    /// <summary>What is likely to be best, by whether there were duplicates lately and how many records there are.</summary>
    public KeyWay FirstWay(IReadOnlyList<RecordBatch> batches) =>
        Volatile.Read(ref _looksLeft) > 0 ? KeyWay.LookAndCopy : batches.Sum(b => b.Count) <= Few ? KeyWay.WithCommit : KeyWay.Copy;

    /// <summary>Whether the transaction has failed because a key was taken, which then more are likely to be.</summary>
    public bool MetDuplicate(PostgresException failure)
    {
        if (failure is not { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "record_keys_pkey" })
            return false;
        Volatile.Write(ref _looksLeft, LooksAfterDuplicate);
        return true;
    }

    /// <returns>False where a copied key was taken: the transaction has failed, and another way is to be gone.</returns>
    public async Task<bool> TryAddAsync(DbSession session, IReadOnlyList<RecordBatch> batches, KeyWay way, CancellationToken ct)
    {
        var (connection, transaction) = (session.Connection, session.Transaction!);
        var together = new KeySlots(batches);
        try
        {
            if (together.Count == 0)
                return true;
            if (way is KeyWay.LookAndCopy)
                await LookAsync(connection, transaction, together, ct);
            if (way is KeyWay.WithCommit)
                session.AtCommit(NewKeys(together));
            else if (way is KeyWay.Insert)
                await InsertKeysAsync(connection, transaction, together, ct);
            else if (!await TryCopyKeysAsync(connection, together, ct))
                return false;
            together.Judge();
            await CopyRecordsAsync(connection, batches, ct);
            // Nobody asks for the marks before they are committed: a turn to the server less.
            if (MarksOf(batches) is { } marks)
                session.AtCommit(marks);
            return true;
        }
        finally
        {
            together.Dispose();
        }
    }

    private async Task LookAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, KeySlots together, CancellationToken ct)
    {
        var found = await ReadTakenAsync(connection, transaction, together, ct);
        if (found > 0)
            Volatile.Write(ref _looksLeft, LooksAfterDuplicate);
        else if (Volatile.Read(ref _looksLeft) is var left and > 0)
            Interlocked.CompareExchange(ref _looksLeft, left - 1, left);
    }

    private static async Task<int> ReadTakenAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, KeySlots together, CancellationToken ct)
    {
        var open = together.Open();
        if (open.Count == 0)
            return 0;
        await using var command = new NpgsqlCommand(TakenKeys, connection, transaction)
        {
            Parameters =
            {
                Each<KeySlot, Guid>(open, NpgsqlDbType.Uuid, s => Uuids.Of(s.Key)),
                Each<KeySlot, Guid>(open, NpgsqlDbType.Uuid, s => Uuids.Of(s.Tenant)),
            },
        };
        var found = 0;
        await using var rows = await command.ExecuteReaderAsync(ct);
        for (; await rows.ReadAsync(ct); found++)
            together.Taken(open[(int)rows.GetInt64(0) - 1], rows.GetGuid(1));
        return found;
    }

    // Whoever else holds one of the keys is waited for; everybody takes them in their order, so nobody waits in a circle.
    private static async Task InsertKeysAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, KeySlots together, CancellationToken ct)
    {
        var open = together.Open();
        await using (var command = new NpgsqlCommand(InsertKeys, connection, transaction))
        {
            command.Parameters.AddRange(KeyValues(open, together));
            await using var rows = await command.ExecuteReaderAsync(ct);
            // They come in the order in which they went in.
            for (var at = 0; await rows.ReadAsync(ct); at++)
            {
                var (key, tenant) = (rows.GetGuid(0), rows.GetGuid(1));
                while (Uuids.Of(open[at].Key) != key || Uuids.Of(open[at].Tenant) != tenant)
                    at++;
                together.Stored(open[at]);
            }
        }

        // A statement of its own, so that it also sees what another transaction committed while the insert waited for it.
        await ReadTakenAsync(connection, transaction, together, ct);
    }

    // All of them taken to be new: where one is not, the commit fails.
    private static NpgsqlBatchCommand NewKeys(KeySlots together)
    {
        var open = together.Open();
        var command = new NpgsqlBatchCommand(InsertNewKeys);
        command.Parameters.AddRange(KeyValues(open, together));
        foreach (var slot in open)
            together.Stored(slot);
        return command;
    }

    private static NpgsqlParameter[] KeyValues(ArraySegment<KeySlot> open, KeySlots together) =>
    [
        Each<KeySlot, Guid>(open, NpgsqlDbType.Uuid, s => Uuids.Of(s.Key)),
        Each<KeySlot, Guid>(open, NpgsqlDbType.Uuid, s => Uuids.Of(s.Tenant)),
        Each<KeySlot, Guid>(open, NpgsqlDbType.Uuid, s => Uuids.Of(together.EntryOf(s).Hash)),
        Each<KeySlot, Guid>(open, NpgsqlDbType.Uuid, s => together.BatchOf(s).Id),
        Each<KeySlot, DateOnly>(open, NpgsqlDbType.Date, s => DateOnly.FromDayNumber(together.EntryOf(s).Day)),
    ];

    private async Task<bool> TryCopyKeysAsync(NpgsqlConnection connection, KeySlots together, CancellationToken ct)
    {
        var open = together.Open();
        if (open.Count == 0)
            return true;
        var rows = ArrayPool<byte>.Shared.Rent(open.Count * RecordRow.KeyLength);
        try
        {
            for (var i = 0; i < open.Count; i++)
                RecordRow.WriteKey(together.EntryOf(open[i]), together.BatchOf(open[i]).Key, rows.AsSpan(i * RecordRow.KeyLength));
            await CopyAsync(connection, RecordRow.CopyKeys, [rows.AsMemory(0, open.Count * RecordRow.KeyLength)], ct);
            foreach (var slot in open)
                together.Stored(slot);
            return true;
        }
        catch (PostgresException taken) when (MetDuplicate(taken))
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rows);
        }
    }

    private static Task CopyRecordsAsync(NpgsqlConnection connection, IReadOnlyList<RecordBatch> batches, CancellationToken ct)
    {
        var rows = new List<ReadOnlyMemory<byte>>();
        foreach (var batch in batches)
            batch.StoredRows(rows);
        return rows.Count == 0 ? Task.CompletedTask : CopyAsync(connection, RecordRow.Copy, rows, ct);
    }

    private static async Task CopyAsync(
        NpgsqlConnection connection, string copy, IReadOnlyList<ReadOnlyMemory<byte>> rows, CancellationToken ct)
    {
        await using var stream = await connection.BeginRawBinaryCopyAsync(copy, ct);
        await stream.WriteAsync(RecordRow.Header, ct);
        foreach (var some in rows)
            await stream.WriteAsync(some, ct);
        await stream.WriteAsync(RecordRow.Trailer, ct);
    }

    private static NpgsqlBatchCommand? MarksOf(IReadOnlyList<RecordBatch> batches)
    {
        var marks = new List<(Guid Tenant, DateOnly Day, Guid Batch, int Records)>();
        foreach (var batch in batches)
            marks.AddRange(batch.StoredDays().Select(
                x => (Uuids.Of(x.Key.Tenant), DateOnly.FromDayNumber(x.Key.Day), batch.Id, x.Value)));
        if (marks.Count == 0)
            return null;
        var each = CollectionsMarshal.AsSpan(marks);
        return new NpgsqlBatchCommand(MarkDays)
        {
            Parameters =
            {
                Each(each, NpgsqlDbType.Uuid, m => m.Tenant), Each(each, NpgsqlDbType.Date, m => m.Day), Each(each, NpgsqlDbType.Uuid, m => m.Batch),
                Each(each, NpgsqlDbType.Integer, m => m.Records),
            },
        };
    }

    private static NpgsqlParameter<TValue[]> Each<T, TValue>(ReadOnlySpan<T> items, NpgsqlDbType type, Func<T, TValue> value)
    {
        var values = new TValue[items.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = value(items[i]);
        return new() { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type };
    }
}
