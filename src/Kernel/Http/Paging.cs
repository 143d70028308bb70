using System.Buffers.Text;
using System.Linq.Expressions;
using System.Text;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Kernel.Http;

/// <summary>One page of a list. <paramref name="Next"/> is opaque; null on the last page.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next)
{
    /// <summary>The same page, of what each item shows.</summary>
    public Page<TView> Select<TView>(Func<T, TView> view) => new([.. Items.Select(view)], Next);
}

public static class Page
{
    /// <summary>The page of rows that were read up to one more than it holds: with that one there is a next page.</summary>
    /// <param name="rows">In the list's order, at most <see cref="PageStart.Limit"/> + 1.</param>
    /// <param name="start">As the page was asked for.</param>
    /// <param name="key">What of a row tells where to go on after it.</param>
    public static Page<T> Of<T>(IReadOnlyList<T> rows, PageStart start, Func<T, string> key) => rows.Count <= start.Limit
        ? new(rows, null)
        : new([.. rows.Take(start.Limit)], PageStart.Encode(key(rows[start.Limit - 1])));
}

/// <summary>Where a page starts and how long it is, as read from <c>?limit=&amp;after=</c>.</summary>
public sealed record PageStart(int Limit, string? After)
{
    public const int DefaultLimit = 50;
    public const int MostItems = 200;
    // Keys of some lists hold a text of 256 characters beside ids: as JSON escapes it up to 1,536, which is 2,048 in base64 without the ids.
    private const int LongestCursor = 4096;

    public static Result<PageStart> Read(int? limit, string? after)
    {
        if (limit is < 1 or > MostItems)
            return new Refusal(RefusalKind.Malformed, "invalid_limit", $"limit must be 1 to {MostItems}.")
            { Fields = [new("?limit", "out_of_range", $"limit must be 1 to {MostItems}.")] };
        var key = after is null ? null : Decode(after);
        return after is not null && key is null ? InvalidCursor : new PageStart(limit ?? DefaultLimit, key);
    }

    public static Refusal InvalidCursor { get; } =
        QueryWord.Of("invalid_cursor", "after must be a cursor that an earlier page gave as next.", "after");

    public static string Encode(string key) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(key));

    private static string? Decode(string cursor)
    {
        try
        {
            return cursor.Length <= LongestCursor && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)) is var key && !key.Contains('\0')
                ? key
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}

public static class Paging
{
    extension<TRow>(IQueryable<TRow> rows)
    {
        /// <summary>Newest first by a time-ordered id: one index range, so no page costs more than the first.</summary>
        public async Task<Result<Page<TView>>> ToPageAsync<TId, TView>(
            PageStart start, Expression<Func<TRow, TId>> id, Expression<Func<TRow, TView>> view, Func<TView, Guid> idOfView, CancellationToken ct)
            where TId : struct
        {
            if (start.After is { } after)
            {
                if (!Guid.TryParse(after, out var last))
                    return PageStart.InvalidCursor;
                rows = rows.Where(Below(id, last));
            }

            return Page.Of(await rows.OrderByDescending(id).Select(view).Take(start.Limit + 1).ToListAsync(ct), start, x => idOfView(x).ToString());
        }
    }

    // Typed ids have no order of their own; the double conversion makes the comparison one of the columns.
    private static Expression<Func<TRow, bool>> Below<TRow, TId>(Expression<Func<TRow, TId>> id, Guid last)
    {
        var column = typeof(TId) == typeof(Guid) ? id.Body : Expression.Convert(Expression.Convert(id.Body, typeof(object)), typeof(Guid));
        var bound = Expression.Property(Expression.Constant(new Bound(last)), nameof(Bound.Value));
        return Expression.Lambda<Func<TRow, bool>>(Expression.LessThan(column, bound), id.Parameters);
    }

    private sealed record Bound(Guid Value);
}
