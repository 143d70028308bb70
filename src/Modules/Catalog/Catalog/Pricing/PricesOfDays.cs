using Licensing.Catalog.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

internal static class PricesOfDays
{
    extension(CatalogDb db)
    {
        /// <summary>The items of all lists as they hold on a day.</summary>
        public IQueryable<PriceListItem> ItemsOn(DateOnly day) => db.PriceListItems.FromSql($"""
            select price_list_id, sku, meter, name, price, valid_from from catalog.price_list_items where valid_from <= {day}
            union all
            select price_list_id, sku, meter, name, price, valid_from from catalog.former_prices where valid_from <= {day} and valid_until > {day}
            """).AsNoTracking();
    }
}
