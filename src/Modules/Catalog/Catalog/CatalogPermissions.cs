using Licensing.Identity.Contracts;

namespace Licensing.Catalog;

internal static class CatalogPermissions
{
    public const string MetersRead = "catalog.meters.read";
    public const string MetersManage = "catalog.meters.manage";
    public const string ProductsRead = "catalog.products.read";
    public const string ProductsManage = "catalog.products.manage";
    public const string PlansRead = "catalog.plans.read";
    public const string PlansManage = "catalog.plans.manage";
    public const string PricesRead = "catalog.prices.read";
    public const string PricesManage = "catalog.prices.manage";
    public const string RatesManage = "catalog.rates.manage";
    public const string EditionsRead = "catalog.license_editions.read";
    public const string EditionsManage = "catalog.license_editions.manage";

    public static IReadOnlyList<Permission> All { get; } =
    [
        new(MetersRead, "See the meters", Roles.All),
        new(MetersManage, "Add meters", Roles.Platform),
        new(ProductsRead, "See products and the rules of their features", Roles.All),
        new(ProductsManage, "Add products and change their rules", Roles.Platform),
        new(PlansRead, "See plans and their versions", Roles.All),
        new(PlansManage, "Draft, publish and retire plans", Roles.Platform),
        new(PricesRead, "See the price lists that apply to everyone, and those of one's own tenants", Roles.All),
        new(PricesManage, "Add price lists and change their items", Roles.Platform),
        new(RatesManage, "Record exchange rates", Roles.Platform),
        new(EditionsRead, "See licence editions", Roles.All),
        new(EditionsManage, "Put licence editions on sale, change them and take them off", Roles.Platform),
    ];
}
