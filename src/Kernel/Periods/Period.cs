using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Licensing.Kernel;

/// <summary>Whole days of the billing time zone, half-open: <see cref="Start"/> counts, <see cref="End"/> does not. At least one day.</summary>
[JsonConverter(typeof(PeriodJsonConverter))]
public readonly record struct Period
{
    private const string DayFormat = "yyyy-MM-dd";

    /// <exception cref="ArgumentException"><paramref name="end"/> is not after <paramref name="start"/>.</exception>
    public Period(DateOnly start, DateOnly end)
    {
        if (end <= start)
            throw new ArgumentException($"A period ends after it starts; {start:yyyy-MM-dd} to {end:yyyy-MM-dd} does not.", nameof(end));
        (Start, End) = (start, end);
    }

    public DateOnly Start { get; }

    public DateOnly End { get; }

    public int Days => End.DayNumber - Start.DayNumber;

    /// <summary>A calendar month.</summary>
    public static Period Month(int year, int month)
    {
        var start = new DateOnly(year, month, 1);
        return new(start, start.AddMonths(1));
    }

    public bool Contains(DateOnly day) => Start <= day && day < End;

    public bool Contains(Period other) => Start <= other.Start && other.End <= End;

    /// <summary>The days in both; null when there are none.</summary>
    public Period? Intersect(Period other)
    {
        var start = Start > other.Start ? Start : other.Start;
        var end = End < other.End ? End : other.End;
        return start < end ? new(start, end) : null;
    }

    /// <summary>
    /// Reads a month <c>yyyy-MM</c>, or days <c>yyyy-MM-dd/yyyy-MM-dd</c> or <c>[yyyy-MM-dd,yyyy-MM-dd)</c>, the last one not included.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Period period)
    {
        period = default;
        if (text is null)
            return false;
        if (DateOnly.TryParseExact(text, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.None, out var month))
            return month.Year < 9999 && TryCreate(month, month.AddMonths(1), out period);

        var days = text.StartsWith('[') && text.EndsWith(')') ? text[1..^1].Split(',') : text.Split('/');
        return days.Length == 2 && TryDay(days[0].Trim(), out var start) && TryDay(days[1].Trim(), out var end) && TryCreate(start, end, out period);
    }

    /// <summary>Reads a month <c>yyyy-MM</c>, and nothing else that a period may be.</summary>
    public static bool TryParseMonth([NotNullWhen(true)] string? text, out Period month)
    {
        month = default;
        return text?.Length == "yyyy-MM".Length && TryParse(text, out month);
    }

    /// <exception cref="FormatException"><paramref name="text"/> is neither a month nor a range of days.</exception>
    public static Period Parse(string text) =>
        TryParse(text, out var period) ? period : throw new FormatException($"'{text}' is neither yyyy-MM nor a range of days.");

    /// <summary>False when <paramref name="end"/> is not after <paramref name="start"/>.</summary>
    public static bool TryCreate(DateOnly start, DateOnly end, out Period period)
    {
        period = start < end ? new(start, end) : default;
        return start < end;
    }

    public override string ToString() => $"{Start:yyyy-MM-dd}/{End:yyyy-MM-dd}";

    internal static bool TryDay(string? text, out DateOnly day) =>
        DateOnly.TryParseExact(text, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out day);
}

/// <summary><c>{"start":"2024-03-01","end":"2024-04-01"}</c>; on reading also any text that <see cref="Period.TryParse"/> takes.</summary>
public sealed class PeriodJsonConverter : JsonConverter<Period>
{
    public override Period Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
            return Period.TryParse(reader.GetString(), out var parsed) ? parsed : throw new JsonException("A period is yyyy-MM or a range of days.");
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("A period is an object of start and end.");

        DateOnly? start = null, end = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            if (name is not ("start" or "end"))
                throw new JsonException($"Unknown property {name}.");
            reader.Read();
            if (reader.TokenType != JsonTokenType.String || !Period.TryDay(reader.GetString(), out var day))
                throw new JsonException("The start and end of a period are days, yyyy-MM-dd.");
            switch (name)
            {
                case "start" when start is null: start = day; break;
                case "end" when end is null: end = day; break;
                default: throw new JsonException($"{name} is given twice.");
            }
        }

        return start is { } first && end is { } last && Period.TryCreate(first, last, out var period)
            ? period
            : throw new JsonException("A period needs a start and an end after it.");
    }

    public override void Write(Utf8JsonWriter writer, Period value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("start", value.Start.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        writer.WriteString("end", value.End.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        writer.WriteEndObject();
    }
}
