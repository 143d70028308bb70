using Licensing.Catalog.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

/// <summary>From which month on a price of a list holds.</summary>
internal sealed class PriceMonths(BillingCalendar calendar, TimeProvider clock)
{
    /// <summary>From which month on a change holds.</summary>
    /// <param name="Month">Its first day.</param>
    /// <param name="IsSaid">Whether the caller said so; if not, what is new to a list holds ever since the list does.</param>
    internal readonly record struct Start(DateOnly Month, bool IsSaid);

    /// <summary>The month that is asked for, else the running one: a month that is over is billed by the prices that stood in it.</summary>
    public Result<Start> Of(DateOnly? validFrom)
    {
        var today = calendar.DayOf(clock.GetUtcNow());
        var running = new DateOnly(today.Year, today.Month, 1);
        if (validFrom is not { } from)
            return new Start(running, IsSaid: false);
        if (from.Day != 1)
            return Refusal.Field("/validFrom", "not_first_of_month", "validFrom must be the first day of a month.");
        return from > running
            ? Refusal.Field(
                "/validFrom", "out_of_range", "validFrom must not be after the running month; prices of months to come are a list of their own.")
            : new Start(from, IsSaid: true);
    }
}

internal static class PricesOfDays
{
    /// <summary>The items of all lists as they hold on a day.</summary>
    public static IQueryable<PriceListItem> ItemsOn(this CatalogDb db, DateOnly day) => db.PriceListItems.FromSql($"""
        select price_list_id, sku, meter, name, price, valid_from from catalog.price_list_items where valid_from <= {day}
        union all
        select price_list_id, sku, meter, name, price, valid_from from catalog.former_prices where valid_from <= {day} and valid_until > {day}
        """).AsNoTracking();
}
