using Licensing.Billing.Advance;
using Licensing.Billing.Data;
using Licensing.Billing.Invoices;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Licensing.Billing.Runs;

/// <summary>
/// Works on a run as long as there is something to do: a few chunks at a time, so that one is rated while another is written. Any number of
/// processes do this at once; what each does next stands in the rows of the run, so nothing is lost with a process.
/// </summary>
internal sealed class RunWorkers(IServiceScopeFactory scopes, BillingSettings settings, RunMeter meter, TimeProvider clock, ILogger<RunWorkers> log)
{
    /// <returns>When there may be more to do, of what others do or what waits to be tried again; null when the run has ended or is held.</returns>
    public async Task<DateTimeOffset?> WorkAsync(Guid runId, CancellationToken ct)
    {
        while (true)
        {
            var run = await InAsync((BillingDb db) => db.Runs.AsNoTracking().SingleAsync(x => x.Id == runId, ct));
            switch (run.State)
            {
                case RunState.Planning:
                    await InAsync(async (RunPlanner planner) =>
                    {
                        await planner.PlanAsync(run, ct);
                        return true;
                    });
                    break;
                case RunState.Drafting:
                    if (await ChunksAsync(
                        run, ChunkState.Waiting, settings.WorkersHere, (steps, chunk) => steps.DraftAsync(run, chunk, ct), ct) is { } at)
                        return at;
                    await StageAsync(stages => stages.EndDraftingAsync(run, ct));
                    break;
                case RunState.Issuing:
                    if (await IssueAsync(run, ct) is { } later)
                        return later;
                    await StageAsync(stages => stages.EndIssuingAsync(run, ct));
                    break;
                default:
                    return null;
            }
        }
    }

    // Chunks are issued one after the other, so the next one's documents are written down while one is issued.
    private async Task<DateTimeOffset?> IssueAsync(BillingRun run, CancellationToken ct)
    {
        var ahead = Task.FromResult<SaidAhead?>(null);
        var later = await ChunksAsync(run, ChunkState.Drafted, 1, async (steps, chunk) =>
        {
            // Written ahead for the next number; if another chunk was claimed, it lacks some of its tenants and is not used.
            var said = await ahead;
            ahead = Task.Run(() => SayAheadAsync(run, chunk.Number + 1, ct), ct);
            await steps.IssueAsync(run, chunk, said, ct);
        }, ct);
        await ahead;
        return later;
    }

    // What fails here is done again by who issues, and fails there.
    private async Task<SaidAhead?> SayAheadAsync(BillingRun run, int chunk, CancellationToken ct)
    {
        try
        {
            return await InAsync((RunSteps steps) => steps.SayAheadAsync(run, chunk, ct));
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            log.LogWarning(failure, "Documents of chunk {Chunk} of billing run {Run} are not written down ahead.", chunk, run.Id);
            return null;
        }
    }

    // Null when no chunk is left in that state.
    private async Task<DateTimeOffset?> ChunksAsync(
        BillingRun run, ChunkState state, int workers, Func<RunSteps, ClaimedChunk, Task> work, CancellationToken ct)
    {
        await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(() => WorkerAsync(run, state, work, ct), ct)));
        var (left, at) = await InAsync((RunChunks chunks) => chunks.LeftAsync(run.Id, state, ct));
        if (left == 0)
            return null;
        var now = clock.GetUtcNow();
        return at > now ? at : now;
    }

    private async Task WorkerAsync(BillingRun run, ChunkState state, Func<RunSteps, ClaimedChunk, Task> work, CancellationToken ct)
    {
        while (await InAsync((RunChunks chunks) => chunks.ClaimAsync(run, state, ct)) is { } chunk)
        {
            try
            {
                await WorkUntilAcceptedAsync(run, chunk, work, ct);
            }
            catch (ChunkLostException lost)
            {
                meter.Lost();
                log.LogWarning("{Reason}", lost.Message);
            }
            catch (Exception failure) when (failure is not (OperationCanceledException or WorkerKilledException))
            {
                log.LogError(failure, "Chunk {Chunk} of billing run {Run} failed at attempt {Attempt}.", chunk.Number, run.Id, chunk.Attempts);
                await InAsync(async (RunChunks chunks) =>
                {
                    // Someone began the next month while it was rated: read anew that is left out.
                    await chunks.ReleaseAsync(chunk, failure is NextMonthBegunException, ct);
                    return true;
                });
            }
        }
    }

    // Someone may have issued or billed one of its tenants while it was rated: read anew he is left out. What is wrong with somebody's rows does not
    // mend with time: refused so often, by the rows and nothing else, the chunk is written in parts.
    private async Task WorkUntilAcceptedAsync(BillingRun run, ClaimedChunk chunk, Func<RunSteps, ClaimedChunk, Task> work, CancellationToken ct)
    {
        for (var refused = 0; ; refused++)
            try
            {
                await InAsync(async (RunSteps steps) =>
                {
                    await work(steps, chunk with { InParts = refused == RunChunks.MostRefused });
                    return true;
                });
                return;
            }
            catch (Exception failure) when (refused < RunChunks.MostRefused && ChunkParts.IsOfRows(failure))
            {
                log.LogWarning(failure, "Rows of chunk {Chunk} of billing run {Run} are refused.", chunk.Number, run.Id);
                await InAsync(async (RunChunks chunks) =>
                {
                    await chunks.RenewAsync(chunk, ct);
                    return true;
                });
            }
    }

    private Task<bool> StageAsync(Func<RunStages, Task> end) => InAsync(async (RunStages stages) =>
    {
        await end(stages);
        return true;
    });

    // A scope of its own has a connection and a transaction of its own; what it leaves uncommitted is rolled back with it. What the server
    // undoes is done again at once: the claim that it was for still holds.
    private async Task<T> InAsync<TService, T>(Func<TService, Task<T>> work) where TService : notnull
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var scope = scopes.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
            try
            {
                return await work(scope.ServiceProvider.GetRequiredService<TService>());
            }
            catch (Exception failure) when (attempt < Undone.Attempts && Undone.Is(failure))
            {
                meter.Undone();
            }
        }
    }
}
