using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

/// <summary>The items of a list, by SKU and meter; as they are, or as they stood on a day.</summary>
internal static class ListPriceListItems
{
    [Needs(CatalogPermissions.PricesRead)]
    public sealed record Query(PriceListId Id, string? Sku, DateOnly? On, int? Limit, string? After) : IQuery<Page<PriceListItemView>>;

    internal sealed class Handler(CatalogDb db, Principal principal) : IQueryHandler<Query, Page<PriceListItemView>>
    {
        public async Task<Result<Page<PriceListItemView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            if (!await db.VisibleTo(principal.Scope).AnyAsync(x => x.Id == query.Id, cancellationToken))
                return PriceListRefusals.NotFound(query.Id.Value);

            var items = (query.On is { } on ? db.ItemsOn(on) : db.PriceListItems.AsNoTracking())
                .Where(x => x.PriceListId == query.Id && (query.Sku == null || x.Sku == query.Sku));
            if (start.After is { } after)
            {
                // No SKU holds a control character, so the line end parts the two.
                if (after.Split('\n') is not [var sku, var meter])
                    return PageStart.InvalidCursor;
                items = items.Where(x => string.Compare(x.Sku, sku) > 0 || (x.Sku == sku && string.Compare(x.Meter, meter) > 0));
            }

            var page = await items.OrderBy(x => x.Sku).ThenBy(x => x.Meter)
                .Select(PriceListItemView.Projection).Take(start.Limit + 1).ToListAsync(cancellationToken);
            return Page.Of(page, start, x => $"{x.Sku}\n{x.Meter}");
        }
    }

    public static void Map(RouteGroupBuilder pricing) => pricing
        .MapGet("/{id:guid}/items",
            async (Guid id, string? sku, DateOnly? on, int? limit, string? after, HttpRequest request, ISender sender, CancellationToken ct) =>
                request.WantsCsv ? await ExportPriceListItems.SendAsync(new PriceListId(id), sku, on, request.HttpContext.Response, sender, ct)
                : await sender.Ok(new Query(new PriceListId(id), sku, on, limit, after), ct))
        .Slice<Query, Page<PriceListItemView>>(
            nameof(ListPriceListItems), "Lists the items of a price list by SKU; all of them as CSV with Accept: text/csv");
}
