using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Kernel.Messaging;

/// <summary>
/// Tells the other processes on this database that messages are due, and hears them. Never inside a business transaction, because
/// commits that notify wait for each other. A lost notification costs one polling interval, nothing else.
/// </summary>
internal sealed class MessageNotifier(
    NpgsqlDataSource database, IEnumerable<ModuleDefinition> modules, MessageWaker waker, MessagingSettings settings,
    TimeProvider clock, Random random, ILogger<MessageNotifier> log) : BackgroundService
{
    private const string Channel = "licensing_messages";
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    // Tells this process's own notifications from the others'.
    private readonly string _self = Id.NewGuid(clock.GetUtcNow()).ToString("N");

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        KeepOnAsync("hear", ListenAsync, stoppingToken), KeepOnAsync("tell", TellAsync, stoppingToken));

    private async Task KeepOnAsync(string what, Func<Action, CancellationToken, Task> run, CancellationToken ct)
    {
        for (var failures = 0; !ct.IsCancellationRequested;)
        {
            try
            {
                await run(() => failures = 0, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                log.LogWarning(failure, "Cannot {What} other processes' messages; polling goes on.", what);
                await Task.Delay(Backoff.Delay(++failures, settings.FirstRetry, LongestPause, random), clock, ct)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(Action works, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        connection.Notification += (_, heard) => Hear(heard.Payload);
        await ExecuteAsync(connection, $"listen {Channel}", ct);
        works();
        // What was told while nobody listened is lost.
        foreach (var module in modules)
            waker.WakeHere(module.Schema);
        while (true)
        {
            // A connection that died without a word is found by asking.
            if (!await connection.WaitAsync(Silence, ct))
                await ExecuteAsync(connection, "select 1", ct);
        }
    }

    private void Hear(string payload)
    {
        if (payload.Split(' ') is [var sender, .. var schemas] && sender != _self)
            foreach (var schema in schemas)
                waker.WakeHere(schema);
    }

    private async Task TellAsync(Action works, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        works();
        while (true)
        {
            if (await waker.TakeUnsentAsync(clock, ct) is { Length: > 0 } schemas)
            {
                await ExecuteAsync(connection, $"select pg_notify('{Channel}', '{_self} {string.Join(' ', schemas)}')", ct);
                await Task.Delay(settings.NotifyInterval, clock, ct);
            }
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
