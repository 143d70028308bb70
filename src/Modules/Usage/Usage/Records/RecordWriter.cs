using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Records;

/// <summary>
/// Stores the batches of many requests in one transaction: keys, records, marks and audit entries commit together or not at all, and
/// each request is answered only then.
/// </summary>
internal sealed class RecordWriter(IServiceScopeFactory scopes, RecordStore store, IngestMeter meter, TimeProvider clock)
{
    private static readonly string Action = SliceName.Of(typeof(IngestUsage.Command));

    /// <summary>Answers each of them, whatever happens.</summary>
    public async Task StoreAsync(IReadOnlyList<WaitingBatch> together)
    {
        var committing = false;
        try
        {
            await StoreOnceAsync(together, () => committing = true);
            meter.Committed(together.Sum(w => w.Batch.Count));
            foreach (var one in together)
                one.Stored();
        }
        // The server said no to all of them, perhaps because of one: each is told of its own trouble, by itself.
        catch (PostgresException refused) when (refused.InvariantSeverity == "ERROR" && together.Count > 1)
        {
            foreach (var one in together)
                await StoreAsync([one]);
        }
        catch (Exception failure)
        {
            // Of a commit that got no answer nobody knows; of what was not yet to be committed everybody does.
            var unknown = committing && failure is not PostgresException { InvariantSeverity: "ERROR" };
            foreach (var one in together)
                if (unknown)
                    one.Refused(BatchRefusals.OutcomeUnknown);
                else
                    one.Failed(failure);
        }
    }

    private async Task StoreOnceAsync(IReadOnlyList<WaitingBatch> together, Action committing)
    {
        await using var scope = scopes.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        RecordBatch[] batches = [.. together.Select(w => w.Batch)];
        await session.BeginAsync(CancellationToken.None);
        for (var way = store.FirstWay; !await store.TryAddAsync(session.Connection, session.Transaction!, batches, way, CancellationToken.None);)
        {
            // Nothing but keys was written: to begin again costs less than a savepoint in every transaction.
            await session.RollbackAsync();
            await session.BeginAsync(CancellationToken.None);
            way = way is KeyWay.Copy ? KeyWay.LookAndCopy : KeyWay.Insert;
        }

        var entries = new List<AuditEntry>(together.Count);
        foreach (var one in together)
        {
            IngestUsage.Settle(one.Batch, out var change);
            entries.Add(new AuditEntry(clock.GetUtcNow(), one.By, Action, [change], one.Trace));
        }

        var trail = scope.ServiceProvider.GetRequiredService<IAuditStore>().Append(entries);
        FaultPoints.Hit("usage.commit");
        committing();
        await session.CommitAsync(CancellationToken.None, trail);
        FaultPoints.Hit("usage.committed");
    }
}
