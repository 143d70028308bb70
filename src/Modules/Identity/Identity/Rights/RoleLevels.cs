using Licensing.Identity.Contracts;

namespace Licensing.Identity.Rights;

internal static class RoleLevels
{
    /// <summary>At which level a role is held; its name begins with it.</summary>
    public static OrganizationKind LevelOf(string role) =>
        Enum.GetValues<OrganizationKind>().Single(kind => role.StartsWith(kind.ToString(), StringComparison.Ordinal));
}
