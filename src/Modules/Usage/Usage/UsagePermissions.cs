namespace Licensing.Usage;

internal static class UsagePermissions
{
    public static IReadOnlyList<Permission> All { get; } = [];
}
