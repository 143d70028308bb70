using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

/// <summary>All items of a list as CSV, by SKU and meter.</summary>
internal static class ExportPriceListItems
{
    [Needs(CatalogPermissions.PricesRead)]
    public sealed record Query(PriceListId Id, string? Sku, DateOnly? On) : IQuery<Export>;

    public sealed record Export(IAsyncEnumerable<PriceListItemView> Items, string Key, int Version);

    internal sealed class Handler(CatalogDb db, Principal principal) : IQueryHandler<Query, Export>
    {
        public async Task<Result<Export>> Handle(Query query, CancellationToken cancellationToken)
        {
            // Read before the items: a change between the two makes the tag too old, so that an import made from it is refused, never lost.
            var list = await db.VisibleTo(principal.Scope).Where(x => x.Id == query.Id).Select(x => new { x.Key, x.Version })
                .SingleOrDefaultAsync(cancellationToken);
            if (list is null)
                return PriceListRefusals.NotFound(query.Id.Value);
            return new Export(
                (query.On is { } on ? db.ItemsOn(on) : db.PriceListItems.AsNoTracking())
                    .Where(x => x.PriceListId == query.Id && (query.Sku == null || x.Sku == query.Sku))
                    .OrderBy(x => x.Sku).ThenBy(x => x.Meter).Select(PriceListItemView.Projection).AsAsyncEnumerable(),
                list.Key, list.Version);
        }
    }

    public static async Task<IResult> SendAsync(
        PriceListId id, string? sku, DateOnly? on, HttpResponse response, ISender sender, CancellationToken ct)
    {
        if ((await sender.Send(new Query(id, sku, on), ct)).Refused(out var refusal, out var export))
            return new RefusedResult(refusal);
        // The list's own, so that an import can say which state it was made from.
        response.Headers.ETag = Precondition.TagOf(export.Version);
        return PriceCsv.Of(export.Items, $"{export.Key}.csv");
    }
}
