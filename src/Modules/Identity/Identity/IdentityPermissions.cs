namespace Licensing.Identity;

internal static class IdentityPermissions
{
    public static IReadOnlyList<Permission> All { get; } = [];
}
