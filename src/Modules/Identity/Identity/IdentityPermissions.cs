using Licensing.Identity.Contracts;

namespace Licensing.Identity;

internal static class IdentityPermissions
{
    public const string DistributorsManage = "identity.distributors.manage";
    public const string OrganizationsManage = "identity.organizations.manage";
    public const string OrganizationsRead = "identity.organizations.read";

    public static IReadOnlyList<Permission> All { get; } =
    [
        new(DistributorsManage, "Open distributors", Roles.Platform),
        new(OrganizationsManage, "Open, change, suspend and close the organizations below one's own", Roles.ChannelAdministrators),
        new(OrganizationsRead, "Read organizations", Roles.Readers),
    ];
}
