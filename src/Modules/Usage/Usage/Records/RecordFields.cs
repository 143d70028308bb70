using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Licensing.Usage.Records;

/// <summary>What each field of a record may be, whatever form it came in.</summary>
internal static class RecordFields
{
    public const int LongestId = 128;
    public const int LongestText = 256;
    public const int LongestNumber = 40;
    public const int MostDimensions = 20;
    public const int LongestDimensionKey = 64;

    private const int MostDigits = 20;
    private const int MostPlaces = 18;

    /// <summary>Takes the text of a field, which is UTF-8 already proven or proven here.</summary>
    /// <returns>The text; empty where it was refused.</returns>
    public static ReadOnlyMemory<byte> Text(RecordDraft record, string field, ReadOnlyMemory<byte> text, int most = LongestText)
    {
        if (!Utf8.IsValid(text.Span))
            throw BatchBody.NotText();
        if (text.IsEmpty)
            record.Refuse(RecordRefusals.Empty(field));
        else if (text.Length > most && Encoding.UTF8.GetCharCount(text.Span) > most)
            record.Refuse(RecordRefusals.TooLong(field, most));
        else if (text.Span.ContainsAnyInRange((byte)0, (byte)0x1f))
            record.Refuse(RecordRefusals.ControlCharacter(field));
        else
            return text;
        return default;
    }

    public static void Subscription(RecordDraft record, ReadOnlyMemory<byte> text)
    {
        if (Text(record, "subscriptionId", text) is { IsEmpty: false } given)
            if (Utf8Parser.TryParse(given.Span, out Guid id, out var read, 'D') && read == given.Length)
                record.SubscriptionId = id;
            else
                record.Refuse(RecordRefusals.InvalidSubscriptionId);
    }

    // A number is taken by its digits as they were sent: through a double it would lose some.
    public static ReadOnlyMemory<byte> Quantity(RecordDraft record, ReadOnlyMemory<byte> text)
    {
        if (IsDecimal(text.Span))
            return Canonical(text);
        record.Refuse(RecordRefusals.InvalidQuantity);
        return default;
    }

    public static DateTimeOffset? Time(RecordDraft record, string field, ReadOnlySpan<byte> text)
    {
        if (Rfc3339.TryRead(text, out var time))
            return time;
        record.Refuse(RecordRefusals.InvalidTime(field));
        return null;
    }

    /// <summary>The form of <see cref="DecimalStrings"/>: digits, perhaps a minus before and a point within.</summary>
    public static bool IsDecimal(ReadOnlySpan<byte> text)
    {
        if (text.Length > LongestNumber)
            return false;
        if (text is [(byte)'-', ..])
            text = text[1..];
        var whole = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (whole < 0)
            return text.Length is >= 1 and <= MostDigits;
        var places = text[(whole + 1)..];
        return whole is >= 1 and <= MostDigits && text[whole] == '.' && places.Length is >= 1 and <= MostPlaces
            && !places.ContainsAnyExceptInRange((byte)'0', (byte)'9');
    }

    /// <summary>1.50 → 1.5, 007 → 7, -0 → 0; the text must be a valid decimal.</summary>
    public static ReadOnlyMemory<byte> Canonical(ReadOnlyMemory<byte> text)
    {
        var span = text.Span;
        var negative = span[0] == '-';
        var from = negative ? 1 : 0;
        var point = span.IndexOf((byte)'.');
        while (from < span.Length - 1 && from + 1 != point && span[from] == '0')
            from++;
        var until = span.Length;
        if (point >= 0)
        {
            while (span[until - 1] == '0')
                until--;
            if (until - 1 == point)
                until--;
        }

        var digits = text[from..until];
        if (!negative || digits.Span.SequenceEqual("0"u8))
            return digits;
        // Mostly the minus stands just before the first digit that counts.
        return from == 1 ? text[..until] : (byte[])[(byte)'-', .. digits.Span];
    }

    /// <summary>One key and value of the dimensions as JSON.</summary>
    /// <returns>Why the dimensions are not taken, or null.</returns>
    public static string? Add(SortedDictionary<string, string> dimensions, string key, string? value) =>
        value is null ? $"have strings of at most {LongestText} characters, plain decimals and booleans as values"
        : key.Length is 0 or > LongestDimensionKey || key.Contains('\0') ? $"have keys of 1 to {LongestDimensionKey} characters"
        : dimensions.Count == MostDimensions ? $"are at most {MostDimensions}"
        : !dimensions.TryAdd(JsonSerializer.Serialize(key), value) ? "name each key once"
        : null;

    public static string? DimensionText(string text) =>
        text.Length > LongestText || text.Contains('\0') ? null : JsonSerializer.Serialize(text);

    public static ReadOnlyMemory<byte> Json(SortedDictionary<string, string> dimensions) => dimensions.Count == 0
        ? default
        : Encoding.UTF8.GetBytes($"{{{string.Join(',', dimensions.Select(d => $"{d.Key}:{d.Value}"))}}}");
}
