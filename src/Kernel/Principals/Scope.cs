using System.Linq.Expressions;

namespace Licensing.Kernel;

/// <summary>
/// Something that lies in the tree of owners. <see cref="OwnerPath"/> is the chain of nodes from the root, each ended by a dot
/// ("1.7.42."), so that a subtree is one range of a byte-wise ordered index.
/// </summary>
public interface IOwned
{
    string OwnerPath { get; }
}

/// <summary>The subtrees a caller reaches. What is outside does not exist for him.</summary>
public sealed class Scope
{
    private Scope(IReadOnlyList<string> roots) => Roots = roots;

    public static Scope Nothing { get; } = new([]);

    /// <summary>The whole tree; for the process itself, never for a person.</summary>
    public static Scope Everything { get; } = new([""]);

    /// <summary>Paths of the roots; none lies under another.</summary>
    public IReadOnlyList<string> Roots { get; }

    public static Scope Of(IEnumerable<string> roots)
    {
        var kept = new List<string>();
        foreach (var root in roots.Distinct().Order(StringComparer.Ordinal))
            if (!kept.Exists(k => root.StartsWith(k, StringComparison.Ordinal)))
                kept.Add(root);
        return kept.Count == 0 ? Nothing : new Scope(kept);
    }

    public bool Contains(string path) => Roots.Any(root => path.StartsWith(root, StringComparison.Ordinal));

    /// <summary>The root above <paramref name="path"/>, which must lie within.</summary>
    public string RootOf(string path) => Roots.Single(root => path.StartsWith(root, StringComparison.Ordinal));

    /// <summary>The lowest node above both, or the higher one of them where it is above the other.</summary>
    public static string Common(string path, string other)
    {
        var length = path.AsSpan().CommonPrefixLength(other);
        return path[..(path.AsSpan(0, length).LastIndexOf('.') + 1)];
    }

    /// <summary>The half-open range of paths under <paramref name="root"/>; '/' is the byte after '.'.</summary>
    public static (string From, string Until) RangeOf(string root) => root.Length == 0 ? ("", "~") : (root, root[..^1] + "/");

    /// <summary>The ranges of all roots as two parallel arrays, for <c>unnest</c> in hand-written SQL.</summary>
    public (string[] From, string[] Until) Ranges()
    {
        var ranges = Roots.Select(RangeOf).ToList();
        return ([.. ranges.Select(r => r.From)], [.. ranges.Select(r => r.Until)]);
    }
}

public static class ScopedQueries
{
    extension<T>(IQueryable<T> rows) where T : IOwned
    {
        /// <summary>Only the rows of the caller's subtrees, as index ranges on the owner path.</summary>
        public IQueryable<T> Within(Scope scope) => rows.Where(Predicate<T>(scope));
    }

    private static Expression<Func<T, bool>> Predicate<T>(Scope scope) where T : IOwned
    {
        var row = Expression.Parameter(typeof(T), "row");
        var path = Expression.Property(row, nameof(IOwned.OwnerPath));
        Expression any = Expression.Constant(scope.Roots.Any(root => root.Length == 0));
        foreach (var root in scope.Roots.Where(root => root.Length > 0))
        {
            var (from, until) = Scope.RangeOf(root);
            var inside = Expression.AndAlso(Compare(path, from, Expression.GreaterThanOrEqual), Compare(path, until, Expression.LessThan));
            any = any is ConstantExpression { Value: false } ? inside : Expression.OrElse(any, inside);
        }

        return Expression.Lambda<Func<T, bool>>(any, row);
    }

    // A captured field, not a constant, so that the query text stays the same for every caller and its plan is reused.
    private static BinaryExpression Compare(Expression path, string bound, Func<Expression, Expression, BinaryExpression> relation)
    {
        var captured = Expression.Field(Expression.Constant(new Bound(bound)), nameof(Bound.Value));
        var compared = Expression.Call(typeof(string), nameof(string.Compare), null, path, captured);
        return relation(compared, Expression.Constant(0));
    }

    private sealed class Bound(string value)
    {
        public readonly string Value = value;
    }
}
