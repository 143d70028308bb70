using Licensing.Catalog.Directories;
using Licensing.Catalog.LicenseEditions;
using Licensing.Catalog.Meters;
using Licensing.Catalog.Plans;
using Licensing.Catalog.Pricing;
using Licensing.Catalog.Products;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Data;

internal sealed class CatalogDb(DbContextOptions<CatalogDb> options) : ModuleDb(options)
{
    public override string Schema => "catalog";

    public DbSet<Meter> Meters => Set<Meter>();

    public DbSet<Product> Products => Set<Product>();

    public DbSet<Plan> Plans => Set<Plan>();

    public DbSet<PlanVersion> PlanVersions => Set<PlanVersion>();

    public DbSet<PriceList> PriceLists => Set<PriceList>();

    public DbSet<LicenseEdition> LicenseEditions => Set<LicenseEdition>();

    public DbSet<PriceListItem> PriceListItems => Set<PriceListItem>();

    public DbSet<ExchangeRate> ExchangeRates => Set<ExchangeRate>();
}
