using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Catalog.Products;

internal sealed record ProductView(
    ProductId Id, string Key, string Name, IReadOnlyList<FeatureRule> Features, DateTimeOffset CreatedAt, [property: JsonIgnore] int Version)
    : IVersioned
{
    public static Expression<Func<Product, ProductView>> Projection { get; } =
        x => new ProductView(x.Id, x.Key, x.Name, x.Features, x.CreatedAt, x.Version);

    public static Func<Product, ProductView> Of { get; } = Projection.Compile();
}
