using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CsvHelper;
using CsvHelper.Configuration;

using Microsoft.AspNetCore.Http;

namespace Licensing.Kernel.Http;

/// <summary>A row's cells by the column's name.</summary>
/// <param name="Number">As a spreadsheet numbers them: the header is 1.</param>
/// <param name="Cells">As they were written.</param>
public sealed record CsvRow(int Number, IReadOnlyDictionary<string, string> Cells);

/// <summary>One thing wrong with a CSV that was sent.</summary>
/// <param name="Row">As a spreadsheet numbers them: the header is 1.</param>
/// <param name="Column">Its name in the header; empty where the whole row is at fault.</param>
/// <param name="Code">The rule, snake_case.</param>
/// <param name="Message">A sentence that names row, column and rule.</param>
public sealed record RowError(int Row, string Column, string Code, string Message)
{
    public static RowError Of(int row, string column, string code, string rule) =>
        new(row, column, code, $"Row {row}{(column.Length == 0 ? "" : $", {column}")}: {rule}");

    public FieldError ToField() => new($"/rows/{Row}{(Column.Length == 0 ? "" : $"/{PointerToken.Escape(Column)}")}", Code, Message);
}

/// <summary>What is wrong with an import: the first of it, and how much there is. A file may be wrong in more places than anyone reads.</summary>
public sealed class RowErrors
{
    public const int Most = 100;

    private readonly List<RowError> _first = [];

    /// <summary>All of them, also those that are not kept.</summary>
    public int Count { get; private set; }

    /// <summary>Those that are kept, in the order of their rows.</summary>
    public IReadOnlyList<RowError> First => [.. _first.OrderBy(e => e.Row)];

    public void Add(int row, string column, string code, string rule) => AddRange([RowError.Of(row, column, code, rule)]);

    public void AddRange(IEnumerable<RowError> errors)
    {
        foreach (var error in errors)
            if (Count++ < Most)
                _first.Add(error);
    }

    public Refusal ToRefusal() => Refusal.AllFields([.. First.Select(e => e.ToField())]) is var refusal && Count <= Most
        ? refusal
        : refusal with { Message = $"The file breaks rules in {Count} places; the first {Most} that were found are listed." };
}

/// <summary>Reads CSV that was sent and says everything that is wrong with its form at once; what the cells mean is its module's.</summary>
public static partial class CsvImport
{
    public const string ContentType = "text/csv";

    private const int MostColumns = 50, LongestQuote = 60;
    private const string MalformedQuotes = "quotes must stand around a whole cell and be doubled inside it; what is not closed takes the rows below.";
    // The parser finds some misplaced quotes and misses others: where they stand is looked at here.
    private static readonly CsvConfiguration Format = new(CultureInfo.InvariantCulture) { IgnoreBlankLines = false, BadDataFound = null };
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static Refusal TooLarge { get; } = new(RefusalKind.TooLarge, "body_too_large", "The body is larger than this endpoint takes.");

    private static Refusal NotUtf8 { get; } = new(RefusalKind.Malformed, "not_utf8", "The CSV must be encoded in UTF-8.");

    /// <summary>
    /// The body, or null where it is longer than <paramref name="most"/> bytes. The server limits what is on the wire and the decompression
    /// what comes out of it; a server without limits of its own has this.
    /// </summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadUpToAsync(this HttpRequest request, int most, CancellationToken ct)
    {
        using var body = new MemoryStream((int)Math.Clamp(request.ContentLength ?? 0, 4096, most));
        var chunk = new byte[64 * 1024];
        while (await request.Body.ReadAsync(chunk, ct) is var read and > 0)
        {
            if (body.Length + read > most)
                return null;
            body.Write(chunk, 0, read);
        }

        return body.ToArray();
    }

    public static Result<string> TextOf(ReadOnlySpan<byte> body)
    {
        try
        {
            return Strict.GetString(body.StartsWith(Encoding.UTF8.Preamble) ? body[Encoding.UTF8.Preamble.Length..] : body);
        }
        catch (DecoderFallbackException)
        {
            return NotUtf8;
        }
    }

    /// <summary>The rows that have the header's form, one by one; none where the header is wrong.</summary>
    /// <param name="text">The whole file.</param>
    /// <param name="columns">All there are, and whether a file needs them.</param>
    /// <param name="mostRows">Below the header.</param>
    /// <param name="errors">Told of what is wrong.</param>
    public static IEnumerable<CsvRow> Rows(string text, IReadOnlyList<(string Name, bool Needed)> columns, int mostRows, RowErrors errors)
    {
        using var csv = new CsvParser(new StringReader(text), Format);
        var header = csv.Read() ? csv.Record!.Select(c => c.Trim()).ToList() : [];
        if (!WellFormed().IsMatch(csv.RawRecord))
            errors.Add(1, "", "malformed_quotes", MalformedQuotes);
        CheckHeader(header, columns, errors);
        if (errors.Count > 0)
            yield break;
        for (var (number, rows) = (2, 0); csv.Read(); number++)
        {
            var cells = csv.Record!;
            if (cells.All(c => c.Length == 0))
                continue;
            if (rows++ == mostRows)
            {
                errors.Add(number, "", "too_many_rows", $"an import has at most {mostRows} rows; send the rest in another.");
                yield break;
            }

            if (!WellFormed().IsMatch(csv.RawRecord))
                errors.Add(number, "", "malformed_quotes", MalformedQuotes);
            else if (cells.Length != header.Count)
                errors.Add(number, "", "cells", $"it has {cells.Length} cells, the header {header.Count}.");
            else if (cells.Any(c => c.Contains('\0')))
                errors.Add(number, "", "invalid_character", "a cell holds the character U+0000, which cannot be kept.");
            else
                yield return new CsvRow(number, header.Zip(cells, KeyValuePair.Create).ToDictionary(StringComparer.Ordinal));
        }
    }

    /// <summary>A text of the file as a message may quote it.</summary>
    public static string Quote(string text) => text.Length <= LongestQuote ? text : text[..LongestQuote] + "…";

    // What is left open takes the rows below into its cell, and they would be lost without a word.
    [GeneratedRegex("""\A(?>"(?>(?:[^"]+|"")*)"|[^",\r\n]*)(?>,(?>"(?>(?:[^"]+|"")*)"|[^",\r\n]*))*[\r\n]*\z""")]
    private static partial Regex WellFormed();

    private static void CheckHeader(List<string> header, IReadOnlyList<(string Name, bool Needed)> columns, RowErrors errors)
    {
        var known = string.Join(", ", columns.Select(c => c.Name));
        if (header.Count > MostColumns)
        {
            errors.Add(1, "", "too_many_columns", $"the header has {header.Count} columns; there are {known}.");
            return;
        }

        foreach (var (needed, _) in columns.Where(c => c.Needed && !header.Contains(c.Name)))
            errors.Add(1, needed, "required_column", $"the header must have the column {needed}.");
        foreach (var unknown in header.Where(name => columns.All(c => c.Name != name)).Distinct().Select(Quote))
            errors.Add(1, unknown, "unknown_column", $"{unknown} is not a column; there are {known}.");
        foreach (var twice in header.GroupBy(name => name).Where(g => g.Count() > 1).Select(g => Quote(g.Key)))
            errors.Add(1, twice, "duplicate", $"the column {twice} is there twice.");
    }
}
