using System.Security.Cryptography;
using System.Text;

namespace Licensing.Usage.Records;

/// <summary>
/// What a record's id is recognised by. A UUID in its usual form is its own key, so that time-ordered ids insert at one place of the
/// index; anything else is hashed, into the variant that no such UUID has. <c>usage.record_key</c> computes the same.
/// </summary>
internal static class RecordKey
{
    private const int UuidLength = 36;
    private const byte OtherVariant = 0b1100_0000;

    public static Guid Of(string id) => IsUuid(id) ? Guid.ParseExact(id, "D") : Hashed(id);

    // One spelling only: two texts are two ids.
    private static bool IsUuid(string id)
    {
        if (id.Length != UuidLength || id[19] is not ('8' or '9' or 'a' or 'b'))
            return false;
        for (var i = 0; i < id.Length; i++)
            if (i is 8 or 13 or 18 or 23 ? id[i] != '-' : !char.IsAsciiHexDigitLower(id[i]))
                return false;
        return true;
    }

    private static Guid Hashed(string id)
    {
        Span<byte> text = stackalloc byte[Encoding.UTF8.GetMaxByteCount(RecordReader.LongestId)];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(id, text)], hash);
        hash[8] |= OtherVariant;
        return new Guid(hash[..16], bigEndian: true);
    }
}
