using System.Buffers.Text;
using System.Linq.Expressions;
using System.Text;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Kernel.Http;

/// <summary>One page of a list. <paramref name="Next"/> is opaque; null on the last page.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Where a page starts and how long it is, as read from <c>?limit=&amp;after=</c>.</summary>
public sealed record PageStart(int Limit, string? After)
{
    public const int DefaultLimit = 50;
    public const int MostItems = 200;
    // Keys of some lists hold texts of 256 characters beside ids.
    private const int LongestCursor = 2048;

    public static Result<PageStart> Read(int? limit, string? after)
    {
        if (limit is < 1 or > MostItems)
            return new Refusal(RefusalKind.Malformed, "invalid_limit", $"limit must be 1 to {MostItems}.") { Fields = [new("?limit", "out_of_range", $"limit must be 1 to {MostItems}.")] };
        if (after is null)
            return new PageStart(limit ?? DefaultLimit, null);
        return Decode(after) is { } key
            ? new PageStart(limit ?? DefaultLimit, key)
            : InvalidCursor;
    }

    public static Refusal InvalidCursor { get; } =
        new(RefusalKind.Malformed, "invalid_cursor", "after must be a cursor that an earlier page gave as next.") { Fields = [new("?after", "invalid_cursor", "after must be a cursor that an earlier page gave as next.")] };

    public static string Encode(string key) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(key));

    private static string? Decode(string cursor)
    {
        try
        {
            return cursor.Length <= LongestCursor && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)) is var key && !key.Contains('\0') ? key : null;
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

            var items = await rows.OrderByDescending(id).Select(view).Take(start.Limit + 1).ToListAsync(ct);
            if (items.Count <= start.Limit)
                return new Page<TView>(items, null);

            items.RemoveAt(start.Limit);
            return new Page<TView>(items, PageStart.Encode(idOfView(items[^1]).ToString()));
        }
    }

    // Typed ids have no order of their own; the double conversion makes the comparison one of the columns.
    private static Expression<Func<TRow, bool>> Below<TRow, TId>(Expression<Func<TRow, TId>> id, Guid last)
    {
        var column = typeof(TId) == typeof(Guid) ? id.Body : Expression.Convert(Expression.Convert(id.Body, typeof(object)), typeof(Guid));
        var bound = Expression.Field(Expression.Constant(new Bound(last)), nameof(Bound.Value));
        return Expression.Lambda<Func<TRow, bool>>(Expression.LessThan(column, bound), id.Parameters);
    }

    private sealed class Bound(Guid value)
    {
        public readonly Guid Value = value;
    }
}
