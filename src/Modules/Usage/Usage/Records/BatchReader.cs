using System.Text.Json;

namespace Licensing.Usage.Records;

/// <summary>
/// Reads <c>{"records":[…]}</c>. What is not that form is a <see cref="JsonException"/> and refuses the batch; what is wrong within
/// one record refuses that record.
/// </summary>
internal static class BatchReader
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    public static Result<IReadOnlyList<RecordDraft>> Read(ReadOnlySpan<byte> body)
    {
        if (body.StartsWith(ByteOrderMark))
            body = body[ByteOrderMark.Length..];
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 32 });
        List<RecordDraft>? records = null;
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
            throw Malformed("The body must be an object with records.", "$");
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            if (RecordReader.Text(ref reader) is var name and not "records")
                throw Malformed($"Unknown property {name}.", "$");
            if (records is not null)
                throw Malformed("records is given twice.", "$.records");
            reader.Read();
            if (reader.TokenType is not JsonTokenType.StartArray)
                throw Malformed("records must be an array.", "$.records");
            records = [];
            while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
            {
                if (records.Count == IngestUsage.MostRecords)
                    return BatchRefusals.TooManyRecords;
                records.Add(RecordReader.Read(ref reader, records.Count));
            }
        }

        // Anything but space behind the object is an error of the reader's own.
        reader.Read();
        return records ?? throw Malformed("Required properties are missing: 'records'.", "$");
    }

    internal static JsonException Malformed(string message, string path) => new(message, path, null, null);
}

/// <summary>Reads one record of a batch.</summary>
internal static class RecordReader
{
    public const int LongestId = 128;
    private const int LongestText = 256;
    private const int LongestNumber = 40;
    private const int MostDimensions = 20;
    private const int LongestDimensionKey = 64;

    private static readonly string[] Fields =
        ["id", "subscriptionId", "tenantExternalId", "sku", "meter", "quantity", "start", "end", "region", "resourceId", "dimensions"];

    private static readonly byte[][] FieldNames = [.. Fields.Select(System.Text.Encoding.UTF8.GetBytes)];

    public static RecordDraft Read(ref Utf8JsonReader reader, int index)
    {
        var record = new RecordDraft(index);
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            record.Refuse(RecordRefusals.NotAnObject);
            reader.Skip();
            return record;
        }

        var seen = 0;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var field = FieldOf(ref reader);
            if (field < 0)
                record.Refuse(RecordRefusals.UnknownProperty(Shortened(Text(ref reader))));
            else if ((seen & (1 << field)) != 0)
                record.Refuse(RecordRefusals.DuplicateProperty(Fields[field]));
            reader.Read();
            if (field < 0 || (seen & (1 << field)) != 0)
            {
                reader.Skip();
                continue;
            }

            seen |= 1 << field;
            if (reader.TokenType is not JsonTokenType.Null)
                Assign(ref reader, record, field);
        }

        return record;
    }

    private static void Assign(ref Utf8JsonReader reader, RecordDraft record, int field)
    {
        switch (Fields[field])
        {
            case "id":
                record.Id = ReadText(ref reader, record, "id", LongestId);
                break;
            case "subscriptionId":
                if (ReadText(ref reader, record, "subscriptionId", LongestText) is not { } text)
                    break;
                if (Guid.TryParseExact(text, "D", out var id))
                    record.SubscriptionId = new(id);
                else
                    record.Refuse(RecordRefusals.InvalidSubscriptionId);
                break;
            case "tenantExternalId":
                record.TenantExternalId = ReadText(ref reader, record, "tenantExternalId", LongestText);
                break;
            case "sku":
                record.Sku = ReadText(ref reader, record, "sku", LongestText);
                break;
            case "meter":
                record.Meter = ReadText(ref reader, record, "meter", LongestText);
                break;
            case "quantity":
                record.Quantity = ReadQuantity(ref reader, record);
                break;
            case "start":
                record.Start = ReadTime(ref reader, record, "start");
                break;
            case "end":
                record.End = ReadTime(ref reader, record, "end");
                break;
            case "region":
                record.Region = ReadText(ref reader, record, "region", LongestText);
                break;
            case "resourceId":
                record.ResourceId = ReadText(ref reader, record, "resourceId", LongestText);
                break;
            case "dimensions":
                record.Dimensions = ReadDimensions(ref reader, record);
                break;
        }
    }

    // Compared as bytes: the reader's own comparison throws at names that are no text.
    private static int FieldOf(ref Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped)
            return Array.IndexOf(Fields, Text(ref reader));
        for (var field = 0; field < FieldNames.Length; field++)
            if (reader.ValueSpan.SequenceEqual(FieldNames[field]))
                return field;
        return -1;
    }

    private static string? ReadText(ref Utf8JsonReader reader, RecordDraft record, string field, int most)
    {
        if (reader.TokenType is not JsonTokenType.String)
        {
            record.Refuse(RecordRefusals.WrongType(field));
            reader.Skip();
            return null;
        }

        var text = Text(ref reader);
        if (text.Length == 0)
            record.Refuse(RecordRefusals.Empty(field));
        else if (text.Length > most)
            record.Refuse(RecordRefusals.TooLong(field, most));
        else if (text.AsSpan().ContainsAnyInRange('\0', '\u001f'))
            record.Refuse(RecordRefusals.ControlCharacter(field));
        else
            return text;
        return null;
    }

    // A number is taken by its digits as they were sent: through a double it would lose some.
    private static string? ReadQuantity(ref Utf8JsonReader reader, RecordDraft record)
    {
        if (Decimal(ref reader) is { } text)
            return RecordContent.Canonical(text);
        record.Refuse(RecordRefusals.InvalidQuantity);
        reader.Skip();
        return null;
    }

    private static string? Decimal(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number) || reader.ValueSpan.Length > LongestNumber
            || reader.ValueIsEscaped)
            return null;
        var text = System.Text.Encoding.Latin1.GetString(reader.ValueSpan);
        return DecimalStrings.IsValid(text) ? text : null;
    }

    private static DateTimeOffset? ReadTime(ref Utf8JsonReader reader, RecordDraft record, string field)
    {
        // Many writers escape the plus of an offset.
        if (reader.TokenType is JsonTokenType.String
            && Rfc3339.TryRead(reader.ValueIsEscaped ? System.Text.Encoding.UTF8.GetBytes(Text(ref reader)) : reader.ValueSpan, out var time))
            return time;
        record.Refuse(RecordRefusals.InvalidTime(field));
        reader.Skip();
        return null;
    }

    // Bounded and flat: what comes in here is stored and indexed by nobody, but it is stored for every record.
    private static string? ReadDimensions(ref Utf8JsonReader reader, RecordDraft record)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            record.Refuse(RecordRefusals.InvalidDimensions("must be an object of strings, numbers and booleans"));
            reader.Skip();
            return null;
        }

        var dimensions = new SortedDictionary<string, string>(StringComparer.Ordinal);
        string? broken = null;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var key = Text(ref reader);
            reader.Read();
            var value = DimensionValue(ref reader);
            broken ??= value is null ? $"have strings of at most {LongestText} characters, plain decimals and booleans as values"
                : key.Length is 0 or > LongestDimensionKey || key.Contains('\0') ? $"have keys of 1 to {LongestDimensionKey} characters"
                : dimensions.Count == MostDimensions ? $"are at most {MostDimensions}"
                : !dimensions.TryAdd(JsonSerializer.Serialize(key), value) ? "name each key once"
                : null;
            reader.Skip();
        }

        if (broken is not null)
            record.Refuse(RecordRefusals.InvalidDimensions(broken));
        return dimensions.Count == 0 ? null : $"{{{string.Join(',', dimensions.Select(d => $"{d.Key}:{d.Value}"))}}}";
    }

    private static string? DimensionValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.True or JsonTokenType.False:
                return reader.TokenType is JsonTokenType.True ? "true" : "false";
            case JsonTokenType.Number:
                return Decimal(ref reader) is { } number ? RecordContent.Canonical(number) : null;
            case JsonTokenType.String:
                var text = Text(ref reader);
                return text.Length > LongestText || text.Contains('\0') ? null : JsonSerializer.Serialize(text);
            default:
                return null;
        }
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
            throw BatchReader.Malformed("A text is not valid UTF-8, or has half a surrogate pair.", "$");
        }
    }

    private static string Shortened(string name) => name.Length <= 64 ? name : name[..64] + "…";
}
