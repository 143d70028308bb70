using System.Buffers.Binary;

namespace Licensing.Usage.Data;

/// <summary>UUIDs as the numbers by which the database orders them, and the time that those of version 7 begin with.</summary>
internal static class Uuids
{
    private const int BitsBehindTime = 16;

    public static UInt128 NumberOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    public static Guid Of(UInt128 number)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>When one of version 7 was made, to the millisecond.</summary>
    public static DateTime TimeOf(Guid id) => DateTime.UnixEpoch.AddMilliseconds((long)(NumberOf(id) >> (64 + BitsBehindTime)));

    /// <summary>Below every one of version 7 that was made at this time or later, above all that were made before.</summary>
    public static Guid FirstAt(DateTimeOffset time) => Of((UInt128)(ulong)time.ToUnixTimeMilliseconds() << (64 + BitsBehindTime));
}
