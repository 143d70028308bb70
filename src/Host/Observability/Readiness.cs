using Licensing.Host.Database;
using Licensing.Kernel.Messaging;
using Npgsql;

namespace Licensing.Host.Observability;

/// <summary>Section <c>Health</c> of the configuration.</summary>
internal sealed record HealthSettings
{
    /// <summary>How late the oldest due message may be before this host is no longer ready.</summary>
    public TimeSpan MaxMessageLag { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the database may take to answer all questions.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an answer is good for: however often strangers ask, the database is asked once.</summary>
    public TimeSpan KeepAnswer { get; init; } = TimeSpan.FromSeconds(1);
}

internal sealed record ReadinessCheck(bool Ready, string Detail);

internal sealed record ReadinessAnswer(bool Ready, IReadOnlyDictionary<string, ReadinessCheck> Checks);

/// <summary>Whether requests should be sent here: the database answers, it has this version's schema, and messages get through.</summary>
internal sealed class Readiness(Migrator migrator, MessageBacklog backlog, HealthSettings settings, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _asking = new(1);
    private ReadinessAnswer? _answer;
    private long _answeredAt;

    public async Task<ReadinessAnswer> AskAsync(CancellationToken ct)
    {
        await _asking.WaitAsync(ct);
        try
        {
            if (_answer is null || clock.GetElapsedTime(_answeredAt) >= settings.KeepAnswer)
                (_answer, _answeredAt) = (await CheckAsync(ct), clock.GetTimestamp());
            return _answer;
        }
        finally
        {
            _asking.Release();
        }
    }

    public void Dispose() => _asking.Dispose();

    private async Task<ReadinessAnswer> CheckAsync(CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(settings.Timeout);
        var checks = new Dictionary<string, ReadinessCheck>();
        try
        {
            var migrations = await migrator.StatusAsync(patience.Token);
            checks["database"] = new(true, "It answers.");
            // A newer version may have migrated ahead while this one still serves.
            var missing = migrations.Count(m => m.State is MigrationState.Pending or MigrationState.Changed);
            checks["migrations"] = new(missing == 0, missing == 0 ? "All are applied." : $"{missing} are not applied.");
            if (missing == 0)
            {
                var outboxes = await backlog.ReadAsync(patience.Token);
                var lag = outboxes.Select(o => o.OldestDueAge).DefaultIfEmpty().Max();
                checks["messages"] = new(
                    lag <= settings.MaxMessageLag,
                    $"{outboxes.Sum(o => o.Depth)} due, the oldest for {(long)lag.TotalSeconds} s; {outboxes.Sum(o => o.Parked)} parked.");
            }
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException
            || (failure is OperationCanceledException && !ct.IsCancellationRequested))
        {
            // Why is for the log of the database's callers; an anonymous answer names no server.
            checks["database"] = new(false, "It does not answer.");
        }

        return new ReadinessAnswer(checks.Values.All(c => c.Ready), checks);
    }
}
