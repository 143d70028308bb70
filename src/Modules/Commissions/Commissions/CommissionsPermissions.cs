namespace Licensing.Commissions;

internal static class CommissionsPermissions
{
    public static IReadOnlyList<Permission> All { get; } = [];
}
