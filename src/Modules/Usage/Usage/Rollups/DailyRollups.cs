using System.Buffers.Binary;
using System.Security.Cryptography;
using Licensing.Catalog.Contracts;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>
/// Recomputes the rollups of the days that gained records, in short transactions of its own, so that the locks of one round are
/// gone before the next. Any number of processes may do it while records arrive:
/// a round takes the marks of a day away under the day's lock and only then reads the records, with a newer view of the database.
/// Whatever it reads too little of has a mark that it did not take away.
/// </summary>
internal sealed class DailyRollups(NpgsqlDataSource database, ICatalog catalog)
{
    private const int DaysPerRound = 256;

    // Marks up to the bound only: under steady ingest a call ends all the same. A mark takes its id before it commits, so every
    // committed one is below.
    private const string Bound = """
        select coalesce((select last_value from pg_sequences where schemaname = 'usage' and sequencename = 'dirty_days_id_seq'), 0)
        """;

    private const string Marked = """
        select distinct tenant_id, day from usage.dirty_days
        where id <= $1 and day >= $2 and day < $3
        order by tenant_id, day limit $4
        """;

    private const string Unmark = """
        with taken as (
            delete from usage.dirty_days d using unnest($1, $2) as w(tenant_id, day)
            where d.tenant_id = w.tenant_id and d.day = w.day
            returning d.tenant_id, d.day)
        select distinct tenant_id, day from taken
        """;

    private const string Wanted = "with wanted as materialized (select * from unnest($3, $4) as w(tenant_id, day)), ";

    private const string InsertRollups = $"""
        {Wanted} {RollupSql.Meters}, {RollupSql.Cells}
        insert into usage.daily_rollups ({RollupSql.Cell}, owner_path, aggregation, quantity, records)
        select {RollupSql.Cell}, owner_path, aggregation, quantity, records from cells
        """;

    private const string InsertResources = $"""
        {Wanted} {RollupSql.Meters}, {RollupSql.Resources}
        insert into usage.daily_resources ({RollupSql.Cell}, resource_id)
        select {RollupSql.Cell}, resource_id from resources
        """;

    /// <summary>Rolls up what is marked in <paramref name="period"/> (null: ever) when the call begins.</summary>
    /// <param name="period">Days.</param>
    /// <param name="rounds">Most rounds of work.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>False when rounds ran out first.</returns>
    public async Task<bool> CatchUpAsync(Period? period, int rounds, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var bound = await BoundAsync(connection, ct);
        IReadOnlyDictionary<string, MeterRef>? meters = null;
        for (var round = 0; ; round++)
        {
            var marked = await MarkedAsync(connection, period, bound, ct);
            if (marked.Count == 0)
                return true;
            if (round == rounds)
                return false;
            meters ??= await catalog.MetersAsync(ct);
            await RoundAsync(connection, marked, meters, ct);
        }
    }

    private static async Task RoundAsync(
        NpgsqlConnection connection, List<TenantDay> marked, IReadOnlyDictionary<string, MeterRef> meters, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await LockAsync(connection, marked, ct);
        var taken = await UnmarkAsync(connection, marked, ct);
        if (taken.Count > 0)
            await ReplaceAsync(connection, taken, meters, ct);
        await transaction.CommitAsync(ct);
    }

    // Everybody locks in the order of the keys, so rounds that share days wait in turn.
    private static async Task LockAsync(NpgsqlConnection connection, List<TenantDay> days, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select pg_advisory_xact_lock(k) from unnest($1) as k", connection)
        {
            Parameters = { new() { Value = days.Select(LockOf).Distinct().Order().ToArray() } },
        };
        await command.ExecuteNonQueryAsync(ct);
    }

    private static long LockOf(TenantDay marked)
    {
        Span<byte> name = stackalloc byte[24];
        "days"u8.CopyTo(name);
        marked.Tenant.TryWriteBytes(name[4..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt32LittleEndian(name[20..], marked.Day.DayNumber);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(name, hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }

    // What another process rolled up while this one waited for the lock has no mark any more and is left alone.
    private static async Task<List<TenantDay>> UnmarkAsync(NpgsqlConnection connection, List<TenantDay> marked, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Unmark, connection) { Parameters = { Tenants(marked), Days(marked) } };
        return await ReadAsync(command, ct);
    }

    private static async Task ReplaceAsync(
        NpgsqlConnection connection, List<TenantDay> days, IReadOnlyDictionary<string, MeterRef> meters, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var table in (string[])["usage.daily_rollups", "usage.daily_resources"])
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                $"delete from {table} t using unnest($1, $2) as w(tenant_id, day) where t.tenant_id = w.tenant_id and t.day = w.day")
            { Parameters = { Tenants(days), Days(days) } });
        foreach (var insert in (string[])[InsertRollups, InsertResources])
            batch.BatchCommands.Add(new NpgsqlBatchCommand(insert)
            {
                Parameters =
                {
                    new() { Value = meters.Values.Select(m => m.Key).ToArray() },
                    new() { Value = meters.Values.Select(m => m.Aggregation.ToString()).ToArray() },
                    Tenants(days), Days(days),
                },
            });
        await batch.ExecuteNonQueryAsync(ct);
    }

    private static async Task<long> BoundAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Bound, connection);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task<List<TenantDay>> MarkedAsync(NpgsqlConnection connection, Period? period, long bound, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Marked, connection)
        {
            Parameters =
            {
                new() { Value = bound }, new() { Value = period?.Start ?? DateOnly.MinValue }, new() { Value = period?.End ?? DateOnly.MaxValue },
                new() { Value = DaysPerRound },
            },
        };
        return await ReadAsync(command, ct);
    }

    private static async Task<List<TenantDay>> ReadAsync(NpgsqlCommand command, CancellationToken ct)
    {
        var days = new List<TenantDay>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            days.Add(new(rows.GetGuid(0), rows.GetFieldValue<DateOnly>(1)));
        return days;
    }

    private static NpgsqlParameter Tenants(List<TenantDay> days) => new() { Value = days.Select(d => d.Tenant).ToArray() };

    private static NpgsqlParameter Days(List<TenantDay> days) => new() { Value = days.Select(d => d.Day).ToArray() };

    private readonly record struct TenantDay(Guid Tenant, DateOnly Day);
}
