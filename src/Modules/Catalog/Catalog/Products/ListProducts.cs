using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Products;

/// <summary>What is sold, with the rules of the quantities.</summary>
internal static class ListProducts
{
    [Needs(CatalogPermissions.ProductsRead)]
    public sealed record Query(string? Key, int? Limit, string? After) : IQuery<Page<ProductView>>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, Page<ProductView>>
    {
        public async Task<Result<Page<ProductView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var products = db.Products.AsNoTracking().Where(x => query.Key == null || x.Key == query.Key);
            return await products.ToPageAsync(start, x => x.Id, ProductView.Projection, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder products) => products
        .MapGet("/", (string? key, int? limit, string? after, ISender sender, CancellationToken ct) => sender.Ok(new Query(key, limit, after), ct))
        .Slice<Query, Page<ProductView>>(nameof(ListProducts), "Lists products, newest first");
}
