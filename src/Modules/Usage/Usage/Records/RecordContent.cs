using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Licensing.Usage.Records;

/// <summary>
/// What makes two records with one id the same record: a hash over the resolved values, so that another spelling (1.0 and 1, an
/// offset and Z, another order of properties) is still the same.
/// </summary>
internal static class RecordContent
{
    public static Guid HashOf(RecordDraft record, ArrayBufferWriter<byte> buffer)
    {
        buffer.ResetWrittenCount();
        Span<byte> head = stackalloc byte[16];
        record.Target!.Id.Value.TryWriteBytes(head, bigEndian: true, out _);
        buffer.Write(head);
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
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <summary>1.50 → 1.5, 007 → 7, -0 → 0; the text must be a valid decimal.</summary>
    public static string Canonical(string quantity)
    {
        var negative = quantity[0] == '-';
        var digits = quantity.AsSpan(negative ? 1 : 0).TrimStart('0');
        if (digits.Contains('.'))
            digits = digits.TrimEnd('0').TrimEnd('.');
        if (digits.IsEmpty)
            return "0";
        var whole = digits[0] == '.' ? "0" : "";
        return $"{(negative ? "-" : "")}{whole}{digits}";
    }

    private static void Append(ArrayBufferWriter<byte> buffer, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(buffer.GetSpan(sizeof(long)), value);
        buffer.Advance(sizeof(long));
    }

    // The length stands before the text, so that no two different records run together into the same bytes.
    private static void Append(ArrayBufferWriter<byte> buffer, string? text)
    {
        BinaryPrimitives.WriteInt32LittleEndian(buffer.GetSpan(sizeof(int)), text is null ? -1 : Encoding.UTF8.GetByteCount(text));
        buffer.Advance(sizeof(int));
        if (text is not null)
            Encoding.UTF8.GetBytes(text, buffer);
    }
}
