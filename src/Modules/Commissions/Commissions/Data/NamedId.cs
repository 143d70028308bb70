using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Licensing.Commissions.Data;

/// <summary>
/// A UUID v7 of an instant that follows from what it is for, so that a close that is begun again at the same instant writes the same bytes; in the
/// order of the places.
/// </summary>
internal static class NamedId
{
    public static Guid Of(DateTimeOffset at, int place, Guid of, string what)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([.. of.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(what)], hash);
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(id, at.ToUnixTimeMilliseconds() << 16);
        BinaryPrimitives.WriteUInt16BigEndian(id[6..], (ushort)(0x7000 | ((place >> 14) & 0x0FFF)));
        BinaryPrimitives.WriteUInt16BigEndian(id[8..], (ushort)(0x8000 | (place & 0x3FFF)));
        hash[..6].CopyTo(id[10..]);
        return new Guid(id, bigEndian: true);
    }
}
