using Licensing.Catalog.Data;
using Microsoft.Extensions.Hosting;

namespace Licensing.Catalog;

/// <summary>Everything the host may know about this module.</summary>
public static class CatalogModule
{
    extension(IHostApplicationBuilder host)
    {
        public void AddCatalog() => host.AddModule<CatalogDb>("catalog", CatalogPermissions.All);
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapCatalog()
        {
        }
    }
}
