using Licensing.Identity.Users;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>Checks a password. A user who exists costs the same statements and the same hash as one who does not.</summary>
internal sealed class PasswordCheck(NpgsqlDataSource database, LoginAttempts attempts, Passwords passwords)
{
    /// <param name="name">An e-mail address or a user name.</param>
    /// <param name="password">As typed.</param>
    /// <param name="address">From where.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The user when it is his password.</returns>
    public async Task<ProvenPassword?> HoldsAsync(string name, string password, string address, CancellationToken ct)
    {
        var mayTry = await attempts.MayTryAsync(name, address, ct);
        var found = await FindAsync(name, ct);
        if (!mayTry)
            found = null;
        var check = passwords.Check(found?.Hash, password);
        if (!check.Holds || found is not { } candidate)
            return null;

        // Else whoever knows the password could try codes for ever.
        if (!candidate.NeedsCode)
            await attempts.SucceededAsync(name, address, ct);
        return new ProvenPassword(candidate.Id, candidate.PasswordNumber, candidate.NeedsCode) { NewHash = check.NewHash };
    }

    private async Task<(UserId Id, string? Hash, int PasswordNumber, bool NeedsCode)?> FindAsync(string name, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            select id, password_hash, password_number, mfa_enabled from identity.users
            where (email = $1 or username = $1) and status = 'Active' and not federated_only
            """);
        command.Parameters.Add(new() { Value = name.ToLowerInvariant() });
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            return null;
        var hash = await reader.IsDBNullAsync(1, ct) ? null : reader.GetString(1);
        return (new UserId(reader.GetGuid(0)), hash, reader.GetInt32(2), reader.GetBoolean(3));
    }
}
