using System.Buffers.Binary;

namespace Licensing.Usage.Records;

/// <summary>Records, and their keys, as PostgreSQL's binary COPY takes them: encoded once, by whoever read the request.</summary>
internal static class RecordRow
{
    public const string Copy = """
        copy usage.records (received_at, started_at, ended_at, day, batch_id, tenant_id, subscription_id, quantity, record_id, owner_path, meter,
            sku, region, resource_id, dimensions) from stdin (format binary)
        """;

    public const string CopyKeys = "copy usage.record_keys (record_key, tenant_id, content_hash, batch_id, day) from stdin (format binary)";

    /// <summary>What a row of keys takes.</summary>
    public const int KeyLength = 2 + 4 * (4 + 16) + 4 + 4;

    private const short Columns = 15;
    private const short KeyColumns = 5;

    // Everything but the texts, with a quantity of the most digits there may be.
    private const int MostFixed = 2 + Columns * 4 + 3 * 8 + 4 + 3 * 16 + 8 + 2 * 12 + 1;

    private static readonly int Epoch = new DateOnly(2000, 1, 1).DayNumber;
    private static readonly long EpochTicks = new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    // Signature, flags and the length of an extension that is not there.
    public static ReadOnlyMemory<byte> Header { get; } = (byte[])
        [(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xFF, (byte)'\r', (byte)'\n', 0, 0, 0, 0, 0, 0, 0, 0, 0];

    public static ReadOnlyMemory<byte> Trailer { get; } = (byte[])[0xFF, 0xFF];

    public static int MostLength(RecordDraft record) => MostFixed + record.Id.Length + record.OwnerPath!.Length + record.Meter.Length
        + record.Sku.Length + record.Region.Length + record.ResourceId.Length + record.Dimensions.Length;

    /// <param name="record">Checked and resolved.</param>
    /// <param name="batch">Its batch.</param>
    /// <param name="receivedAt">When.</param>
    /// <param name="into">At least <see cref="MostLength"/>.</param>
    /// <param name="idAt">Where the record's id begins.</param>
    /// <returns>How long the row is.</returns>
    public static int Write(RecordDraft record, UInt128 batch, DateTimeOffset receivedAt, Span<byte> into, out int idAt)
    {
        BinaryPrimitives.WriteInt16BigEndian(into, Columns);
        var at = 2;
        Time(into, ref at, receivedAt);
        Time(into, ref at, record.Start!.Value);
        if (record.End is { } end)
            Time(into, ref at, end);
        else
            Null(into, ref at);
        Day(into, ref at, record.Day.DayNumber);
        Uuid(into, ref at, batch);
        Uuid(into, ref at, record.Target!.Tenant);
        Uuid(into, ref at, record.Target.Key);
        Numeric(into, ref at, record.Quantity.Span);
        idAt = at + 4;
        Text(into, ref at, record.Id.Span);
        Text(into, ref at, record.OwnerPath);
        Text(into, ref at, record.Meter.Span);
        Text(into, ref at, record.Sku.Span);
        Text(into, ref at, record.Region.Span);
        if (record.ResourceId.IsEmpty)
            Null(into, ref at);
        else
            Text(into, ref at, record.ResourceId.Span);
        if (record.Dimensions.IsEmpty)
            Null(into, ref at);
        else
            Jsonb(into, ref at, record.Dimensions.Span);
        return at;
    }

    public static void WriteKey(in RecordEntry entry, UInt128 batch, Span<byte> into)
    {
        BinaryPrimitives.WriteInt16BigEndian(into, KeyColumns);
        var at = 2;
        Uuid(into, ref at, entry.Key);
        Uuid(into, ref at, entry.Tenant);
        Uuid(into, ref at, entry.Hash);
        Uuid(into, ref at, batch);
        Day(into, ref at, entry.Day);
    }

    private static void Length(Span<byte> into, ref int at, int length)
    {
        BinaryPrimitives.WriteInt32BigEndian(into[at..], length);
        at += 4;
    }

    private static void Null(Span<byte> into, ref int at) => Length(into, ref at, -1);

    private static void Time(Span<byte> into, ref int at, DateTimeOffset time)
    {
        Length(into, ref at, 8);
        var microseconds = (time.UtcTicks - EpochTicks) / TimeSpan.TicksPerMicrosecond;
        BinaryPrimitives.WriteInt64BigEndian(into[at..], microseconds);
        at += 8;
    }

    private static void Day(Span<byte> into, ref int at, int day)
    {
        Length(into, ref at, 4);
        BinaryPrimitives.WriteInt32BigEndian(into[at..], day - Epoch);
        at += 4;
    }

    private static void Uuid(Span<byte> into, ref int at, UInt128 value)
    {
        Length(into, ref at, 16);
        BinaryPrimitives.WriteUInt128BigEndian(into[at..], value);
        at += 16;
    }

    private static void Text(Span<byte> into, ref int at, ReadOnlySpan<byte> text)
    {
        Length(into, ref at, text.Length);
        text.CopyTo(into[at..]);
        at += text.Length;
    }

    private static void Jsonb(Span<byte> into, ref int at, ReadOnlySpan<byte> text)
    {
        Length(into, ref at, text.Length + 1);
        into[at++] = 1;
        text.CopyTo(into[at..]);
        at += text.Length;
    }

    /// <summary>
    /// Digits in groups of four around the point; 38 of them are more than a decimal holds. Neither the first group nor the last is zero.
    /// </summary>
    private static void Numeric(Span<byte> into, ref int at, ReadOnlySpan<byte> text)
    {
        var negative = text[0] == '-';
        if (negative)
            text = text[1..];
        var point = text.IndexOf((byte)'.');
        var whole = point < 0 ? text : text[..point];
        var places = point < 0 ? [] : text[(point + 1)..];
        Span<short> groups = stackalloc short[12];
        var count = 0;
        for (var i = 0; i < whole.Length;)
        {
            var end = i + ((whole.Length - i - 1) % 4) + 1;
            groups[count++] = Group(whole[i..end], end - i);
            i = end;
        }

        var weight = count - 1;
        for (var i = 0; i < places.Length; i += 4)
            groups[count++] = Group(places[i..Math.Min(i + 4, places.Length)], 4);
        var first = 0;
        for (; first < count && groups[first] == 0; first++)
            weight--;
        while (count > first && groups[count - 1] == 0)
            count--;

        Length(into, ref at, 8 + 2 * (count - first));
        BinaryPrimitives.WriteInt16BigEndian(into[at..], (short)(count - first));
        BinaryPrimitives.WriteInt16BigEndian(into[(at + 2)..], (short)(count == first ? 0 : weight));
        BinaryPrimitives.WriteInt16BigEndian(into[(at + 4)..], (short)(negative ? 0x4000 : 0));
        BinaryPrimitives.WriteInt16BigEndian(into[(at + 6)..], (short)places.Length);
        at += 8;
        for (var i = first; i < count; i++, at += 2)
            BinaryPrimitives.WriteInt16BigEndian(into[at..], groups[i]);
    }

    private static short Group(ReadOnlySpan<byte> digits, int width)
    {
        var value = 0;
        for (var i = 0; i < width; i++)
            value = value * 10 + (i < digits.Length ? digits[i] - '0' : 0);
        return (short)value;
    }
}
