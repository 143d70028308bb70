using Licensing.Kernel.Messaging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Kernel.Persistence;

/// <summary>Something that a module does now and then; several processes may do it at once.</summary>
public interface IChore
{
    /// <returns>Rows removed.</returns>
    Task<int> RunAsync(CancellationToken ct);
}

/// <summary>Removes what nobody can ask for any more: old inbox rows and old answers to repeated requests. Then the modules' own chores.</summary>
public sealed class Housekeeping(
    NpgsqlDataSource database, IEnumerable<ModuleDefinition> modules, MessagingSettings settings, IEnumerable<IChore> chores, TimeProvider clock,
    ILogger<Housekeeping> log)
    : BackgroundService
{
    /// <summary>One round; several processes may do it at once.</summary>
    /// <returns>Rows removed.</returns>
    public async Task<int> CleanAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var removed = await BoundedDelete.RunAsync(
            database, "kernel.idempotency_records", "created_at < $1", now - settings.KeepIdempotencyRecords, settings.HousekeepingBatch, ct);
        var kept = now - settings.KeepInbox;
        var inboxUntil = await OldestUnsettledAsync(ct) is { } unsettled && unsettled < kept ? unsettled : kept;
        foreach (var module in modules)
            removed += await BoundedDelete.RunAsync(
                database, $"{module.Schema}.inbox", "received_at < $1", inboxUntil, settings.HousekeepingBatch, ct);
        foreach (var chore in chores)
            removed += await chore.RunAsync(ct);
        return removed;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Rounds.RepeatAsync(settings.HousekeepingInterval, clock, CleanAsync, log, stoppingToken);

    // A message that was tried once may have had its effect, however long it has been parked since: its inbox row must outlive it.
    private async Task<DateTimeOffset?> OldestUnsettledAsync(CancellationToken ct)
    {
        DateTimeOffset? oldest = null;
        foreach (var module in modules)
        {
            await using var command = database.CreateCommand(
                $"select min(occurred_at) from {module.Schema}.outbox where state = 'parked' or attempts > 0 or claimed_by is not null");
            if (await command.ExecuteScalarAsync(ct) is DateTime found && (oldest is null || found < oldest))
                oldest = found;
        }

        return oldest;
    }
}

public static class BoundedDelete
{
    /// <summary>Deletes in short statements, and leaves alone what another process is just deleting.</summary>
    public static async Task<int> RunAsync(
        NpgsqlDataSource database, string table, string where, DateTimeOffset before, int batch, CancellationToken ct)
    {
        for (var total = 0; ;)
        {
            await using var command = database.CreateCommand(
                $"delete from {table} where ctid = any (array(select ctid from {table} where {where} limit $2 for update skip locked))");
            command.Parameters.Add(new() { Value = before });
            command.Parameters.Add(new() { Value = batch });
            var deleted = await command.ExecuteNonQueryAsync(ct);
            total += deleted;
            if (deleted < batch)
                return total;
        }
    }
}

/// <summary>What a service of the host does again and again.</summary>
public static class Rounds
{
    /// <summary>Until the host stops. Whatever one fails with is logged and the next one comes: what a service throws would end the host.</summary>
    public static async Task RepeatAsync(TimeSpan every, TimeProvider clock, Func<CancellationToken, Task> round, ILogger log, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(every, clock);
        while (!ct.IsCancellationRequested)
            try
            {
                await timer.WaitForNextTickAsync(ct);
                await round(ct);
            }
            catch (Exception failure)
            {
                log.Log(ct.IsCancellationRequested ? LogLevel.Debug : LogLevel.Error, failure, "This failed and comes again in {Interval}.", every);
            }
    }
}
