using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;

namespace Licensing.Billing.Runs;

/// <summary>
/// Rows in PostgreSQL's binary COPY format, made while nothing waits for them. The driver's own writer takes about as long per column as the
/// server; with 22 columns a line that was the largest part of a run.
/// </summary>
internal sealed class CopyBuffer
{
    private const int DaysFrom0001To2000 = 730_119;
    private const long TicksOf2000 = 630_822_816_000_000_000;

    private const int LargestKept = 16 * 1024 * 1024;

    // Those of a chunk are of megabytes: made anew for each they would be most of what there is to collect, and of the costly kind.
    private static readonly ConcurrentBag<ArrayBufferWriter<byte>> Idle = [];

    private readonly ArrayBufferWriter<byte> _bytes = Idle.TryTake(out var used) ? used : new(64 * 1024);

    public CopyBuffer()
    {
        _bytes.Write("PGCOPY\n"u8);
        // The rest of the signature, which is no UTF-8, then no flags and no extension.
        _bytes.Write((ReadOnlySpan<byte>)[0xFF, 0x0D, 0x0A, 0x00, 0, 0, 0, 0, 0, 0, 0, 0]);
    }

    public int Rows { get; private set; }

    /// <summary>For the next one to use; what <see cref="End"/> gave is no more.</summary>
    public void GiveBack()
    {
        _bytes.ResetWrittenCount();
        if (_bytes.Capacity <= LargestKept)
            Idle.Add(_bytes);
    }

    public ReadOnlyMemory<byte> End()
    {
        Int16(-1);
        return _bytes.WrittenMemory;
    }

    public void Row(short columns)
    {
        Rows++;
        Int16(columns);
    }

    public void Null() => Int32(-1);

    public void Bool(bool value)
    {
        Int32(1);
        Take(1)[0] = value ? (byte)1 : (byte)0;
    }

    public void Integer(int value)
    {
        Int32(4);
        Int32(value);
    }

    public void Uuid(Guid value)
    {
        Int32(16);
        value.TryWriteBytes(Take(16), bigEndian: true, out _);
    }

    public void Date(DateOnly value)
    {
        Int32(4);
        Int32(value.DayNumber - DaysFrom0001To2000);
    }

    public void Timestamp(DateTimeOffset value)
    {
        Int32(8);
        BinaryPrimitives.WriteInt64BigEndian(Take(8), (value.UtcTicks - TicksOf2000) / TimeSpan.TicksPerMicrosecond);
    }

    public void Text(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Int32(length);
        Encoding.UTF8.GetBytes(value, Take(length));
    }

    public void Jsonb(ReadOnlySpan<byte> json)
    {
        Int32(json.Length + 1);
        var bytes = Take(json.Length + 1);
        bytes[0] = 1;
        json.CopyTo(bytes[1..]);
    }

    /// <summary>Digits of four places each, as the server keeps them; exact, with the value's own scale.</summary>
    public void Numeric(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var scale = (bits[3] >> 16) & 0xFF;
        var left = new UInt128((uint)bits[2], ((ulong)(uint)bits[1] << 32) | (uint)bits[0]);
        for (var places = scale; places % 4 != 0; places++)
            left *= 10;
        Span<short> digits = stackalloc short[12];
        var count = 0;
        for (; left != 0 && left > ulong.MaxValue; left /= 10_000)
            digits[count++] = (short)(ushort)(left % 10_000);
        for (var small = (ulong)left; small != 0; small /= 10_000)
            digits[count++] = (short)(small % 10_000);

        var fraction = (scale + 3) / 4;
        Int32(8 + 2 * count);
        Int16((short)count);
        Int16((short)(count - fraction - 1));
        Int16(value < 0 ? (short)0x4000 : (short)0);
        Int16((short)scale);
        for (var i = count - 1; i >= 0; i--)
            Int16(digits[i]);
    }

    private void Int16(short value) => BinaryPrimitives.WriteInt16BigEndian(Take(2), value);

    private void Int32(int value) => BinaryPrimitives.WriteInt32BigEndian(Take(4), value);

    private Span<byte> Take(int length)
    {
        var span = _bytes.GetSpan(length)[..length];
        _bytes.Advance(length);
        return span;
    }
}
