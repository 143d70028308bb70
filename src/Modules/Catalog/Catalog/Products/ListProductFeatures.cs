using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Products;

/// <summary>
/// What a product has, with the rules of the quantities, by key: the product itself shows them in the order in which violations are reported, but
/// that order may change between two pages.
/// </summary>
internal static class ListProductFeatures
{
    [Needs(CatalogPermissions.ProductsRead)]
    public sealed record Query(ProductId Id, int? Limit, string? After) : IQuery<Page<FeatureRule>>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, Page<FeatureRule>>
    {
        public async Task<Result<Page<FeatureRule>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            if (start.After is not null && !Keys.IsFeatureKey(start.After))
                return PageStart.InvalidCursor;
            if (await db.Products.AsNoTracking().SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is not { } product)
                return ProductRefusals.NotFound(query.Id.Value);

            var after = product.Features.OrderBy(f => f.Key, StringComparer.Ordinal).Where(f => string.CompareOrdinal(f.Key, start.After) > 0);
            return Page.Of([.. after.Take(start.Limit + 1)], start, x => x.Key);
        }
    }

    public static void Map(RouteGroupBuilder products) => products
        .MapGet("/{id:guid}/features", (Guid id, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new ProductId(id), limit, after), ct))
        .Slice<Query, Page<FeatureRule>>(nameof(ListProductFeatures), "Lists a product's features with their rules");
}
