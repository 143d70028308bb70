using System.Buffers.Text;
using System.Globalization;

namespace Licensing.Usage.Records;

/// <summary>
/// Reads an RFC 3339 date-time with its offset, to the microsecond that the database keeps; finer digits are cut. The framework's
/// own parsers take times without offset as local ones. A leap second belongs to the day that it ends, whose last microsecond it is taken for:
/// clocks here have none.
/// </summary>
internal static class Rfc3339
{
    private const int LongestText = 40;
    private const int MicrosecondsPerSecond = 1_000_000;

    /// <summary>The form in which it is told, in UTC, with no more digits than there are.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    public static bool TryRead(ReadOnlySpan<byte> text, out DateTimeOffset time)
    {
        time = default;
        if (text.Length is < 20 or > LongestText
            || text[4] != '-' || text[7] != '-' || text[10] is not ((byte)'T' or (byte)'t') || text[13] != ':' || text[16] != ':'
            || !Digits(text[..4], out var year) || !Digits(text[5..7], out var month) || !Digits(text[8..10], out var day)
            || !Digits(text[11..13], out var hour) || !Digits(text[14..16], out var minute) || !Digits(text[17..19], out var second)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60)
            return false;

        text = text[19..];
        var leap = false;
        long microseconds = 0;
        if (text[0] == '.')
        {
            var digits = 1;
            for (; digits < text.Length && text[digits] is >= (byte)'0' and <= (byte)'9'; digits++)
                if (digits <= 6)
                    microseconds = microseconds * 10 + text[digits] - '0';
            if (digits == 1)
                return false;
            for (var scale = digits; scale <= 6; scale++)
                microseconds *= 10;
            text = text[digits..];
        }

        if (!Offset(text, out var offset))
            return false;

        if (second == 60)
            (second, microseconds, leap) = (59, MicrosecondsPerSecond - 1, true);
        var ticks = new DateTime(year, month, day, hour, minute, second).Ticks + microseconds * TimeSpan.TicksPerMicrosecond - offset.Ticks;
        // They come at the end of a month of UTC, and at no other time.
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks || (leap && !EndsMonth(new DateTime(ticks))))
            return false;
        time = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }

    private static bool EndsMonth(DateTime time) =>
        time is { Hour: 23, Minute: 59 } && time.Day == DateTime.DaysInMonth(time.Year, time.Month);

    private static bool Offset(ReadOnlySpan<byte> text, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (text.Length == 1)
            return text[0] is (byte)'Z' or (byte)'z';
        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':'
            || !Digits(text[1..3], out var hours) || !Digits(text[4..], out var minutes) || hours > 23 || minutes > 59)
            return false;
        offset = new TimeSpan(hours, minutes, 0) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool Digits(ReadOnlySpan<byte> text, out int value) =>
        Utf8Parser.TryParse(text, out value, out var read) && read == text.Length && text[0] is not ((byte)'-' or (byte)'+');
}
