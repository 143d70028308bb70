using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Licensing.Identity.Audit;

/// <summary>
/// What an entry's seal is made of: SHA-256 over the seal before, the entry's number in its organisation's chain and every column of
/// it, each with its length before it, so that no two entries read alike.
/// </summary>
internal static class AuditChain
{
    /// <summary>Every column as text of the database's own making, the same on every server and in every time zone.</summary>
    public const string Columns =
        """
        e.id::text, extract(epoch from e.at)::text, e.principal_kind, e.principal_id::text, e.principal_name, e.organization_id::text, e.action,
        e.owner_path, array_to_json(e.resources)::text, e.changes::text, e.request_id
        """;

    private const int Count = 11;

    public static byte[] Beginning { get; } = new byte[SHA256.HashSizeInBytes];

    /// <param name="previous">The hash of the entry before, or <see cref="Beginning"/>.</param>
    /// <param name="number">The entry's place, from 1.</param>
    /// <param name="row">A row in which <see cref="Columns"/> begin at <paramref name="first"/>.</param>
    /// <param name="first">Ordinal of the first of them.</param>
    public static byte[] Next(byte[] previous, long number, NpgsqlDataReader row, int first)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(previous);
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(length, number);
        hash.AppendData(length);
        for (var column = first; column < first + Count; column++)
        {
            var text = row.IsDBNull(column) ? null : Encoding.UTF8.GetBytes(row.GetString(column));
            BinaryPrimitives.WriteInt64BigEndian(length, text?.Length ?? -1);
            hash.AppendData(length);
            hash.AppendData(text ?? []);
        }

        return hash.GetHashAndReset();
    }
}
