using System.Buffers.Text;
using System.Security.Cryptography;
using Licensing.Identity.Credentials;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Certificates;

/// <summary>
/// The published keys, as this process remembers them: anyone may ask for them as often as he likes, so that the database is asked once
/// in <see cref="Fresh"/> by one request for all. What changed here is seen at once, what changed elsewhere when that has passed.
/// </summary>
internal sealed class CertificateKeys(NpgsqlDataSource database, CredentialCache cache, TimeProvider clock) : IDisposable
{
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The format has no pages, and a reseller has a handful: of more than so many each distributor's branch has its newest published, turn by
    /// turn.
    /// </summary>
    public const int MostPublished = 1_000;

    private readonly SemaphoreSlim _loading = new(1);
    private Known? _known;
    private long _generation;
    private long _reads;

    /// <summary>How often the database has been asked.</summary>
    public long Reads => Interlocked.Read(ref _reads);

    public async ValueTask<GetCertificateKeys.CertificateKeysView> CurrentAsync(CancellationToken ct)
    {
        if (Remembered() is { } known)
            return known;
        await _loading.WaitAsync(ct);
        try
        {
            if (Remembered() is { } meanwhile)
                return meanwhile;
            var (generation, readAt) = (Interlocked.Read(ref _generation), clock.GetTimestamp());
            var read = await ReadAsync(clock.GetUtcNow(), ct);
            Volatile.Write(ref _known, new Known(generation, readAt, read));
            return read;
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>What is being read while the change commits is not believed after it either; nor is whom a certificate proved before.</summary>
    public void ForgetAfterCommit(DbSession session)
    {
        session.AfterCommit(() => Interlocked.Increment(ref _generation));
        cache.ForgetAfterCommit(session);
    }

    public void Dispose() => _loading.Dispose();

    private GetCertificateKeys.CertificateKeysView? Remembered() =>
        Volatile.Read(ref _known) is { } known && clock.GetElapsedTime(known.ReadAt) < Fresh && known.Generation == Interlocked.Read(ref _generation)
            ? known.Keys
            : null;

    private async Task<GetCertificateKeys.CertificateKeysView> ReadAsync(DateTimeOffset now, CancellationToken ct)
    {
        Interlocked.Increment(ref _reads);
        await using var command = database.CreateCommand(
            """
            select c.fingerprint, c.public_key from identity.certificates c join identity.organizations o on o.id = c.organization_id
            where c.revoked_at is null and c.not_before <= $1 and c.not_after > $1 and o.status <> 'Closed'
            order by row_number() over (partition by split_part(c.owner_path, '.', 2) order by c.id desc), c.id desc limit $2
            """);
        command.Parameters.Add(new() { Value = now });
        command.Parameters.Add(new() { Value = MostPublished });
        await using var rows = await command.ExecuteReaderAsync(ct);
        var keys = new List<GetCertificateKeys.CertificateKeyView>();
        while (await rows.ReadAsync(ct))
            keys.Add(View(rows.GetString(0), rows.GetFieldValue<byte[]>(1)));
        return new GetCertificateKeys.CertificateKeysView(keys);
    }

    private static GetCertificateKeys.CertificateKeyView View(string fingerprint, byte[] publicKey)
    {
        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(publicKey, out _);
        var key = rsa.ExportParameters(includePrivateParameters: false);
        return new GetCertificateKeys.CertificateKeyView(
            "RSA", Base64Url.EncodeToString(key.Modulus), Base64Url.EncodeToString(key.Exponent), "sig", "RS256", fingerprint,
            Base64Url.EncodeToString(Convert.FromHexString(fingerprint)));
    }

    // How long it is remembered is not told by the wall clock, which may be set back.
    private sealed record Known(long Generation, long ReadAt, GetCertificateKeys.CertificateKeysView Keys);
}
