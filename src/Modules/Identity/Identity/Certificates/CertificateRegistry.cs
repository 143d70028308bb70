using Licensing.Identity.Contracts;
using Npgsql;

namespace Licensing.Identity.Certificates;

/// <summary>Looks certificates up for the door that takes signed licence updates, on a connection of its own: it authenticates.</summary>
internal sealed class CertificateRegistry(NpgsqlDataSource database) : ICertificateRegistry
{
    public async Task<RegisteredCertificate?> FindAsync(string kid, CancellationToken ct)
    {
        if (kid.Length is 0 or > KeyIds.Longest || kid.Contains('\0'))
            return null;
        var fingerprint = KeyIds.FingerprintOf(kid);
        await using var command = database.CreateCommand(
            $"""
            select c.id, c.fingerprint, c.key_id, c.profile, c.organization_id, c.owner_path, b.state, c.public_key, c.not_before, c.not_after, c.revoked_at
            from identity.certificates c join identity.branches b on b.id = c.organization_id
            where {(fingerprint is null ? "c.key_id" : "c.fingerprint")} = $1
            order by c.revoked_at desc nulls first limit 1
            """);
        command.Parameters.Add(new() { Value = fingerprint ?? kid });
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            return null;
        return new RegisteredCertificate(
            reader.GetGuid(0), reader.GetString(1), await reader.IsDBNullAsync(2, ct) ? null : reader.GetString(2),
            Enum.Parse<CertificateProfile>(reader.GetString(3)), new OrganizationId(reader.GetGuid(4)), reader.GetString(5), reader.GetString(6) == "Active",
            reader.GetFieldValue<byte[]>(7), reader.GetFieldValue<DateTimeOffset>(8), reader.GetFieldValue<DateTimeOffset>(9),
            await reader.IsDBNullAsync(10, ct) ? null : reader.GetFieldValue<DateTimeOffset>(10));
    }
}
