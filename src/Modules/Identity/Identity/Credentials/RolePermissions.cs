using System.Collections.Frozen;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Credentials;

/// <summary>The predefined roles' permissions, frozen once.</summary>
internal sealed class RolePermissions(PermissionCatalog catalog)
{
    private readonly FrozenDictionary<string, FrozenSet<string>> _all = Roles.All.ToFrozenDictionary(
        r => r, r => catalog.HeldBy(r).ToFrozenSet(StringComparer.Ordinal), StringComparer.Ordinal);

    private readonly FrozenDictionary<string, FrozenSet<string>> _reading = Roles.All.ToFrozenDictionary(
        r => r, r => catalog.HeldBy(r).Where(p => p.EndsWith(".read", StringComparison.Ordinal)).ToFrozenSet(StringComparer.Ordinal), StringComparer.Ordinal);

    public FrozenSet<string> Of(string role) => _all[role];

    /// <summary>What is left of it while the branch in which it is held is suspended.</summary>
    public FrozenSet<string> ReadingOf(string role) => _reading[role];
}

internal static class RoleLevels
{
    /// <summary>At which level a role is held; its name begins with it.</summary>
    public static OrganizationKind LevelOf(string role) =>
        Enum.GetValues<OrganizationKind>().Single(kind => role.StartsWith(kind.ToString(), StringComparison.Ordinal));
}
