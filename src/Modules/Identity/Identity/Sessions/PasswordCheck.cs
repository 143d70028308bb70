using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>Checks a password. A user who exists costs the same statements and the same hash as one who does not.</summary>
internal sealed class PasswordCheck(NpgsqlDataSource database, LoginAttempts attempts, Passwords passwords)
{
    // Of this process alone: a plain digest of a password can be guessed at.
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);
    private readonly ConcurrentDictionary<UInt128, Lazy<Task<(Refusal? TooMany, ProvenPassword? Proven)>>> _atLogIn = new();

    /// <summary>
    /// At a log-in, where a try counts for its address too. Who says the same from the same address while it is being looked at is the same
    /// guess, counted and hashed once: a user whose programs log in together would lock himself out with the right password. An IPv6 network
    /// is one address here, as it is where tries are counted.
    /// </summary>
    /// <param name="name">An e-mail address or a user name.</param>
    /// <param name="password">As typed.</param>
    /// <param name="code">What is said beside it: with another code it is another guess.</param>
    /// <param name="address">From where.</param>
    /// <param name="ct">Gives up waiting, and leaves the others their answer.</param>
    /// <returns>Why the address may not try now; else the user when it is his password.</returns>
    public async Task<(Refusal? TooMany, ProvenPassword? Proven)> AtLogInAsync(
        string name, string password, string? code, string address, CancellationToken ct)
    {
        var asked = _atLogIn.GetOrAdd(
            DigestOf($"{name}\0{password}\0{code}\0{CallerNetwork.Of(address)}"),
            digest => new Lazy<Task<(Refusal? TooMany, ProvenPassword? Proven)>>(() => OnceAsync(digest, name, password, address)));
        return await asked.Value.WaitAsync(ct);
    }

    /// <param name="name">An e-mail address or a user name.</param>
    /// <param name="password">As typed.</param>
    /// <param name="address">From where.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The user when it is his password.</returns>
    public async Task<ProvenPassword?> HoldsAsync(string name, string password, string address, CancellationToken ct)
    {
        var proven = await CheckAsync(name, password, address, ct);
        // Else whoever knows the password could try codes for ever.
        if (proven is { NeedsCode: false })
            await attempts.SucceededAsync(name, address, ct);
        return proven;
    }

    private async Task<(Refusal? TooMany, ProvenPassword? Proven)> OnceAsync(UInt128 digest, string name, string password, string address)
    {
        try
        {
            if (await attempts.RefusalOfAsync(address, CancellationToken.None) is { } tooMany)
                return (tooMany, null);
            var proven = await CheckAsync(name, password, address, CancellationToken.None);
            if (proven is not null)
                await attempts.HeldAtLogInAsync(name, address, proven.NeedsCode, CancellationToken.None);
            return (null, proven);
        }
        finally
        {
            _atLogIn.TryRemove(digest, out _);
        }
    }

    private async Task<ProvenPassword?> CheckAsync(string name, string password, string address, CancellationToken ct)
    {
        var mayTry = await attempts.MayTryAsync(name, address, ct);
        var found = await FindAsync(name, ct);
        if (!mayTry)
            found = null;
        var check = passwords.Check(found?.Hash, password);
        return check.Holds && found is { } candidate
            ? new ProvenPassword(candidate.Id, candidate.PasswordNumber, candidate.NeedsCode) { NewHash = check.NewHash }
            : null;
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

    private UInt128 DigestOf(string said) => BinaryPrimitives.ReadUInt128LittleEndian(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(said)));
}
