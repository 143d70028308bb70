using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Products;

internal sealed record ProductView(
    ProductId Id, string Key, string Name, IReadOnlyList<FeatureRule> Features, DateTimeOffset CreatedAt, [property: JsonIgnore] int Version) : IVersioned
{
    public static Expression<Func<Product, ProductView>> Projection { get; } =
        x => new ProductView(x.Id, x.Key, x.Name, x.Features, x.CreatedAt, x.Version);

    public static Func<Product, ProductView> Of { get; } = Projection.Compile();
}

/// <summary>What is sold, with the rules of the quantities.</summary>
internal static class ListProducts
{
    [Needs(CatalogPermissions.ProductsRead)]
    public sealed record Query(string? Key, int? Limit, string? After) : IQuery<Page<ProductView>>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, Page<ProductView>>
    {
        public async Task<Result<Page<ProductView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (PageStart.Read(request.Limit, request.After).Refused(out var refusal, out var start))
                return refusal;
            var products = db.Products.AsNoTracking().Where(x => request.Key == null || x.Key == request.Key);
            return await products.ToPageAsync(start, x => x.Id, ProductView.Projection, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder products) => products
        .MapGet("/", (string? key, int? limit, string? after, ISender sender, CancellationToken ct) => sender.Ok(new Query(key, limit, after), ct))
        .Slice<Query, Page<ProductView>>(nameof(ListProducts), "Lists products, newest first");
}

/// <summary>One product.</summary>
internal static class GetProduct
{
    [Needs(CatalogPermissions.ProductsRead)]
    public sealed record Query(ProductId Id) : IQuery<ProductView>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, ProductView>
    {
        public async Task<Result<ProductView>> Handle(Query request, CancellationToken cancellationToken) =>
            await db.Products.Where(x => x.Id == request.Id).Select(ProductView.Projection).SingleOrDefaultAsync(cancellationToken) is { } view
                ? view
                : ProductRefusals.NotFound(request.Id.Value);
    }

    public static void Map(RouteGroupBuilder products) => products
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new ProductId(id)), ct))
        .Slice<Query, ProductView>(nameof(GetProduct), "Reads a product");
}
