using Licensing.Billing.Data;
using Licensing.Kernel.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Licensing.Billing.Runs;

/// <summary>
/// Takes part in every run that goes on, also in those that other processes began: woken in the process that delivers a run's message, and by
/// a look now and then in the others.
/// </summary>
internal sealed class RunBackground(
    RunWorkers workers, IServiceScopeFactory scopes, MessagingSettings messaging, TimeProvider clock, ILogger<RunBackground> log) : BackgroundService
{
    private TaskCompletionSource _awake = New();

    public void Wake() => Volatile.Read(ref _awake).TrySetResult();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                foreach (var run in await OpenAsync(stoppingToken))
                    await WorkAsync(run, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                log.LogError(failure, "The open billing runs cannot be read.");
            }

            await PauseAsync(stoppingToken);
        }
    }

    // A month that cannot go on keeps no other from it.
    private async Task WorkAsync(Guid run, CancellationToken ct)
    {
        try
        {
            await workers.WorkAsync(run, ct);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            log.LogError(failure, "Billing run {Run} cannot go on.", run);
        }
    }

    private async Task PauseAsync(CancellationToken ct)
    {
        try
        {
            await Volatile.Read(ref _awake).Task.WaitAsync(messaging.PollInterval, clock, ct);
        }
        catch (Exception ended) when (ended is TimeoutException or OperationCanceledException)
        {
            // Time for a look, or to stop.
        }

        Interlocked.Exchange(ref _awake, New());
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The older months first: what follows is compared with them.
    private async Task<List<Guid>> OpenAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<BillingDb>().Runs.AsNoTracking()
            .Where(x => x.State == RunState.Planning || x.State == RunState.Drafting || x.State == RunState.Issuing)
            .OrderBy(x => x.PeriodStart).Select(x => x.Id).ToListAsync(ct);
    }
}
