using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Products;

/// <summary>What a product has, with the rules of the quantities, in the order in which violations are reported.</summary>
internal static class ListProductFeatures
{
    [Needs(CatalogPermissions.ProductsRead)]
    public sealed record Query(ProductId Id, int? Limit, string? After) : IQuery<Page<FeatureRule>>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, Page<FeatureRule>>
    {
        public async Task<Result<Page<FeatureRule>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (PageStart.Read(request.Limit, request.After).Refused(out var refusal, out var start))
                return refusal;
            if (await db.Products.AsNoTracking().SingleOrDefaultAsync(x => x.Id == request.Id, cancellationToken) is not { } product)
                return ProductRefusals.NotFound(request.Id.Value);

            // A feature once there stays, so its key is a place in the list; one that never was there is no cursor of ours.
            var from = 0;
            if (start.After is { } after && (from = product.Features.ToList().FindIndex(f => f.Key == after) + 1) == 0)
                return PageStart.InvalidCursor;
            return Page.Of([.. product.Features.Skip(from).Take(start.Limit + 1)], start, x => x.Key);
        }
    }

    public static void Map(RouteGroupBuilder products) => products
        .MapGet("/{id:guid}/features", (Guid id, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new ProductId(id), limit, after), ct))
        .Slice<Query, Page<FeatureRule>>(nameof(ListProductFeatures), "Lists a product's features with their rules");
}
