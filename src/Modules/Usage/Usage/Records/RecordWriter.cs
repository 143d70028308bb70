using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Records;

/// <summary>
/// Stores the batches of many requests in one transaction: keys, records, marks and audit entries commit together or not at all, and
/// each request is answered only then.
/// </summary>
internal sealed class RecordWriter(IServiceScopeFactory scopes, RecordStore store, UsageMeter meter, TimeProvider clock)
{
    private static readonly string Action = SliceName.Of(typeof(IngestUsage.Command));

    /// <summary>Answers each of them, whatever happens.</summary>
    public async Task StoreAsync(IReadOnlyList<WaitingBatch> together)
    {
        for (var attempt = 1; ; attempt++)
        {
            var committing = false;
            try
            {
                await StoreOnceAsync(together, begun => committing = begun);
                meter.Committed(together.Sum(w => w.Batch.Count));
                foreach (var one in together)
                    one.Stored();
                return;
            }
            catch (Exception undone) when (attempt < Undone.Attempts && Undone.Is(undone))
            {
                // For no fault of theirs, and the commit with it: again, and together.
            }
            // The server said no to all of them, perhaps because of one: each is told of its own trouble, by itself.
            catch (PostgresException refused) when (refused.InvariantSeverity == "ERROR" && together.Count > 1)
            {
                foreach (var one in together)
                    await StoreAsync([one]);
                return;
            }
            catch (Exception failure)
            {
                Tell(together, failure, committing);
                return;
            }
        }
    }

    // Of a commit that got no answer nobody knows; of what was not yet to be committed everybody does.
    private static void Tell(IReadOnlyList<WaitingBatch> together, Exception failure, bool committing)
    {
        var unknown = committing && failure is not PostgresException { InvariantSeverity: "ERROR" };
        foreach (var one in together)
            if (unknown)
                one.Refused(BatchRefusals.OutcomeUnknown);
            else
                one.Failed(failure);
    }

    private async Task StoreOnceAsync(IReadOnlyList<WaitingBatch> together, Action<bool> committing)
    {
        await using var scope = scopes.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        var trail = scope.ServiceProvider.GetRequiredService<IAuditStore>();
        RecordBatch[] batches = [.. together.Select(w => w.Batch)];
        for (var way = store.FirstWay(batches); ; way = way is KeyWay.LookAndCopy ? KeyWay.Insert : KeyWay.LookAndCopy)
        {
            await session.BeginAsync(CancellationToken.None);
            if (await store.TryAddAsync(session, batches, way, CancellationToken.None))
                try
                {
                    var entries = trail.Append([.. together.Select(Settled)]);
                    FaultPoints.Hit("usage.commit");
                    committing(true);
                    await session.CommitAsync(CancellationToken.None, entries);
                    FaultPoints.Hit("usage.committed");
                    return;
                }
                catch (PostgresException taken) when (way is KeyWay.WithCommit && store.MetDuplicate(taken))
                {
                    committing(false);
                }

            // To begin again costs less than a savepoint in every transaction.
            await session.RollbackAsync();
        }
    }

    private AuditEntry Settled(WaitingBatch one)
    {
        IngestUsage.Settle(one.Batch, out var change);
        return new AuditEntry(clock.GetUtcNow(), one.By, Action, [change], one.Trace);
    }
}
