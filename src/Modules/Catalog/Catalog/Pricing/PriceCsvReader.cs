using CsvHelper;
using Licensing.Catalog.Plans;

namespace Licensing.Catalog.Pricing;

/// <summary>One thing wrong with an import.</summary>
/// <param name="Row">As a spreadsheet numbers them: the header is 1.</param>
/// <param name="Column">Its name in the header; empty where the whole row is at fault.</param>
/// <param name="Code">The rule, snake_case.</param>
/// <param name="Message">A sentence that names row, column and rule.</param>
internal sealed record RowError(int Row, string Column, string Code, string Message)
{
    public static RowError Of(int row, string column, string code, string rule) =>
        new(row, column, code, $"Row {row}{(column.Length == 0 ? "" : $", {column}")}: {rule}");

    public FieldError ToField() => new($"/rows/{Row}{(Column.Length == 0 ? "" : $"/{PointerToken.Escape(Column)}")}", Code, Message);
}

/// <summary>A row's cells by the column's name.</summary>
internal sealed record CsvRow(int Number, IReadOnlyDictionary<string, string> Cells);

/// <summary>Reads a price list's CSV and says everything that is wrong with it; what the cells mean is decided against the items that there are.</summary>
internal static class PriceCsvReader
{
    public const int MostRows = 10_000;
    private const int MostColumns = 50;

    /// <returns>The rows that can be read; only the header's errors when it has any.</returns>
    public static (IReadOnlyList<CsvRow> Rows, RowErrors Errors) Read(string text)
    {
        var (rows, errors) = (new List<CsvRow>(), new RowErrors());
        using var csv = new CsvParser(new StringReader(text), PriceCsv.Read);
        var header = csv.Read() ? csv.Record!.Select(c => c.Trim()).ToList() : [];
        errors.AddRange(Header(header));
        if (errors.Count > 0)
            return (rows, errors);

        for (var number = 2; csv.Read(); number++)
        {
            var cells = csv.Record!;
            if (cells.All(c => c.Length == 0))
                continue;
            if (rows.Count == MostRows)
            {
                errors.Add(RowError.Of(number, "", "too_many_rows", $"an import has at most {MostRows} rows; send the rest in another."));
                break;
            }

            if (cells.Length != header.Count)
                errors.Add(RowError.Of(number, "", "cells", $"it has {cells.Length} cells, the header {header.Count}."));
            else if (cells.Any(c => c.Contains('\0')))
                errors.Add(RowError.Of(number, "", "invalid_character", "a cell holds the character U+0000, which cannot be kept."));
            else
                rows.Add(new CsvRow(number, header.Zip(cells, KeyValuePair.Create).ToDictionary(c => c.Key, c => PriceCsv.Unescape(c.Value), StringComparer.Ordinal)));
        }

        return (rows, errors);
    }

    /// <summary>The items as the rows want them: only those that change, found by SKU and meter.</summary>
    public static IReadOnlyList<PriceListItemView> Apply(
        IReadOnlyList<CsvRow> rows, IReadOnlyDictionary<(string Sku, string Meter), PriceListItemView> items, RowErrors errors)
    {
        var (changed, seen) = (new List<PriceListItemView>(), new Dictionary<(string, string), int>());
        foreach (var row in rows)
        {
            var key = (row.Cells[PriceCsv.Sku], row.Cells[PriceCsv.Meter]);
            if (!items.TryGetValue(key, out var item))
                errors.Add(RowError.Of(row.Number, PriceCsv.Sku, "unknown_item",
                    $"the list has no item {RowErrors.Quote(key.Item1)} by {RowErrors.Quote(key.Item2)}; an import only changes what is there."));
            else if (!seen.TryAdd(key, row.Number))
                errors.Add(RowError.Of(row.Number, PriceCsv.Sku, "duplicate", $"row {seen[key]} is about the same item."));
            else if (Changed(row, item, errors) is { } now && !(now.Name == item.Name && now.Price.IsSameAs(item.Price)))
                changed.Add(now);
        }

        return changed;
    }

    private static PriceListItemView? Changed(CsvRow row, PriceListItemView item, RowErrors errors)
    {
        var (body, before) = (new ItemBody(item.Sku, item.Meter, item.Name, PriceBody.Of(item.Price)), errors.Count);
        foreach (var column in PriceCsv.Columns)
            if (column.Read is { } read && row.Cells.TryGetValue(column.Name, out var cell))
                try
                {
                    body = read(body, cell);
                }
                catch (FormatException wrong)
                {
                    errors.Add(RowError.Of(row.Number, column.Name, "malformed", $"{column.Name} {wrong.Message}."));
                }

        if (!PriceItems.IsName(body.Name))
            errors.Add(RowError.Of(row.Number, PriceCsv.Name, "name", $"an item's name must have 1 to {Keys.LongestName} characters."));
        // What could not be read would be reported a second time as missing.
        if (errors.Count == before)
            errors.AddRange(PriceItems.CheckPrice(body.Price, "").Select(e => RowError.Of(row.Number, e.Pointer.Split('/')[1], e.Code, e.Message)));
        return errors.Count == before ? new PriceListItemView(item.Sku, item.Meter, body.Name, body.Price.ToPrice()) : null;
    }

    private static IEnumerable<RowError> Header(List<string> header)
    {
        var known = string.Join(", ", PriceCsv.Columns.Select(c => c.Name));
        if (header.Count > MostColumns)
        {
            yield return RowError.Of(1, "", "too_many_columns", $"the header has {header.Count} columns; there are {known}.");
            yield break;
        }

        foreach (var needed in new[] { PriceCsv.Sku, PriceCsv.Meter })
            if (!header.Contains(needed))
                yield return RowError.Of(1, needed, "required_column", $"the header must have the column {needed}.");
        foreach (var unknown in header.Where(name => PriceCsv.Columns.All(c => c.Name != name)).Distinct())
            yield return RowError.Of(
                1, RowErrors.Quote(unknown), "unknown_column", $"{RowErrors.Quote(unknown)} is not a column; there are {known}.");
        foreach (var twice in header.GroupBy(name => name).Where(g => g.Count() > 1))
            yield return RowError.Of(1, RowErrors.Quote(twice.Key), "duplicate", $"the column {RowErrors.Quote(twice.Key)} is there twice.");
    }
}
