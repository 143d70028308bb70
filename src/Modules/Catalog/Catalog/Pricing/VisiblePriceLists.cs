using Licensing.Catalog.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

internal static class VisiblePriceLists
{
    /// <summary>What everyone may see, and the lists of the caller's own tenants.</summary>
    public static IQueryable<PriceList> VisibleTo(this CatalogDb db, Scope scope)
    {
        var own = db.PriceLists.Within(scope).Select(x => x.Id);
        return db.PriceLists.AsNoTracking().Where(x => x.Scope == PriceScope.Global || x.Scope == PriceScope.Region || own.Contains(x.Id));
    }
}
