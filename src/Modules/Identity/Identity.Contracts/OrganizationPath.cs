namespace Licensing.Identity.Contracts;

/// <summary>Reads the levels out of a path.</summary>
public static class OrganizationPath
{
    /// <summary>The level of the organisation at <paramref name="path"/>; the empty path, the process's own reach, counts as the platform.</summary>
    public static OrganizationKind LevelOf(string path) => (OrganizationKind)Math.Max(0, path.Count(c => c == '.') - 1);

    /// <summary>The path and all those above it, the root first.</summary>
    public static IEnumerable<string> Upwards(string path)
    {
        for (var end = path.IndexOf('.'); end >= 0; end = path.IndexOf('.', end + 1))
            yield return path[..(end + 1)];
    }

    /// <summary>The part of <paramref name="path"/> that ends at the level of <paramref name="kind"/>; null where the path is shorter.</summary>
    public static string? At(string path, OrganizationKind kind)
    {
        var end = -1;
        for (var level = 0; level <= (int)kind; level++)
        {
            end = path.IndexOf('.', end + 1);
            if (end < 0)
                return null;
        }

        return path[..(end + 1)];
    }
}
