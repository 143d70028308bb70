using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Licensing.Usage.Records;

/// <summary>
/// What makes two records with one id the same record: a hash over the resolved values, so that another spelling (1.0 and 1, an
/// offset and Z, another order of properties) is still the same.
/// </summary>
internal static class RecordContent
{
    public static UInt128 HashOf(RecordDraft record, KnownSubscription target, ArrayBufferWriter<byte> buffer)
    {
        buffer.ResetWrittenCount();
        target.Id.TryWriteBytes(buffer.GetSpan(16), bigEndian: true, out _);
        buffer.Advance(16);
        Append(buffer, record.Start!.Value.UtcTicks);
        Append(buffer, record.End?.UtcTicks ?? -1);
        Append(buffer, record.Meter);
        Append(buffer, record.Quantity);
        Append(buffer, record.Sku);
        Append(buffer, record.Region);
        Append(buffer, record.ResourceId);
        Append(buffer, record.Dimensions);

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(buffer.WrittenSpan, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    private static void Append(ArrayBufferWriter<byte> buffer, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(buffer.GetSpan(sizeof(long)), value);
        buffer.Advance(sizeof(long));
    }

    // The length stands before the text, so that no two different records run together into the same bytes.
    private static void Append(ArrayBufferWriter<byte> buffer, ReadOnlyMemory<byte> text)
    {
        var span = buffer.GetSpan(sizeof(int) + text.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span, text.IsEmpty ? -1 : text.Length);
        text.Span.CopyTo(span[sizeof(int)..]);
        buffer.Advance(sizeof(int) + text.Length);
    }
}
