using Licensing.Kernel.Persistence;
using Licensing.Usage.Thresholds;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>
/// Merges what came in an hour once it is over; nobody does on the way of a record. Whoever needs it earlier does it himself: the summary and
/// billing; and for tenants with thresholds this does, at its own pace. Any number of processes may.
/// </summary>
internal sealed class SealedHours(
    IServiceScopeFactory scopes, NpgsqlDataSource database, UsageSettings settings, Kernel.Messaging.MessagingSettings messaging,
    TimeProvider clock, ILogger<SealedHours> log)
    : BackgroundService
{
    private long _merged = -1;

    /// <summary>What is due now.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var rollups = scope.ServiceProvider.GetRequiredService<RollingUp>();
        var hour = clock.GetUtcNow().UtcTicks / settings.RollUpEvery.Ticks;
        if (hour != _merged)
            await rollups.CatchUpAsync(
                null, null, ct, receivedBefore: new DateTimeOffset(hour * settings.RollUpEvery.Ticks, TimeSpan.Zero));
        _merged = hour;
        if (await WatchedAsync(ct) is { Count: > 0 } watched)
            await rollups.CatchUpAsync(null, null, ct, watched);
        await scope.ServiceProvider.GetRequiredService<Firing>().FireAsync(ct);
    }

    private async Task<List<Guid>> WatchedAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand("select distinct tenant_id from usage.thresholds where active");
        var tenants = new List<Guid>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            tenants.Add(rows.GetGuid(0));
        return tenants;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        messaging.InBackground ? Rounds.RepeatAsync(settings.ThresholdsEvery, clock, RunAsync, log, stoppingToken) : Task.CompletedTask;
}
