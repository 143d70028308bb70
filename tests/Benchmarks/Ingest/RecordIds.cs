using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Licensing.Benchmarks;

/// <summary>UUID v7 as senders make them, cheaper than the framework's: a load client must not be what is measured.</summary>
internal static class RecordIds
{
    private static readonly ulong Salt = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));
    private static long _count;

    public static Guid Next()
    {
        Span<byte> bytes = stackalloc byte[16];
        var count = (ulong)Interlocked.Increment(ref _count);
        // Millisecond, then a counter, as the monotonic kind of v7 has it.
        BinaryPrimitives.WriteUInt64BigEndian(
            bytes, ((ulong)TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() << 16) | 0x7000 | (count >> 20 & 0xFFF));
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], 0x8000_0000_0000_0000 | ((count & 0xFFFFF) << 42) | (Salt >> 22));
        return new Guid(bytes, bigEndian: true);
    }
}
