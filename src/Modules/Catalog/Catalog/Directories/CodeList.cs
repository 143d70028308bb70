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
        return Licensing.Kernel.Http.Page.Of([.. rest.Take(start.Limit + 1)], start, code);
    }
}
