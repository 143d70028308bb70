using Licensing.Kernel.Http;

namespace Licensing.Catalog.Directories;

/// <summary>A list that is shipped with the product, by code.</summary>
internal sealed class CodeList<T>(IEnumerable<T> entries, Func<T, string> code)
{
    private readonly T[] _entries = [.. entries.OrderBy(code, StringComparer.Ordinal)];

    public IReadOnlyList<T> All => _entries;

    public Result<Page<T>> Page(int? limit, string? after)
    {
        if (PageStart.Read(limit, after).Refused(out var refusal, out var start))
            return refusal;
        var rest = start.After is { } last ? _entries.Where(e => string.CompareOrdinal(code(e), last) > 0) : _entries;
        var page = rest.Take(start.Limit + 1).ToList();
        if (page.Count <= start.Limit)
            return new Page<T>(page, null);

        page.RemoveAt(start.Limit);
        return new Page<T>(page, PageStart.Encode(code(page[^1])));
    }
}

internal static class ShippedLines
{
    /// <summary>The lines of a data file beside this one, each in its words; the last holds the rest.</summary>
    public static IEnumerable<string[]> Of(string file, int words)
    {
        using var text = new StreamReader(typeof(ShippedLines).Assembly.GetManifestResourceStream(typeof(ShippedLines), file)
            ?? throw new InvalidOperationException($"{file} is not in the assembly."));
        while (text.ReadLine() is { } line)
            yield return line.Split(' ', words);
    }
}
