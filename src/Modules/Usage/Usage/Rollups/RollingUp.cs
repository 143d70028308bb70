using System.Buffers.Binary;
using System.Security.Cryptography;
using Licensing.Catalog.Contracts;
using Licensing.Usage.Data;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>
/// Brings the rollups up to what the log says, in short transactions of its own, so that the locks of one round are gone before the next. Any
/// number of processes may do it while records arrive, and each may die anywhere: a round takes marks away, under the locks of their tenants,
/// in the transaction that does what they ask for. Whose usage the server refuses to merge keeps nobody else's from it: he is noted (ADR 0057).
/// </summary>
internal sealed class RollingUp(
    NpgsqlDataSource database, ICatalog catalog, UsageSettings settings, UnmergedTenants unmerged, UsageMeter meter, ILogger<RollingUp> log)
{
    // A round that is given up is done anew from its beginning, so it is given the time that it takes on a machine that does much else: what
    // always took longer would never be done. Not for ever, as of a server that is gone nobody hears; and less while somebody waits.
    private const int SecondsOfRound = 3_600;
    private const int SecondsOfRoundAskedFor = 60;

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

    private const string Months = """
        select distinct m::date, (m + interval '1 month')::date
        from usage.dirty_days cross join date_trunc('month', day::timestamp) m
        where id <= $1 and day >= $2 and day < $3 and (batch_id is null or batch_id < $4) and tenant_id = any ($6)
        """;

    // Also no more records than one transaction should have, but for a mark that has more by itself.
    private const string Take = """
        with oldest as (
            select ctid, sum(coalesce(records, 1)) over (order by id) - coalesce(records, 1) as before
            from (
                select ctid, id, records from usage.dirty_days
                where id <= $1 and day >= $2 and day < $3 and (batch_id is null or batch_id < $4) and tenant_id = any ($6)
                order by id limit $5) m),
        taken as (
            delete from usage.dirty_days where ctid = any (array(select ctid from oldest where before < $7))
            returning tenant_id, day, batch_id)
        select distinct tenant_id, day, batch_id from taken
        """;

    // Everybody locks in the order of the keys, so rounds that share tenants wait in turn. Days of one tenant meet in its months.
    private const string Lock = "select k, pg_advisory_xact_lock(k) from unnest($1) as k";

    // Whoever is waited for does the same work: who has asked is answered sooner by what is merged.
    private const string TryLock = """
        select k, set_config('lock_timeout', '2s', true) from unnest($1) as k where pg_try_advisory_xact_lock(k)
        """;

    /// <summary>Does what the log asks for when the call begins.</summary>
    /// <param name="period">Only these days; null: all.</param>
    /// <param name="awaitedRounds">
    /// Most rounds of work where somebody waits for the answer: what others are at work on, what takes long and what could not be merged before is
    /// then left to them. Null: nobody waits, all is done.
    /// </param>
    /// <param name="ct">Cancels.</param>
    /// <param name="tenants">Only theirs; null: everyone's.</param>
    /// <param name="receivedBefore">Only what was received before; null: all.</param>
    /// <returns>False when something that may be merged was left.</returns>
    public async Task<bool> CatchUpAsync(
        Period? period, int? awaitedRounds, CancellationToken ct, IReadOnlyCollection<Guid>? tenants = null, DateTimeOffset? receivedBefore = null)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var these = new Marks(
            await BoundAsync(connection, ct), period, receivedBefore is { } time ? Uuids.FirstAt(time) : Guid.AllBitsSet, awaitedRounds is not null);
        var left = these.AskedFor ? await UnmergedTenants.AllAsync(connection, ct) : [];
        var (parts, all) = (new Stack<Guid[]>(), true);
        for (var round = 0; ; round++)
        {
            if (parts.Count == 0 && await MarkedAsync(connection, these, tenants, left, ct) is { Length: > 0 } marked)
                parts.Push(marked);
            if (parts.Count == 0)
                break;
            if (round == awaitedRounds)
                return false;
            var some = parts.Pop();
            try
            {
                var busy = await AgainWhereUndoneAsync(() => RoundAsync(connection, these, some, ct));
                left.UnionWith(busy);
                all &= busy.Count == 0;
            }
            catch (PostgresException refused) when (DamagedData.Is(refused))
            {
                await DamagedData.GoOnAsync(connection, ct);
                // Perhaps for one of them: he is looked for, so that he keeps nobody else's from being merged.
                if (some.Length > 1)
                {
                    parts.PushHalves(some);
                    continue;
                }

                if (await LastingAsync(connection, these, some, refused, ct) is not { } lasting)
                {
                    if (these.AskedFor)
                        (_, all) = (left.Add(some[0]), false);
                    continue;
                }

                left.Add(some[0]);
                await unmerged.NoteAsync(connection, some[0], these.Bound, lasting, ct);
                meter.Unmerged();
                log.LogError(
                    lasting, "The usage of tenant {Tenant} cannot be merged; nobody bills it. See 'ops usage verify --repair'.", some[0]);
            }
            catch (NpgsqlException late) when (these.AskedFor && IsTooLong(late))
            {
                // Nor is it tried again by this call, whose connection may have been given up with it.
                return false;
            }
        }

        if (!these.AskedFor)
            await UnmergedTenants.ForgetMendedAsync(connection, ct);
        return all;
    }

    // Perhaps for one month of his: the others are merged before he is noted, as a note is about all of his marks that are left. That takes too
    // long for who waits. Null: there is nothing to note.
    private async Task<PostgresException?> LastingAsync(
        NpgsqlConnection connection, Marks these, Guid[] tenant, PostgresException refused, CancellationToken ct)
    {
        var months = await MonthsAsync(connection, these, tenant, ct);
        if (months.Count == 1)
            return refused;
        if (these.AskedFor)
            return null;
        PostgresException? lasting = null;
        foreach (var month in months)
            try
            {
                var his = these with { Period = these.Period?.Intersect(month) ?? month };
                while ((await MarkedAsync(connection, his, tenant, [], ct)).Length > 0)
                    await AgainWhereUndoneAsync(() => RoundAsync(connection, his, tenant, ct));
            }
            catch (PostgresException again) when (DamagedData.Is(again))
            {
                await DamagedData.GoOnAsync(connection, ct);
                lasting = again;
            }

        return lasting;
    }

    private static bool IsTooLong(NpgsqlException failure) =>
        failure.InnerException is TimeoutException
        || failure is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled };

    /// <summary>Computes days anew, whatever the log says of them.</summary>
    public async Task ComputeAsync(IReadOnlyCollection<TenantDay> days, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await AgainWhereUndoneAsync(async () =>
        {
            await using var transaction = await connection.BeginTransactionAsync(ct);
            var tenants = days.Select(d => d.Tenant).Distinct().ToArray();
            await LockAsync(connection, Lock, tenants, SecondsOfRound, ct);
            await (await RoundOnAsync(connection, SecondsOfRound, ct)).ComputeAsync(days, ct);
            await transaction.CommitAsync(ct);
            return tenants;
        });
    }

    // A round is a transaction of its own: undone by the server it has done nothing.
    private static async Task<IReadOnlyCollection<Guid>> AgainWhereUndoneAsync(Func<Task<Guid[]>> round)
    {
        for (var attempt = 1; ; attempt++)
            try
            {
                return await round();
            }
            catch (Exception failure) when (attempt < Undone.Attempts && Undone.Is(failure))
            {
            }
    }

    // Of whom nothing was done, as others are at it.
    private async Task<Guid[]> RoundAsync(NpgsqlConnection connection, Marks these, Guid[] tenants, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var locked = await LockAsync(connection, these.AskedFor ? TryLock : Lock, tenants, these.Seconds, ct);
        var taken = await TakeAsync(connection, these, [.. tenants.Where(locked.Contains)], ct);
        var doubted = taken.Where(t => t.Batch is null).ToHashSet();
        var round = await RoundOnAsync(connection, these.Seconds, ct);
        await round.MergeAsync([.. taken.Where(t => t.Batch is not null && !doubted.Contains(t with { Batch = null }))], ct);
        FaultPoints.Hit("usage.rollup");
        await round.ComputeAsync(doubted, ct);
        await transaction.CommitAsync(ct);
        return [.. tenants.Where(tenant => !locked.Contains(tenant))];
    }

    // The meters are read after the marks are taken: a record that one of them stood for names a meter that was there before it.
    private async Task<RollupRound> RoundOnAsync(NpgsqlConnection connection, int seconds, CancellationToken ct) =>
        new(connection, CountedMeters.Of(await catalog.MetersAsync(ct)), settings.DimensionSetsPerDay, seconds);

    // Of whom the locks are had.
    private static async Task<HashSet<Guid>> LockAsync(NpgsqlConnection connection, string sql, Guid[] tenants, int seconds, CancellationToken ct)
    {
        var keys = tenants.ToLookup(LockOf);
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters = { new() { Value = keys.Select(key => key.Key).Order().ToArray() } },
            CommandTimeout = seconds,
        };
        var locked = new HashSet<Guid>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            locked.UnionWith(keys[rows.GetInt64(0)]);
        return locked;
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
        command.Parameters.Add(new() { Value = these.AskedFor ? settings.RecordsPerRoundAskedFor : settings.RecordsPerRound });
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
        NpgsqlConnection connection, Marks these, IReadOnlyCollection<Guid>? tenants, HashSet<Guid> left, CancellationToken ct)
    {
        await using var command = Command(connection, Marked, these, tenants?.ToArray());
        command.Parameters.Add(new() { Value = settings.TenantsPerRound });
        command.Parameters.Add(new() { Value = left.ToArray() });
        var marked = new List<Guid>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            marked.Add(rows.GetGuid(0));
        return [.. marked];
    }

    private async Task<List<Period>> MonthsAsync(NpgsqlConnection connection, Marks these, Guid[] tenants, CancellationToken ct)
    {
        await using var command = Command(connection, Months, these, tenants);
        var months = new List<Period>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            months.Add(new(rows.GetFieldValue<DateOnly>(0), rows.GetFieldValue<DateOnly>(1)));
        return months;
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
    private sealed record Marks(long Bound, Period? Period, Guid Before, bool AskedFor)
    {
        public int Seconds => AskedFor ? SecondsOfRoundAskedFor : SecondsOfRound;
    }
}
