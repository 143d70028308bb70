namespace Licensing.Billing;

internal static class BillingPermissions
{
    public static IReadOnlyList<Permission> All { get; } = [];
}
