using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Numbers;

/// <summary>One thing wrong with an import of numbers.</summary>
/// <param name="Row">As a spreadsheet numbers them: the header is 1.</param>
/// <param name="Column">Its name in the header; empty where the whole row is at fault.</param>
/// <param name="Code">The rule, snake_case.</param>
/// <param name="Message">A sentence that names row, column and rule.</param>
internal sealed record NumberRowError(int Row, string Column, string Code, string Message)
{
    public static NumberRowError Of(int row, string column, string code, string rule) =>
        new(row, column, code, $"Row {row}{(column.Length == 0 ? "" : $", {column}")}: {rule}");

    public FieldError ToField() => new($"/rows/{Row}{(Column.Length == 0 ? "" : $"/{PointerToken.Escape(Column)}")}", Code, Message);
}

/// <summary>A row that can be loaded.</summary>
internal sealed record NumberRow(int Row, NewNumber Number);

/// <summary>Numbers as CSV: <c>number,country,type</c> and, if wanted, <c>locality</c>. Says everything that is wrong with a file at once.</summary>
internal static class NumberCsv
{
    public const string ContentType = "text/csv";
    public const int MostBytes = 8 * 1024 * 1024;

    /// <summary>Of one request; the terminal takes files of any length.</summary>
    public const int MostRows = 10_000;

    private const string Number = "number", Country = "country", Type = "type", Locality = "locality";
    private const int MostColumns = 50;
    private static readonly string[] Needed = [Number, Country, Type];
    private static readonly string[] Known = [.. Needed, Locality];
    private static readonly CsvConfiguration Format = new(CultureInfo.InvariantCulture) { IgnoreBlankLines = false, BadDataFound = null };
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static Result<string> TextOf(ReadOnlySpan<byte> body)
    {
        try
        {
            return Strict.GetString(body.StartsWith(Encoding.UTF8.Preamble) ? body[Encoding.UTF8.Preamble.Length..] : body);
        }
        catch (DecoderFallbackException)
        {
            return NumberRefusals.NotUtf8;
        }
    }

    /// <returns>The rows that can be loaded, as far as the file alone tells; only the header's errors when it has any.</returns>
    public static (List<NumberRow> Rows, RowErrors Errors) Read(string text, int mostRows)
    {
        var (rows, errors, seen) = (new List<NumberRow>(), new RowErrors(), new Dictionary<string, int>(StringComparer.Ordinal));
        using var csv = new CsvParser(new StringReader(text), Format);
        var header = csv.Read() ? csv.Record!.Select(c => c.Trim()).ToList() : [];
        errors.AddRange(Header(header));
        if (errors.Count > 0)
            return (rows, errors);

        for (var (number, read) = (2, 0); csv.Read(); number++)
        {
            var cells = csv.Record!;
            if (cells.All(c => c.Length == 0))
                continue;
            if (read++ == mostRows)
            {
                errors.Add(NumberRowError.Of(number, "", "too_many_rows", $"an import has at most {mostRows} rows; send the rest in another."));
                break;
            }

            if (cells.Length != header.Count)
                errors.Add(NumberRowError.Of(number, "", "cells", $"it has {cells.Length} cells, the header {header.Count}."));
            else if (Row(number, header.Zip(cells, KeyValuePair.Create).ToDictionary(c => c.Key, c => c.Value.Trim(), StringComparer.Ordinal), errors) is not { } row)
                continue;
            else if (!seen.TryAdd(row.Number.Number, number))
                errors.Add(NumberRowError.Of(number, Number, "duplicate", $"row {seen[row.Number.Number]} is the same number."));
            else
                rows.Add(row);
        }

        return (rows, errors);
    }

    /// <summary>What is wrong with rows whose numbers are in a pool already.</summary>
    public static IEnumerable<NumberRowError> Loaded(IEnumerable<NumberRow> rows, IReadOnlySet<string> loaded) =>
        rows.Where(r => loaded.Contains(r.Number.Number)).Select(r => NumberRowError.Of(r.Row, Number, "number_loaded", $"{r.Number.Number} is in a pool already."));

    private static NumberRow? Row(int row, Dictionary<string, string> cells, RowErrors errors)
    {
        var (before, locality) = (errors.Count, cells.GetValueOrDefault(Locality) is { Length: > 0 } named ? named : null);
        if (!NumberRules.IsE164(cells[Number]))
            errors.Add(NumberRowError.Of(row, Number, "malformed", $"number must be {NumberRules.E164Rule}."));
        if (!NumberRules.IsCountry(cells[Country]))
            errors.Add(NumberRowError.Of(row, Country, "unknown_country", "country must be an ISO 3166-1 alpha-2 code such as DE."));
        var type = Enum.GetNames<NumberType>().FirstOrDefault(n => n.Equals(cells[Type], StringComparison.OrdinalIgnoreCase));
        if (type is null)
            errors.Add(NumberRowError.Of(row, Type, "unknown", $"type must be one of {string.Join(", ", Enum.GetNames<NumberType>())}."));
        if (!NumberRules.IsLocality(locality))
            errors.Add(NumberRowError.Of(row, Locality, "malformed", $"locality must have at most {NumberRules.LongestLocality} characters, none of them a control character."));
        return errors.Count == before ? new NumberRow(row, new NewNumber(cells[Number], cells[Country], Enum.Parse<NumberType>(type!), locality)) : null;
    }

    private static IEnumerable<NumberRowError> Header(List<string> header)
    {
        if (header.Count > MostColumns)
        {
            yield return NumberRowError.Of(1, "", "too_many_columns",
                $"the header has {header.Count} columns; there are {string.Join(", ", Known)}.");
            yield break;
        }

        foreach (var needed in Needed.Where(n => !header.Contains(n)))
            yield return NumberRowError.Of(1, needed, "required_column", $"the header must have the column {needed}.");
        foreach (var unknown in header.Where(name => !Known.Contains(name)).Distinct())
            yield return NumberRowError.Of(
                1, RowErrors.Quote(unknown), "unknown_column", $"{RowErrors.Quote(unknown)} is not a column; there are {string.Join(", ", Known)}.");
        foreach (var twice in header.GroupBy(name => name).Where(g => g.Count() > 1))
            yield return NumberRowError.Of(1, RowErrors.Quote(twice.Key), "duplicate", $"the column {RowErrors.Quote(twice.Key)} is there twice.");
    }
}
