using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Products;

/// <summary>One product.</summary>
internal static class GetProduct
{
    [Needs(CatalogPermissions.ProductsRead)]
    public sealed record Query(ProductId Id) : IQuery<ProductView>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, ProductView>
    {
        public async Task<Result<ProductView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Products.Where(x => x.Id == query.Id).Select(ProductView.Projection).SingleOrDefaultAsync(cancellationToken) is { } view
                ? view
                : ProductRefusals.NotFound(query.Id.Value);
    }

    public static void Map(RouteGroupBuilder products) => products
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new ProductId(id)), ct))
        .Slice<Query, ProductView>(nameof(GetProduct), "Reads a product");
}
