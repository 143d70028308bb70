using System.Linq.Expressions;
using Licensing.Catalog.Contracts;

namespace Licensing.Catalog.Pricing;

internal sealed record PriceListItemView(string Sku, string Meter, string Name, Price Price)
{
    /// <summary>The first day of the month since which it costs this; null: ever since its list holds.</summary>
    public DateOnly? ValidFrom { get; init; }

    /// <summary>Whether it cost something else, or nothing, in that month.</summary>
    public bool IsSince(DateOnly month) => ValidFrom > month;

    public static Expression<Func<PriceListItem, PriceListItemView>> Projection { get; } = x => new PriceListItemView(x.Sku, x.Meter, x.Name, x.Price)
    {
        ValidFrom = x.ValidFrom == DateOnly.MinValue ? null : x.ValidFrom,
    };
}
