using System.Text;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>
/// Counts tries per account and locks it for a while after too many. A try is counted before its secret is looked at and on a
/// connection of its own: parallel guesses cannot slip through, and a refused request does not roll the count back. Names that no user
/// has are counted alike, or the lock would tell who exists.
/// </summary>
internal sealed class LoginAttempts(NpgsqlDataSource database, SecretBox secrets, TimeProvider clock)
{
    public const int Most = 10;
    public static readonly TimeSpan LockedFor = TimeSpan.FromMinutes(15);

    // Older counts are forgotten, so that the names of strangers do not pile up.
    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(1);

    /// <summary>Counts a try at an account.</summary>
    /// <param name="name">An e-mail address or a user name.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Whether the secret may be looked at.</returns>
    public async Task<bool> MayTryAsync(string name, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var counting = database.CreateCommand(
            """
            insert into identity.login_attempts as a (account, failed, last_at) values ($1, 1, $2)
            on conflict (account) do update set
                failed = case when a.failed + 1 >= $3 then 0 else a.failed + 1 end,
                locked_until = case when a.failed + 1 >= $3 then $4::timestamptz end,
                last_at = $2
            where a.locked_until is null or a.locked_until <= $2
            """);
        foreach (var value in new object[] { DigestOf(name), now, Most, now + LockedFor })
            counting.Parameters.Add(new() { Value = value });
        return await counting.ExecuteNonQueryAsync(ct) == 1;
    }

    public async Task SucceededAsync(string name, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("update identity.login_attempts set failed = 0, locked_until = null where account = $1")
        { Parameters = { new() { Value = DigestOf(name) } } });
        // A few at a time, and not what another log-in is just removing.
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            delete from identity.login_attempts where account in (
                select account from identity.login_attempts where last_at < $1 limit 100 for update skip locked)
            """)
        { Parameters = { new() { Value = clock.GetUtcNow() - KeptFor } } });
        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Opens a user's account again, in the transaction of whoever says so.</summary>
    public async Task UnlockAsync(DbSession session, User user, CancellationToken ct)
    {
        await using var unlock = new NpgsqlCommand(
            "update identity.login_attempts set failed = 0, locked_until = null where account = any ($1)", await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = new[] { user.Email, user.Username }.OfType<string>().Select(DigestOf).ToArray() } } };
        await unlock.ExecuteNonQueryAsync(ct);
    }

    // Not the name itself: passwords get typed into that field.
    private byte[] DigestOf(string name) => secrets.Digest(Encoding.UTF8.GetBytes("login " + name.ToLowerInvariant()));
}
