using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Catalog.Directories;
using Licensing.Catalog.LicenseEditions;
using Licensing.Catalog.Meters;
using Licensing.Catalog.Plans;
using Licensing.Catalog.Pricing;
using Licensing.Catalog.Products;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Licensing.Catalog;

/// <summary>Everything the host may know about this module.</summary>
public static class CatalogModule
{
    extension(IHostApplicationBuilder host)
    {
        public void AddCatalog()
        {
            var module = host.AddModule<CatalogDb>("catalog", CatalogPermissions.All)
                .On<TenantTransferred, MoveListsWhenTransferred>()
                .OnConstraint("meters_key", MeterRefusals.KeyTaken)
                .OnConstraint("products_key", ProductRefusals.KeyTaken)
                .OnConstraint("plans_key", PlanRefusals.KeyTaken)
                .OnConstraint("plan_versions_number", PlanRefusals.NothingToPublish)
                .OnConstraint("price_lists_key", PriceListRefusals.KeyTaken)
                .OnConstraint("former_prices_pkey", PriceListRefusals.Race)
                .OnConstraint("license_editions_code", EditionRefusals.CodeTaken)
                .OnConstraint("license_editions_one_demo", EditionRefusals.AnotherDemo);
            module.Services.AddSingleton<CatalogMemory>();
            module.Services.AddSingleton<IPreparation, CcaasProduct>();
            module.Services.AddScoped<ICatalog, CatalogDirectory>();
            module.Services.AddScoped<IPriceBooks, PriceBooks>();
            module.Services.AddScoped<IExchangeRates, RecordedRates>();
            module.Services.AddScoped<IPinnedPrices, PinnedPrices>();
            module.Services.AddScoped<PriceItems>();
            module.Services.AddScoped<PriceMonths>();
            module.Services.AddScoped<PriceOwners>();
            module.Services.AddScoped<ILicenseEditions, EditionsOnSale>();
            module.Services.AddSingleton<ICodeDirectory, ShippedCodes>();
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapCatalog()
        {
            var meters = routes.MapGroup("/api/v1/meters").WithTags("Catalog");
            CreateMeter.Map(meters);
            ListMeters.Map(meters);
            GetMeter.Map(meters);

            var products = routes.MapGroup("/api/v1/products").WithTags("Catalog");
            CreateProduct.Map(products);
            ChangeProduct.Map(products);
            ListProducts.Map(products);
            GetProduct.Map(products);
            ListProductFeatures.Map(products);

            var plans = routes.MapGroup("/api/v1/plans").WithTags("Catalog");
            CreatePlan.Map(plans);
            ChangePlan.Map(plans);
            PublishPlan.Map(plans);
            RetirePlan.Map(plans);
            ListPlans.Map(plans);
            GetPlan.Map(plans);
            ListPlanVersions.Map(plans);

            var pricing = routes.MapGroup("/api/v1/pricing").WithTags("Catalog");
            CreatePriceList.Map(pricing);
            ChangePriceList.Map(pricing);
            ClonePriceList.Map(pricing);
            AdjustPriceList.Map(pricing);
            PutPriceListItems.Map(pricing);
            ImportPriceListItems.Map(pricing);
            ListPriceLists.Map(pricing);
            GetPriceList.Map(pricing);
            ListPriceListItems.Map(pricing);

            var directory = routes.MapGroup("/api/v1/directory").WithTags("Catalog");
            ListCurrencies.Map(directory);
            ListCountries.Map(directory);
            ListIndustries.Map(directory);
            RecordExchangeRates.Map(directory);
            ListExchangeRates.Map(directory);
            GetExchangeRate.Map(directory);
            var editions = routes.MapGroup("/api/v1/license-editions").WithTags("Catalog");
            CreateLicenseEdition.Map(editions);
            ChangeLicenseEdition.Map(editions);
            ListLicenseEditions.Map(editions);
            GetLicenseEdition.Map(editions);
            ListLicenseVersions.Map(directory);
        }
    }
}
