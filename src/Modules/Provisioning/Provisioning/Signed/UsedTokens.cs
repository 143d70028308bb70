using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Provisioning.Signed;

/// <summary>
/// Remembers each token's one use until its age refuses it. Kept per certificate, so that nobody uses up another's. Committed at once and
/// on a connection of its own, because a token is used also when what it asked for is refused; without waiting for the disk, because the log is written
/// in order: an effect that survives a crash has the use of its token before it. Uses that come while one is being written are written together.
/// </summary>
internal sealed class UsedTokens(NpgsqlDataSource database, MessagingSettings messaging, TimeProvider clock) : IChore
{
    private const int MostAtOnce = 500;

    // Longer than any token may live: clocks of two processes differ, one may be set back, and a body may be sent slowly.
    private static readonly TimeSpan Longer = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Queue<Use> _waiting = new();
    private bool _writing;

    /// <returns>False for every use but the first, whichever process it came to.</returns>
    public Task<bool> TakeAsync(Guid certificate, SignedClaims token, CancellationToken ct)
    {
        var use = new Use(certificate, token.Jti, token.RememberUntil);
        lock (_gate)
        {
            _waiting.Enqueue(use);
            if (_writing)
                return use.IsFirst.Task.WaitAsync(ct);
            _writing = true;
        }

        _ = WriteAllAsync();
        return use.IsFirst.Task.WaitAsync(ct);
    }

    public Task<int> RunAsync(CancellationToken ct) => BoundedDelete.RunAsync(
        database, "provisioning.used_tokens", "remember_until < $1", clock.GetUtcNow() - Longer, messaging.HousekeepingBatch, ct);

    // Not on any caller's time: one who hangs up leaves the others their answer.
    private async Task WriteAllAsync()
    {
        while (Next() is { Count: > 0 } uses)
            await WriteAsync(uses);
    }

    private List<Use> Next()
    {
        lock (_gate)
        {
            var uses = new List<Use>();
            while (uses.Count < MostAtOnce && _waiting.TryDequeue(out var use))
                uses.Add(use);
            _writing = uses.Count > 0;
            return uses;
        }
    }

    private async Task WriteAsync(List<Use> uses)
    {
        try
        {
            // Several bearers of one token have one first among them. In order, so that two processes cannot wait for each other.
            var distinct = uses.DistinctBy(u => (u.Certificate, u.Jti)).OrderBy(u => u.Certificate).ThenBy(u => u.Jti).ToList();
            await using var command = database.CreateCommand(
                """
                insert into provisioning.used_tokens (certificate_id, jti, remember_until)
                select t.* from unnest($1, $2, $3) t, set_config('synchronous_commit', 'off', true)
                on conflict do nothing
                returning certificate_id, jti
                """);
            command.Parameters.Add(new() { Value = distinct.Select(u => u.Certificate).ToArray() });
            command.Parameters.Add(new() { Value = distinct.Select(u => u.Jti).ToArray() });
            command.Parameters.Add(new() { Value = distinct.Select(u => u.RememberUntil).ToArray() });
            var taken = new HashSet<(Guid, Guid)>();
            await using (var rows = await command.ExecuteReaderAsync())
                while (await rows.ReadAsync())
                    taken.Add((rows.GetGuid(0), rows.GetGuid(1)));
            foreach (var use in uses)
                use.IsFirst.SetResult(taken.Remove((use.Certificate, use.Jti)));
        }
        catch (Exception failure)
        {
            foreach (var use in uses)
                use.IsFirst.TrySetException(failure);
        }
    }

    private sealed record Use(Guid Certificate, Guid Jti, DateTimeOffset RememberUntil)
    {
        public TaskCompletionSource<bool> IsFirst { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
