using Licensing.Catalog.Plans;
using Licensing.Kernel.Http;

namespace Licensing.Catalog.Pricing;

/// <summary>
/// Reads a price list's CSV and says everything that is wrong with it; what the cells mean is decided against the items that there are.
/// </summary>
internal static class PriceCsvReader
{
    public const int MostRows = 10_000;

    private static readonly (string Name, bool Needed)[] Columns =
        [.. PriceCsv.Columns.Select(c => (c.Name, c.Name is PriceCsv.Sku or PriceCsv.Meter))];

    /// <returns>The rows that can be read; only the header's errors when it has any.</returns>
    public static (IReadOnlyList<CsvRow> Rows, RowErrors Errors) Read(string text)
    {
        var errors = new RowErrors();
        return ([.. CsvImport.Rows(text, Columns, MostRows, errors).Select(Unescaped)], errors);
    }

    /// <summary>The items as the rows want them: only those that change, found by SKU and meter.</summary>
    public static IReadOnlyList<PriceListItemView> Apply(
        IReadOnlyList<CsvRow> rows, IReadOnlyDictionary<(string Sku, string Meter), PriceListItemView> items,
        IReadOnlySet<(string Sku, string Meter)> since, RowErrors errors)
    {
        var (changed, seen) = (new List<PriceListItemView>(), new Dictionary<(string, string), int>());
        foreach (var row in rows)
        {
            var key = (row.Cells[PriceCsv.Sku], row.Cells[PriceCsv.Meter]);
            if (!items.TryGetValue(key, out var item))
                errors.Add(row.Number, PriceCsv.Sku, "unknown_item",
                    $"the list has no item {CsvImport.Quote(key.Item1)} by {CsvImport.Quote(key.Item2)}; an import only changes what is there.");
            else if (!seen.TryAdd(key, row.Number))
                errors.Add(row.Number, PriceCsv.Sku, "duplicate", $"row {seen[key]} is about the same item.");
            else if (Changed(row, item, errors) is { } now && (since.Contains(key) || !(now.Name == item.Name && now.Price.IsSameAs(item.Price))))
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
                    errors.Add(row.Number, column.Name, "malformed", $"{column.Name} {wrong.Message}.");
                }

        // One that is there stays as it is, also from before the rule.
        if (body.Name != item.Name && !PriceItems.IsName(body.Name))
            errors.Add(row.Number, PriceCsv.Name, "name", $"an item's name must have {PriceItems.NameRule}.");
        // What could not be read would be reported a second time as missing.
        if (errors.Count == before)
            errors.AddRange(PriceItems.CheckPrice(body.Price, "").Select(e => RowError.Of(row.Number, e.Pointer.Split('/')[1], e.Code, e.Message)));
        return errors.Count == before ? new PriceListItemView(item.Sku, item.Meter, body.Name, body.Price.ToPrice()) : null;
    }

    private static CsvRow Unescaped(CsvRow row) =>
        row with { Cells = row.Cells.ToDictionary(c => c.Key, c => PriceCsv.Unescape(c.Value), StringComparer.Ordinal) };
}
