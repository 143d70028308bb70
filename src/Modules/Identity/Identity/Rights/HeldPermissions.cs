using System.Collections.Frozen;

namespace Licensing.Identity.Rights;

/// <summary>Permissions by the paths of the nodes where they are held.</summary>
internal sealed record HeldPermissions(IReadOnlyList<(string Path, FrozenSet<string> Permissions)> Held)
{
    /// <summary>Whether <paramref name="permission"/> is held at a node that reaches <paramref name="path"/>.</summary>
    public bool Reach(string permission, string path) =>
        Held.Any(h => path.StartsWith(h.Path, StringComparison.Ordinal) && h.Permissions.Contains(permission));
}
