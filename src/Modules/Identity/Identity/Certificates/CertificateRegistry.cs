using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Certificates;

/// <summary>
/// Looks certificates up for the door that takes signed licence updates, on a connection of its own: it authenticates. What was found is
/// believed as long as a proved credential is, and forgotten with those.
/// </summary>
internal sealed class CertificateRegistry(CredentialCache cache, IServiceScopeFactory scopes, TimeProvider clock) : ICertificateRegistry, IDisposable
{
    private const int MostEntries = 10_000;

    private readonly MemoryCache _known = new(new MemoryCacheOptions { SizeLimit = MostEntries });

    public LicenseSigner? Known(string kid) =>
        _known.TryGetValue(kid, out Entry? entry) && entry!.Generation == cache.Generation
            && clock.GetElapsedTime(entry.ReadAt) < CredentialCache.Longest
            ? entry.Signer
            : null;

    public async ValueTask<LicenseSigner?> FindAsync(string kid, CancellationToken ct)
    {
        if (Known(kid) is { } known)
            return known;
        // Taken before the read: what was read before a change is not believed after it.
        var (generation, readAt) = (cache.Generation, clock.GetTimestamp());
        if (kid.Length is 0 or > KeyIds.Longest || kid.Contains('\0') || await ReadAsync(kid, ct) is not { } found)
            return null;
        _known.Set(
            kid, new Entry(found, generation, readAt),
            new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = CredentialCache.Longest });
        return found;
    }

    public void Dispose() => _known.Dispose();

    private async Task<LicenseSigner?> ReadAsync(string kid, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        var settings = scope.ServiceProvider.GetRequiredService<IOrganizationSettings>();
        var fingerprint = KeyIds.FingerprintOf(kid);
        await using var command = new NpgsqlCommand(
            $"""
            select c.id, c.fingerprint, c.key_id, c.profile, c.organization_id, c.owner_path, b.state, c.public_key, c.not_before, c.not_after,
                   c.revoked_at
            from identity.certificates c join identity.branches b on b.id = c.organization_id
            where {(fingerprint is null ? "c.key_id" : "c.fingerprint")} = $1
            order by c.revoked_at desc nulls first limit 1
            """, await session.OpenAsync(ct))
        { Parameters = { new() { Value = fingerprint ?? kid } } };
        RegisteredCertificate found;
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            if (!await reader.ReadAsync(ct))
                return null;
            found = new RegisteredCertificate(
                reader.GetGuid(0), reader.GetString(1), await reader.IsDBNullAsync(2, ct) ? null : reader.GetString(2),
                Enum.Parse<CertificateProfile>(reader.GetString(3)), new OrganizationId(reader.GetGuid(4)), reader.GetString(5),
                reader.GetString(6) == "Active", reader.GetFieldValue<byte[]>(7), reader.GetFieldValue<DateTimeOffset>(8),
                reader.GetFieldValue<DateTimeOffset>(9), await reader.IsDBNullAsync(10, ct) ? null : reader.GetFieldValue<DateTimeOffset>(10));
        }

        return new LicenseSigner(found, (await settings.LicensingAsync([found.Path], ct))[found.Path]);
    }

    // Not by the wall clock, which may be set back.
    private sealed record Entry(LicenseSigner Signer, long Generation, long ReadAt);
}
