using System.Security.Cryptography;
using Licensing.Kernel.Persistence;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>
/// The keys that sign access tokens and documents, their private halves sealed in the database, so that every host on it signs and verifies with
/// the same. Read again when what is known is a few seconds old, by one request for all that wait.
/// </summary>
internal sealed class SigningKeys(NpgsqlDataSource database, SecretBox secrets, TimeProvider clock) : IPreparation, IDisposable
{
    /// <summary>How long a host believes what it has read, hence how soon it follows a change.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    /// <summary>How often at most a token of an unknown key makes it look: strangers can name any key.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    private const string All = "select id, sealed_private_key, created_at, signs_from, ends_at from identity.signing_keys order by number";

    private readonly SemaphoreSlim _loading = new(1);
    private KeyRing? _ring;
    private long _reads;

    /// <summary>How often the keys have been read.</summary>
    public long Reads => Interlocked.Read(ref _reads);

    public async Task PrepareAsync(CancellationToken ct)
    {
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = clock.GetUtcNow();
        // The first key is number 1, so of hosts that start together on an empty database one makes it.
        await using var insert = database.CreateCommand(
            """
            insert into identity.signing_keys (number, id, public_key, sealed_private_key, created_at, signs_from)
            select 1, $1, $2, $3, $4, $4 where not exists (select from identity.signing_keys) on conflict do nothing
            """);
        foreach (var value in new object[] { Id.NewGuid(now), made.ExportSubjectPublicKeyInfo(), secrets.Seal(made.ExportPkcs8PrivateKey()), now })
            insert.Parameters.Add(new() { Value = value });
        await insert.ExecuteNonQueryAsync(ct);
    }

    public ValueTask<KeyRing> RingAsync(CancellationToken ct) => NotOlderThanAsync(Fresh, ct);

    /// <summary>For a token of a key that is not known: another host may have made it since.</summary>
    public ValueTask<KeyRing> LookedAgainAsync(CancellationToken ct) => NotOlderThanAsync(LookAgain, ct);

    /// <summary>
    /// The key that signs now. Inside a transaction it is read, where that is due, on that transaction's connection: one that waited there
    /// for another would hold its own, and a hundred of them would wait for each other.
    /// </summary>
    public async ValueTask<ECDsaSecurityKey> CurrentAsync(DbSession session, CancellationToken ct)
    {
        var ring = Known(Fresh);
        if (ring is null && session.InTransaction)
        {
            await using var command = new NpgsqlCommand(All, await session.OpenAsync(ct), session.Transaction);
            Volatile.Write(ref _ring, ring = await ReadAsync(command, Volatile.Read(ref _ring), ct));
        }

        ring ??= await RingAsync(ct);
        return ring.Current(clock.GetUtcNow())?.Key ?? throw new InvalidOperationException("There is no signing key; the database was not prepared.");
    }

    /// <summary>What this process has changed itself it need not wait for.</summary>
    public void Forget()
    {
        if (Volatile.Read(ref _ring) is { } known)
            Volatile.Write(ref _ring, known with { ReadAt = DateTimeOffset.MinValue });
    }

    private async ValueTask<KeyRing> NotOlderThanAsync(TimeSpan age, CancellationToken ct)
    {
        if (Known(age) is { } known)
            return known;
        await _loading.WaitAsync(ct);
        try
        {
            if (Known(age) is { } meanwhile)
                return meanwhile;
            await using var command = database.CreateCommand(All);
            var read = await ReadAsync(command, Volatile.Read(ref _ring), ct);
            Volatile.Write(ref _ring, read);
            return read;
        }
        finally
        {
            _loading.Release();
        }
    }

    private KeyRing? Known(TimeSpan age) => Volatile.Read(ref _ring) is { } ring && clock.GetUtcNow() - ring.ReadAt < age ? ring : null;

    private async Task<KeyRing> ReadAsync(NpgsqlCommand command, KeyRing? before, CancellationToken ct)
    {
        var readAt = clock.GetUtcNow();
        Interlocked.Increment(ref _reads);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var keys = new List<SigningKey>();
        while (await reader.ReadAsync(ct))
        {
            var kid = reader.GetGuid(0).ToString();
            var key = before?.Keys.FirstOrDefault(k => k.Key.KeyId == kid)?.Key ?? Open(kid, reader.GetFieldValue<byte[]>(1));
            keys.Add(new SigningKey(
                key, reader.GetFieldValue<DateTimeOffset>(2), reader.GetFieldValue<DateTimeOffset>(3),
                await reader.IsDBNullAsync(4, ct) ? null : reader.GetFieldValue<DateTimeOffset>(4)));
        }

        return new KeyRing(readAt, keys);
    }

    private ECDsaSecurityKey Open(string kid, byte[] sealedPrivateKey)
    {
        var ecdsa = ECDsa.Create();
        ecdsa.ImportPkcs8PrivateKey(secrets.Open(sealedPrivateKey), out _);
        return new ECDsaSecurityKey(ecdsa)
        {
            KeyId = kid,
            // The stock factory keeps signers of all hosts in a process under the key's id, also when this one has disposed its key.
            CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false },
        };
    }

    public void Dispose()
    {
        foreach (var key in _ring?.Keys ?? [])
            key.Key.ECDsa.Dispose();
        _loading.Dispose();
    }
}
