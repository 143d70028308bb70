namespace Licensing.Provisioning;

internal static class ProvisioningPermissions
{
    public static IReadOnlyList<Permission> All { get; } = [];
}
