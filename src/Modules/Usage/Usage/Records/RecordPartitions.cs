using Licensing.Kernel.Persistence;
using Licensing.Usage.Data;
using Licensing.Usage.Rollups;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Usage.Records;

/// <summary>
/// Makes the months of the raw records ahead and drops those that are over, with the keys of their records before. Tables are made and
/// dropped by functions that have their owner's rights (migration 0002): the connections here have not.
/// </summary>
internal sealed class RecordPartitions(
    NpgsqlDataSource database, IServiceScopeFactory scopes, BillingCalendar calendar, UsageSettings settings, TimeProvider clock,
    ILogger<RecordPartitions> log)
    : IPreparation, IChore
{
    private const int MonthsAhead = 3;

    // About ten thousand keys, so that a statement never holds many locks.
    private const int PagesAtOnce = 250;

    public async Task PrepareAsync(CancellationToken ct)
    {
        try
        {
            await MakeAsync(ct);
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // Another host is at work on these tables; the default partition takes what comes until the chore has its turn.
        }
    }

    public async Task<int> RunAsync(CancellationToken ct)
    {
        await MakeAsync(ct);
        var removed = 0;
        // A record's start may lie a day ahead of its receipt. Nothing whose id could still come again goes, also where it comes to a process
        // whose clock is behind, or in a batch that has been coming in for hours: both go by an earlier time, for which there is another day.
        var before = clock.GetUtcNow().AddMonths(-settings.RetentionMonths).AddDays(-2);
        var ended = await EndedAsync(before, ct);
        if (ended.Count > 0)
            await MergeAsync(before, ct);
        foreach (var (name, pages, from, until) in ended)
        {
            if (await HasUnmergedAsync(from, until, ct))
            {
                log.LogError("The records of {Partition} are kept although their time is over: some of them cannot be merged.", name);
                continue;
            }

            // The records stay until their keys are gone: where this stops half-way the next round begins again and finds the rest.
            for (long page = 0; page < pages; page += PagesAtOnce)
                removed += await AskAsync<int>("select usage.remove_keys($1, $2, $3)", ct, name, page, PagesAtOnce);
            await AskAsync<bool>("select usage.drop_partition($1, $2)", ct, name, before);
        }

        return removed;
    }

    // What asks for days of which records go is done while they are all there; from now on nothing can ask for them any more.
    private async Task MergeAsync(DateTimeOffset before, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var days = new Period(DateOnly.MinValue, DayAfterLast(before));
        await scope.ServiceProvider.GetRequiredService<RollingUp>().CatchUpAsync(days, null, ct);
    }

    // What was received before then started a day later at most.
    private DateOnly DayAfterLast(DateTimeOffset receivedBefore) => calendar.DayOf(receivedBefore).AddDays(2);

    private Task<int> MakeAsync(CancellationToken ct) =>
        AskAsync<int>("select usage.make_partitions($1, $2)", ct, clock.GetUtcNow(), MonthsAhead);

    // Whose usage cannot be merged has marks still: of batches that came in this month, or of days that have records of it.
    private Task<bool> HasUnmergedAsync(DateTimeOffset? from, DateTimeOffset until, CancellationToken ct) => AskAsync<bool>(
        """
        select exists (
            select from usage.dirty_days where case when batch_id is null then day < $3 else batch_id >= $1 and batch_id < $2 end)
        """, ct, from is { } first ? Uuids.FirstAt(first) : Guid.Empty, Uuids.FirstAt(until), DayAfterLast(until));

    private async Task<List<EndedMonth>> EndedAsync(DateTimeOffset before, CancellationToken ct)
    {
        await using var command = Command(
            """
            select name, pg_relation_size(format('usage.%I', name)::regclass) / current_setting('block_size')::int,
                case when isfinite(from_at) then from_at end, until_at
            from usage.record_partitions where until_at <= $1 order by until_at
            """, before);
        var ended = new List<EndedMonth>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            ended.Add(new(
                rows.GetString(0), rows.GetInt64(1), await rows.IsDBNullAsync(2, ct) ? null : rows.GetFieldValue<DateTimeOffset>(2),
                rows.GetFieldValue<DateTimeOffset>(3)));
        return ended;
    }

    private async Task<T> AskAsync<T>(string sql, CancellationToken ct, params object[] values)
    {
        await using var command = Command(sql, values);
        // Moving what the default partition has caught takes as long as it takes.
        command.CommandTimeout = 0;
        return (T)(await command.ExecuteScalarAsync(ct))!;
    }

    private NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return command;
    }

    /// <param name="Name">Of the partition.</param>
    /// <param name="Pages">Of its table.</param>
    /// <param name="From">Null: of all before.</param>
    /// <param name="Until">The first instant that is not in it.</param>
    private readonly record struct EndedMonth(string Name, long Pages, DateTimeOffset? From, DateTimeOffset Until);
}
