using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Provisioning.Signed;

/// <summary>
/// Remembers each token's one use until its age refuses it. Kept per certificate, so that nobody uses up another's. Committed at once and
/// on a connection of its own, because a token is used also when what it asked for is refused; without waiting for the disk, because the log is
/// written in order: an effect that survives a crash has the use of its token before it. Uses that come while one is being written are written
/// together.
/// </summary>
internal sealed class UsedTokens : IChore
{
    private const int MostAtOnce = 500;

    // Longer than any token may live: clocks of two processes differ, and one may be set back.
    private static readonly TimeSpan Longer = TimeSpan.FromDays(1);

    private readonly NpgsqlDataSource _database;
    private readonly MessagingSettings _messaging;
    private readonly TimeProvider _clock;
    private readonly Gathered<Use, bool> _uses;

    public UsedTokens(GatheredDatabase gathered, MessagingSettings messaging, TimeProvider clock)
    {
        (_database, _messaging, _clock) = (gathered.Database, messaging, clock);
        _uses = new(MostAtOnce, WriteAsync);
    }

    /// <returns>False for every use but the first, whichever process it came to.</returns>
    public Task<bool> TakeAsync(Guid certificate, TokenUse token, CancellationToken ct) =>
        _uses.DoAsync(new Use(certificate, token.Jti, token.RememberUntil), ct);

    public Task<int> RunAsync(CancellationToken ct) => BoundedDelete.RunAsync(
        _database, "provisioning.used_tokens", "remember_until < $1", _clock.GetUtcNow() - Longer, _messaging.HousekeepingBatch, ct);

    private async Task<IReadOnlyList<bool>> WriteAsync(IReadOnlyList<Use> uses)
    {
        // Several bearers of one token have one first among them. In order, so that two processes cannot wait for each other.
        var distinct = uses.DistinctBy(u => (u.Certificate, u.Jti)).OrderBy(u => u.Certificate).ThenBy(u => u.Jti).ToList();
        await using var command = _database.CreateCommand(
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
        return [.. uses.Select(use => taken.Remove((use.Certificate, use.Jti)))];
    }

    private sealed record Use(Guid Certificate, Guid Jti, DateTimeOffset RememberUntil);
}
