using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>
/// The key that signs access tokens: made at the first start, its private half sealed in the database, so every host on one database
/// signs and verifies with the same.
/// </summary>
internal sealed class SigningKeys(NpgsqlDataSource database, SecretBox secrets, TimeProvider clock) : IPreparation, IDisposable
{
    private readonly SemaphoreSlim _loading = new(1);
    private ECDsaSecurityKey? _current;

    public async Task PrepareAsync(CancellationToken ct)
    {
        if (await ReadAsync(ct) is not null)
            return;
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = clock.GetUtcNow();
        await using var insert = database.CreateCommand(
            """
            insert into identity.signing_keys (number, id, public_key, sealed_private_key, created_at)
            values (1, $1, $2, $3, $4) on conflict do nothing
            """);
        foreach (var value in new object[] { Id.NewGuid(now), made.ExportSubjectPublicKeyInfo(), secrets.Seal(made.ExportPkcs8PrivateKey()), now })
            insert.Parameters.Add(new() { Value = value });
        await insert.ExecuteNonQueryAsync(ct);
    }

    public async ValueTask<ECDsaSecurityKey> CurrentAsync(CancellationToken ct)
    {
        if (_current is { } known)
            return known;
        await _loading.WaitAsync(ct);
        try
        {
            return _current ??= await ReadAsync(ct) ?? throw new InvalidOperationException("There is no signing key; the database was not prepared.");
        }
        finally
        {
            _loading.Release();
        }
    }

    private async Task<ECDsaSecurityKey?> ReadAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand("select id, sealed_private_key from identity.signing_keys order by number desc limit 1");
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            return null;
        var ecdsa = ECDsa.Create();
        ecdsa.ImportPkcs8PrivateKey(secrets.Open(reader.GetFieldValue<byte[]>(1)), out _);
        return new ECDsaSecurityKey(ecdsa)
        {
            KeyId = reader.GetGuid(0).ToString(),
            // The stock factory keeps signers of all hosts in a process under the key's id, also when this one has disposed its key.
            CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false },
        };
    }

    public void Dispose()
    {
        _current?.ECDsa.Dispose();
        _loading.Dispose();
    }
}
