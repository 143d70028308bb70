using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Licensing.Usage.Records;

/// <summary>
/// What a record's id is recognised by. A UUID in its usual form is its own key, so that time-ordered ids insert at one place of the
/// index; anything else is hashed, into the variant that no such UUID has. <c>usage.record_key</c> computes the same.
/// </summary>
internal static class RecordKey
{
    private const int UuidLength = 36;

    private static readonly UInt128 OtherVariant = (UInt128)0b1100_0000 << 56;

    /// <param name="id">UTF-8.</param>
    public static UInt128 Of(ReadOnlySpan<byte> id)
    {
        Span<byte> key = stackalloc byte[SHA256.HashSizeInBytes];
        if (IsUuid(id) && Utf8Parser.TryParse(id, out Guid uuid, out _, 'D'))
        {
            uuid.TryWriteBytes(key, bigEndian: true, out _);
            return BinaryPrimitives.ReadUInt128BigEndian(key);
        }

        SHA256.HashData(id, key);
        return BinaryPrimitives.ReadUInt128BigEndian(key) | OtherVariant;
    }

    // One spelling only: two texts are two ids.
    private static bool IsUuid(ReadOnlySpan<byte> id)
    {
        if (id.Length != UuidLength || id[19] is not ((byte)'8' or (byte)'9' or (byte)'a' or (byte)'b'))
            return false;
        for (var i = 0; i < id.Length; i++)
            if (i is 8 or 13 or 18 or 23 ? id[i] != '-' : !char.IsAsciiHexDigitLower((char)id[i]))
                return false;
        return true;
    }
}
