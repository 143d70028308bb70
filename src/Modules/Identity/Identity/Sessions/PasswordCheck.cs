using Licensing.Identity.Users;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>Whose password it was, and the hash that it matched: whoever acts on it later looks whether that is still his.</summary>
internal sealed record ProvenPassword(UserId UserId, string Hash)
{
    public override string ToString() => $"{UserId}";
}

/// <summary>
/// Checks a password and locks the account for a while after too many wrong ones. Every try is counted before the password is looked
/// at, and on a connection of its own: parallel guesses cannot slip through, and a refused request does not roll the count back.
/// </summary>
internal sealed class PasswordCheck(NpgsqlDataSource database, Passwords passwords, TimeProvider clock)
{
    public const int MostAttempts = 10;
    public static readonly TimeSpan LockedFor = TimeSpan.FromMinutes(15);

    /// <returns>The user when it is his password.</returns>
    public async Task<ProvenPassword?> HoldsAsync(string email, string password, CancellationToken ct)
    {
        var attempt = await BeginAttemptAsync(email, ct);
        if (!passwords.Holds(attempt?.Hash, password) || attempt is not { } found)
            return null;

        await using var succeeded = database.CreateCommand("update identity.users set failed_attempts = 0, locked_until = null where id = $1");
        succeeded.Parameters.Add(new() { Value = found.Id });
        await succeeded.ExecuteNonQueryAsync(ct);
        return new ProvenPassword(new UserId(found.Id), found.Hash);
    }

    private async Task<(Guid Id, string Hash)?> BeginAttemptAsync(string email, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var attempt = database.CreateCommand(
            """
            update identity.users set
                failed_attempts = case when failed_attempts + 1 >= $3 then 0 else failed_attempts + 1 end,
                locked_until = case when failed_attempts + 1 >= $3 then $4 end
            where email = $1 and (locked_until is null or locked_until <= $2)
            returning id, password_hash
            """);
        foreach (var value in new object[] { email.ToLowerInvariant(), now, MostAttempts, now + LockedFor })
            attempt.Parameters.Add(new() { Value = value });
        await using var reader = await attempt.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? (reader.GetGuid(0), reader.GetString(1)) : null;
    }
}
