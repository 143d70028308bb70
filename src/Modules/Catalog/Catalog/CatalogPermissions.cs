namespace Licensing.Catalog;

internal static class CatalogPermissions
{
    public static IReadOnlyList<Permission> All { get; } = [];
}
