using System.Buffers.Binary;
using System.Security.Cryptography;
using Licensing.Catalog.Contracts;
using Licensing.Usage.Data;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>
/// Brings the rollups up to what the log says, in short transactions of its own, so that the locks of one round are gone before the next. Any
/// number of processes may do it while records arrive, and each may die anywhere: a round takes marks away, under the locks of their tenants,
/// in the transaction that does what they ask for.
/// </summary>
internal sealed class RollingUp(NpgsqlDataSource database, ICatalog catalog, UsageSettings settings)
{
    // A round that is given up is done anew from its beginning, so it is given the time that it takes on a machine that does much else: what
    // always took longer would never be done. Not for ever, as of a server that is gone nobody hears; and less while somebody waits.
    private const int SecondsOfRound = 3_600;
    private const int SecondsOfRoundAskedFor = 120;

    // Marks up to the bound only: under steady ingest a call ends all the same. A mark takes its id before it commits, so every
    // committed one is below.
    private const string Bound = """
        select coalesce((select last_value from pg_sequences where schemaname = 'usage' and sequencename = 'dirty_days_id_seq'), 0)
        """;

    // The oldest first, whole tenant-days or parts of them: what is left has its marks.
    private const string Marked = """
        select tenant_id from (
            select tenant_id, id from usage.dirty_days
            where id <= $1 and day >= $2 and day < $3 and (batch_id is null or batch_id < $4) and ($6::uuid[] is null or tenant_id = any ($6))
                and tenant_id <> all ($8)
            order by id limit $5) m
        group by tenant_id order by min(id) limit $7
        """;

    private const string Take = """
        with taken as (
            delete from usage.dirty_days where ctid = any (array(
                select ctid from usage.dirty_days
                where id <= $1 and day >= $2 and day < $3 and (batch_id is null or batch_id < $4) and tenant_id = any ($6)
                order by id limit $5))
            returning tenant_id, day, batch_id)
        select distinct tenant_id, day, batch_id from taken
        """;

    /// <summary>Does what the log asks for when the call begins.</summary>
    /// <param name="period">Only these days; null: all.</param>
    /// <param name="rounds">Most rounds of work.</param>
    /// <param name="ct">Cancels.</param>
    /// <param name="tenants">Only theirs; null: everyone's.</param>
    /// <param name="receivedBefore">Only what was received before; null: all.</param>
    /// <returns>False when rounds ran out first.</returns>
    /// <exception cref="InvalidOperationException">Everyone else's is done, and that of some tenants cannot be.</exception>
    public async Task<bool> CatchUpAsync(
        Period? period, int rounds, CancellationToken ct, IReadOnlyCollection<Guid>? tenants = null, DateTimeOffset? receivedBefore = null)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var these = new Marks(
            await BoundAsync(connection, ct), period, receivedBefore is { } time ? Uuids.FirstAt(time) : Guid.AllBitsSet,
            rounds == int.MaxValue ? SecondsOfRound : SecondsOfRoundAskedFor);
        var broken = new Dictionary<Guid, PostgresException>();
        for (var round = 0; ; round++)
        {
            var marked = await MarkedAsync(connection, these, tenants, broken.Keys, ct);
            if (marked.Length == 0)
                return broken.Count == 0 ? true : throw Broken(broken);
            if (round == rounds)
                return false;
            try
            {
                await AgainWhereUndoneAsync(() => RoundAsync(connection, these, marked, ct));
            }
            catch (PostgresException refused) when (IsOfData(refused))
            {
                // Perhaps for one of them: each by itself, so that it keeps nobody else's from being merged.
                foreach (var one in marked)
                    try
                    {
                        await AgainWhereUndoneAsync(() => RoundAsync(connection, these, [one], ct));
                    }
                    catch (PostgresException own) when (IsOfData(own))
                    {
                        broken[one] = own;
                    }
            }
        }
    }

    // What the server says of what is in its tables: a page that is damaged, a value that does not fit. It says so again each time.
    private static bool IsOfData(PostgresException failure) => failure.SqlState[..2] is "22" or "23" or "54" or "XX";

    private static InvalidOperationException Broken(Dictionary<Guid, PostgresException> broken) =>
        new($"The usage of {broken.Count} tenants cannot be rolled up: {string.Join(", ", broken.Keys.Take(10))}.", broken.Values.First());

    /// <summary>Computes days anew, whatever the log says of them.</summary>
    public async Task ComputeAsync(IReadOnlyCollection<TenantDay> days, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await AgainWhereUndoneAsync(async () =>
        {
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await LockAsync(connection, [.. days.Select(d => d.Tenant)], SecondsOfRound, ct);
            await (await RoundOnAsync(connection, SecondsOfRound, ct)).ComputeAsync(days, ct);
            await transaction.CommitAsync(ct);
        });
    }

    // A round is a transaction of its own: undone by the server it has done nothing.
    private static async Task AgainWhereUndoneAsync(Func<Task> round)
    {
        for (var attempt = 1; ; attempt++)
            try
            {
                await round();
                return;
            }
            catch (Exception failure) when (attempt < Undone.Attempts && Undone.Is(failure))
            {
            }
    }

    private async Task RoundAsync(NpgsqlConnection connection, Marks these, Guid[] tenants, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await LockAsync(connection, tenants, these.Seconds, ct);
        var taken = await TakeAsync(connection, these, tenants, ct);
        var doubted = taken.Where(t => t.Batch is null).ToHashSet();
        var round = await RoundOnAsync(connection, these.Seconds, ct);
        await round.MergeAsync([.. taken.Where(t => t.Batch is not null && !doubted.Contains(t with { Batch = null }))], ct);
        FaultPoints.Hit("usage.rollup");
        await round.ComputeAsync(doubted, ct);
        await transaction.CommitAsync(ct);
    }

    // The meters are read after the marks are taken: a record that one of them stood for names a meter that was there before it.
    private async Task<RollupRound> RoundOnAsync(NpgsqlConnection connection, int seconds, CancellationToken ct) =>
        new(connection, CountedMeters.Of(await catalog.MetersAsync(ct)), settings.DimensionSetsPerDay, seconds);

    // Everybody locks in the order of the keys, so rounds that share tenants wait in turn. Days of one tenant meet in its months.
    private static async Task LockAsync(NpgsqlConnection connection, Guid[] tenants, int seconds, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select pg_advisory_xact_lock(k) from unnest($1) as k", connection)
        {
            Parameters = { new() { Value = tenants.Select(LockOf).Distinct().Order().ToArray() } },
            CommandTimeout = seconds,
        };
        await command.ExecuteNonQueryAsync(ct);
    }

    private static long LockOf(Guid tenant)
    {
        Span<byte> name = stackalloc byte[22];
        "usage."u8.CopyTo(name);
        tenant.TryWriteBytes(name[6..], bigEndian: true, out _);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(name, hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }

    // What another process did while this one waited for the locks has no mark any more and is left alone.
    private async Task<List<TenantDay>> TakeAsync(NpgsqlConnection connection, Marks these, Guid[] tenants, CancellationToken ct)
    {
        await using var command = Command(connection, Take, these, tenants);
        var taken = new List<TenantDay>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            taken.Add(new(rows.GetGuid(0), rows.GetFieldValue<DateOnly>(1), await rows.IsDBNullAsync(2, ct) ? null : rows.GetGuid(2)));
        return taken;
    }

    private static async Task<long> BoundAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Bound, connection);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    private async Task<Guid[]> MarkedAsync(
        NpgsqlConnection connection, Marks these, IReadOnlyCollection<Guid>? tenants, IEnumerable<Guid> broken, CancellationToken ct)
    {
        await using var command = Command(connection, Marked, these, tenants?.ToArray());
        command.Parameters.Add(new() { Value = settings.TenantsPerRound });
        command.Parameters.Add(new() { Value = broken.ToArray() });
        var marked = new List<Guid>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            marked.Add(rows.GetGuid(0));
        return [.. marked];
    }

    private NpgsqlCommand Command(NpgsqlConnection connection, string sql, Marks these, Guid[]? tenants) => new(sql, connection)
    {
        Parameters =
        {
            new() { Value = these.Bound }, new() { Value = these.Period?.Start ?? DateOnly.MinValue },
            new() { Value = these.Period?.End ?? DateOnly.MaxValue }, new() { Value = these.Before }, new() { Value = settings.MarksPerRound },
            new NpgsqlParameter<Guid[]?> { TypedValue = tenants },
        },
        CommandTimeout = these.Seconds,
    };

    /// <summary>Which marks of the log one call is about.</summary>
    private sealed record Marks(long Bound, Period? Period, Guid Before, int Seconds);
}
