namespace Licensing.Identity.Organizations;

/// <summary>The caller's scope in SQL of our own: the ranges of paths that he reaches, as two parameters beside each other.</summary>
internal static class ScopeSql
{
    /// <summary>Whether an organization <c>o</c> lies in it.</summary>
    /// <param name="first">Number of the parameter with the ranges' beginnings; the next one has their ends.</param>
    public static string Holds(int first) => Holds(first, "o.owner_path");

    /// <summary>The same of any path.</summary>
    public static string Holds(int first, string path) =>
        $"exists (select from unnest(${first}::text[], ${first + 1}::text[]) r(low, high) where {path} >= r.low and {path} < r.high)";
}
