using System.Text;
using System.Text.Json;

namespace Licensing.Usage.Records;

/// <summary>
/// Reads one record where it lies. A record of which the rest has not arrived is not read at all: the caller goes back to its beginning.
/// </summary>
internal sealed class RecordReader
{
    // So many different dimensions of one body, of so many bytes, are recognised: what comes again and again is read once.
    private const int MostKnownDimensions = 256;
    private const int LongestKnownDimensions = 256;

    private static readonly string[] Fields =
        ["id", "subscriptionId", "tenantExternalId", "sku", "meter", "quantity", "start", "end", "region", "resourceId", "dimensions"];

    private static readonly byte[][] FieldNames = [.. Fields.Select(Encoding.UTF8.GetBytes)];

    private readonly Utf8Texts<(ReadOnlyMemory<byte> Json, string? Broken)> _dimensions = new();

    /// <param name="reader">At the first token of the record.</param>
    /// <param name="body">What <paramref name="reader"/> reads.</param>
    /// <param name="record">Becomes it.</param>
    /// <returns>False where the rest of it is still to come.</returns>
    public bool TryRead(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, RecordDraft record)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            record.Refuse(RecordRefusals.NotAnObject);
            return reader.TrySkip();
        }

        var seen = 0;
        while (true)
        {
            if (!reader.Read())
                return false;
            if (reader.TokenType is JsonTokenType.EndObject)
                return true;
            var field = FieldOf(ref reader);
            if (field < 0)
                record.Refuse(RecordRefusals.UnknownProperty(Shortened(Text(ref reader))));
            else if ((seen & (1 << field)) != 0)
                record.Refuse(RecordRefusals.DuplicateProperty(Fields[field]));
            if (!reader.Read())
                return false;
            if (field < 0 || (seen & (1 << field)) != 0)
            {
                if (!reader.TrySkip())
                    return false;
                continue;
            }

            seen |= 1 << field;
            if (reader.TokenType is not JsonTokenType.Null && !TryAssign(ref reader, body, record, field))
                return false;
        }
    }

    private bool TryAssign(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, RecordDraft record, int field)
    {
        switch (field)
        {
            case 0:
                return TryText(ref reader, body, record, "id", out var id)
                    && (record.Id = Checked(record, "id", id, RecordFields.LongestId)) is var _;
            case 1:
                if (!TryText(ref reader, body, record, "subscriptionId", out var subscription))
                    return false;
                if (subscription is { } named)
                    RecordFields.Subscription(record, named);
                return true;
            case 2:
                return TryText(ref reader, body, record, "tenantExternalId", out var tenant)
                    && (record.TenantExternalId = Checked(record, "tenantExternalId", tenant)) is var _;
            case 3:
                return TryText(ref reader, body, record, "sku", out var sku) && (record.Sku = Checked(record, "sku", sku)) is var _;
            case 4:
                return TryText(ref reader, body, record, "meter", out var meter) && (record.Meter = Checked(record, "meter", meter)) is var _;
            case 5:
                return TryQuantity(ref reader, body, record);
            case 6:
                return TryTime(ref reader, record, "start", out var start) && (record.Start = start) is var _;
            case 7:
                return TryTime(ref reader, record, "end", out var end) && (record.End = end) is var _;
            case 8:
                return TryText(ref reader, body, record, "region", out var region) && (record.Region = Checked(record, "region", region)) is var _;
            case 9:
                return TryText(ref reader, body, record, "resourceId", out var resource)
                    && (record.ResourceId = Checked(record, "resourceId", resource)) is var _;
            default:
                return TryDimensions(ref reader, body, record);
        }
    }

    private static ReadOnlyMemory<byte> Checked(RecordDraft record, string field, ReadOnlyMemory<byte>? text, int most = RecordFields.LongestText) =>
        text is { } given ? RecordFields.Text(record, field, given, most) : default;

    // Compared as bytes: the reader's own comparison throws at names that are no text.
    private static int FieldOf(ref Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped)
            return Array.IndexOf(Fields, Text(ref reader));
        var name = reader.ValueSpan;
        for (var field = 0; field < FieldNames.Length; field++)
            if (name.Length == FieldNames[field].Length && name.SequenceEqual(FieldNames[field]))
                return field;
        return -1;
    }

    private static bool TryText(
        ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, RecordDraft record, string field, out ReadOnlyMemory<byte>? text)
    {
        text = null;
        if (reader.TokenType is JsonTokenType.String)
        {
            text = Bytes(ref reader, body);
            return true;
        }

        record.Refuse(RecordRefusals.WrongType(field));
        return reader.TrySkip();
    }

    private static bool TryQuantity(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, RecordDraft record)
    {
        if (reader.TokenType is JsonTokenType.String or JsonTokenType.Number && !reader.ValueIsEscaped)
        {
            record.Quantity = RecordFields.Quantity(record, Bytes(ref reader, body));
            return true;
        }

        record.Refuse(RecordRefusals.InvalidQuantity);
        return reader.TrySkip();
    }

    private static bool TryTime(ref Utf8JsonReader reader, RecordDraft record, string field, out DateTimeOffset? time)
    {
        time = null;
        if (reader.TokenType is JsonTokenType.String)
        {
            // Many writers escape the plus of an offset.
            time = RecordFields.Time(record, field, reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(Text(ref reader)) : reader.ValueSpan);
            return true;
        }

        record.Refuse(RecordRefusals.InvalidTime(field));
        return reader.TrySkip();
    }

    // Bounded and flat: what comes in here is stored and indexed by nobody, but it is stored for every record.
    private bool TryDimensions(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, RecordDraft record)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            record.Refuse(RecordRefusals.InvalidDimensions("must be an object of strings, numbers and booleans"));
            return reader.TrySkip();
        }

        var from = (int)reader.TokenStartIndex;
        if (!reader.TrySkip())
            return false;
        var sent = body.Span[from..(int)reader.BytesConsumed];
        if (!_dimensions.TryGet(sent, out var read))
        {
            read = ReadDimensions(sent);
            if (_dimensions.Count < MostKnownDimensions && sent.Length <= LongestKnownDimensions)
                _dimensions.Add(sent, read);
        }

        if (read.Broken is not null)
            record.Refuse(RecordRefusals.InvalidDimensions(read.Broken));
        record.Dimensions = read.Json;
        return true;
    }

    private static (ReadOnlyMemory<byte> Json, string? Broken) ReadDimensions(ReadOnlySpan<byte> sent)
    {
        var reader = new Utf8JsonReader(sent);
        var dimensions = new SortedDictionary<string, string>(StringComparer.Ordinal);
        string? broken = null;
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var key = Text(ref reader);
            reader.Read();
            var value = DimensionValue(ref reader);
            broken ??= RecordFields.Add(dimensions, key, value);
            reader.Skip();
        }

        return (RecordFields.Json(dimensions), broken);
    }

    private static string? DimensionValue(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.Number => RecordFields.IsDecimal(reader.ValueSpan)
            ? Encoding.ASCII.GetString(RecordFields.Canonical(reader.ValueSpan.ToArray()).Span)
            : null,
        JsonTokenType.String => RecordFields.DimensionText(Text(ref reader)),
        _ => null,
    };

    /// <summary>The value of the token as it lies in the body; decoded where it is escaped.</summary>
    internal static ReadOnlyMemory<byte> Bytes(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
    {
        if (reader.ValueIsEscaped)
            return Encoding.UTF8.GetBytes(Text(ref reader));
        var from = (int)reader.TokenStartIndex + (reader.TokenType is JsonTokenType.Number ? 0 : 1);
        return body.Slice(from, reader.ValueSpan.Length);
    }

    /// <summary>The decoded text of the token; bytes that are no text refuse the whole batch, because no part of it can be trusted then.</summary>
    internal static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw BatchBody.NotText();
        }
    }

    private static string Shortened(string name) => name.Length <= 64 ? name : name[..64] + "…";
}
