using System.Collections.Frozen;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Rights;

/// <summary>What roles allow: the predefined ones' permissions, frozen once, and what remains of a custom one's list.</summary>
internal sealed class RolePermissions(PermissionCatalog catalog)
{
    private readonly FrozenDictionary<string, FrozenSet<string>> _all = Roles.All.ToFrozenDictionary(
        r => r, r => catalog.HeldBy(r).ToFrozenSet(StringComparer.Ordinal), StringComparer.Ordinal);

    private readonly FrozenDictionary<string, FrozenSet<string>> _reading = Roles.All.ToFrozenDictionary(
        r => r, r => catalog.HeldBy(r).Where(Reads).ToFrozenSet(StringComparer.Ordinal), StringComparer.Ordinal);

    private readonly FrozenDictionary<string, FrozenSet<OrganizationKind>> _levels = catalog.All.Values.ToFrozenDictionary(
        p => p.Code, p => p.Roles.Select(RoleLevels.LevelOf).ToFrozenSet(), StringComparer.Ordinal);

    public FrozenSet<string> Of(string role) => _all[role];

    /// <summary>What a role allows where it is held.</summary>
    /// <param name="role">Its name.</param>
    /// <param name="custom">The permissions of a custom role; null for a predefined one.</param>
    /// <param name="onlyReading">Whether the branch is suspended.</param>
    /// <param name="scopes">Of a key: what of it is meant; empty for all.</param>
    /// <returns>Nothing for a role that is no more, or that was defined in a branch to which its place no longer belongs.</returns>
    public FrozenSet<string> Of(string role, string[]? custom, bool onlyReading, IReadOnlyCollection<string> scopes)
    {
        var known = custom is not null ? custom.Where(catalog.All.ContainsKey).ToFrozenSet(StringComparer.Ordinal)
            : (onlyReading ? _reading : _all).GetValueOrDefault(role, FrozenSet<string>.Empty);
        return (custom is null || !onlyReading) && scopes.Count == 0
            ? known
            : known.Where(p => (!onlyReading || Reads(p)) && (scopes.Count == 0 || scopes.Contains(p))).ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>
    /// Whether a role of <paramref name="level"/> may hold it: some predefined role of that level does. What is only the platform's, such as
    /// the catalog that everyone shares, is not guarded by a scope and must not be handed down.
    /// </summary>
    public bool Fits(string permission, OrganizationKind level) => _levels[permission].Contains(level);

    private static bool Reads(string permission) => permission.EndsWith(".read", StringComparison.Ordinal);
}
