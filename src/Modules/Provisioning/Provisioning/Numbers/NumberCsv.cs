using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Numbers;

/// <summary>A row that can be loaded.</summary>
internal sealed record NumberRow(int Row, NewNumber Number);

/// <summary>Numbers as CSV: <c>number,country,type</c> and, if wanted, <c>locality</c>. Says everything that is wrong with a file at once.</summary>
internal static class NumberCsv
{
    public const int MostBytes = 8 * 1024 * 1024;

    /// <summary>Of one request; the terminal takes files of any length.</summary>
    public const int MostRows = 10_000;

    private const string Number = "number", Country = "country", Type = "type", Locality = "locality";
    private static readonly (string Name, bool Needed)[] Columns = [(Number, true), (Country, true), (Type, true), (Locality, false)];

    /// <returns>The rows that can be loaded, as far as the file alone tells; only the header's errors when it has any.</returns>
    public static (List<NumberRow> Rows, RowErrors Errors) Read(string text, int mostRows)
    {
        var (rows, errors, seen) = (new List<NumberRow>(), new RowErrors(), new Dictionary<string, int>(StringComparer.Ordinal));
        foreach (var sent in CsvImport.Rows(text, Columns, mostRows, errors))
            if (Row(sent, errors) is not { } row)
                continue;
            else if (!seen.TryAdd(row.Number.Number, row.Row))
                errors.Add(row.Row, Number, "duplicate", $"row {seen[row.Number.Number]} is the same number.");
            else
                rows.Add(row);
        return (rows, errors);
    }

    /// <summary>What is wrong with rows whose numbers are in a pool already.</summary>
    public static IEnumerable<RowError> Loaded(IEnumerable<NumberRow> rows, IReadOnlySet<string> loaded) =>
        rows.Where(r => loaded.Contains(r.Number.Number))
            .Select(r => RowError.Of(r.Row, Number, "number_loaded", $"{r.Number.Number} is in a pool already."));

    private static NumberRow? Row(CsvRow sent, RowErrors errors)
    {
        var (row, cells) = (sent.Number, sent.Cells.ToDictionary(c => c.Key, c => c.Value.Trim(), StringComparer.Ordinal));
        var (before, locality) = (errors.Count, cells.GetValueOrDefault(Locality) is { Length: > 0 } named ? named : null);
        if (!NumberRules.IsE164(cells[Number]))
            errors.Add(row, Number, "malformed", $"number must be {NumberRules.E164Rule}.");
        if (!NumberRules.IsCountry(cells[Country]))
            errors.Add(row, Country, "unknown_country", NumberRules.CountryRule);
        var type = Enum.GetNames<NumberType>().FirstOrDefault(n => n.Equals(cells[Type], StringComparison.OrdinalIgnoreCase));
        if (type is null)
            errors.Add(row, Type, "unknown", $"type must be one of {string.Join(", ", Enum.GetNames<NumberType>())}.");
        if (!NumberRules.IsLocality(locality))
            errors.Add(
                row, Locality, "malformed",
                $"locality must have at most {NumberRules.LongestLocality} characters, none of them a control character.");
        return errors.Count == before
            ? new NumberRow(row, new NewNumber(cells[Number], cells[Country], Enum.Parse<NumberType>(type!), locality))
            : null;
    }
}
