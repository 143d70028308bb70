using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Kernel.Messaging;

/// <summary>
/// Carries messages from every module's outbox to their subscribers: at least once by its claims, with an effect exactly once by
/// the inbox. Any number of processes may run it; modules do not wait for each other.
/// </summary>
public sealed class MessageRelay(
    IEnumerable<ModuleDefinition> modules, NpgsqlDataSource database, MessageDelivery delivery, MessageWaker waker, MessageMeter meter,
    MessagingSettings settings, TimeProvider clock, Random random, ILogger<MessageRelay> log) : BackgroundService
{
    private static readonly TimeSpan LongestOutagePause = TimeSpan.FromSeconds(30);

    private readonly IReadOnlyList<Outbox> _outboxes = [.. modules.Select(m => new Outbox(database, m.Schema, settings, clock, random))];

    /// <summary>Delivers what is due now and what that publishes, until nothing is due; for draining without the background loop.</summary>
    /// <returns>Messages delivered.</returns>
    public async Task<int> DeliverDueAsync(CancellationToken ct)
    {
        for (var total = 0; ;)
        {
            var claimed = 0;
            foreach (var outbox in _outboxes)
            {
                var batch = await DeliverBatchAsync(outbox, ct);
                claimed += batch.Messages.Count;
                total += batch.Delivered.Count;
            }

            if (claimed == 0)
                return total;
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(_outboxes.Select(o => RunAsync(o, stoppingToken)));

    private async Task RunAsync(Outbox outbox, CancellationToken ct)
    {
        for (var outages = 0; ;)
        {
            try
            {
                while ((await DeliverBatchAsync(outbox, ct)).Messages.Count > 0)
                    outages = 0;
                await waker.Relay(outbox.Schema).WaitAsync(settings.PollInterval, clock, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                log.LogError(failure, "The relay of {Schema} cannot reach its outbox.", outbox.Schema);
                await Task.Delay(Backoff.Delay(++outages, settings.FirstRetry, LongestOutagePause, random), clock, ct)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<MessageBatch> DeliverBatchAsync(Outbox outbox, CancellationToken ct)
    {
        var batch = await outbox.ClaimAsync(ct);
        if (batch.Messages.Count == 0)
            return batch;

        try
        {
            foreach (var group in batch.Messages.GroupBy(m => m.Subscriber))
                await delivery.DeliverAsync(outbox, batch, group.Key, [.. group], ct);
        }
        finally
        {
            // Also when stopping: what is done is acknowledged, and the rest is free for the other processes at once.
            await outbox.SettleAsync(batch, CancellationToken.None);
            Report(outbox, batch);
        }

        return batch;
    }

    private void Report(Outbox outbox, MessageBatch batch)
    {
        var now = clock.GetUtcNow();
        foreach (var message in batch.Delivered)
            meter.Delivered(message, now - message.DeliverAt);
        foreach (var failed in batch.Failed)
        {
            var parked = outbox.Parks(failed);
            meter.Failed(failed.Message, parked);
            log.Log(
                parked ? LogLevel.Error : LogLevel.Warning, failed.Failure,
                "{Message} {Id} to {Subscriber} failed at attempt {Attempt}{Parked}: {Reason}",
                failed.Message.Name, failed.Message.Id, failed.Message.Subscriber, failed.Message.Attempts + 1,
                parked ? " and is parked" : "", failed.Reason);
        }
    }
}
