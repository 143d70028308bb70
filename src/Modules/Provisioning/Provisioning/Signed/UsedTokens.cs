using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Provisioning.Signed;

/// <summary>
/// Remembers each token's one use until its age refuses it. Kept per certificate, so that nobody uses up another's. Committed at once and
/// on a connection of its own, because a token is used also when what it asked for is refused; without waiting for the disk, because the log is written
/// in order: an effect that survives a crash has the use of its token before it.
/// </summary>
internal sealed class UsedTokens(NpgsqlDataSource database, MessagingSettings messaging, TimeProvider clock) : IChore
{
    /// <returns>False for every use but the first, whichever process it came to.</returns>
    public async Task<bool> TakeAsync(Guid certificate, SignedClaims token, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            insert into provisioning.used_tokens (certificate_id, jti, remember_until)
            select $1, $2, $3 from set_config('synchronous_commit', 'off', true)
            on conflict do nothing
            """);
        foreach (var value in new object[] { certificate, token.Jti, token.RememberUntil })
            command.Parameters.Add(new() { Value = value });
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }

    public Task<int> RunAsync(CancellationToken ct) => BoundedDelete.RunAsync(
        database, "provisioning.used_tokens", "remember_until < $1", clock.GetUtcNow(), messaging.HousekeepingBatch, ct);
}
