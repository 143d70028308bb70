using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Catalog.Products;

/// <summary>Something sold. Its rules stay as they are, because quantities already sold were checked by them.</summary>
internal sealed class Product : IVersioned
{
    public ProductId Id { get; private init; }
    public required string Key { get; init; }
    public required string Name { get; init; }
    public required IReadOnlyList<FeatureRule> Features { get; init; }
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private init; }

    public static Result<Product> Create(string key, string name, IReadOnlyList<FeatureRule> features, DateTimeOffset now)
    {
        var errors = FeatureRules.Check(features);
        return errors.Count > 0
            ? Refusal.AllFields(errors)
            : new Product { Id = Licensing.Kernel.Id.New<ProductId>(now), Key = key, Name = name, Features = features, CreatedAt = now, Version = 1 };
    }

    public ProductRules Rules => new(Key, Features);

    public sealed class Mapping : IEntityTypeConfiguration<Product>
    {
        public void Configure(EntityTypeBuilder<Product> builder)
        {
            builder.ToTable("products").HasKey(x => x.Id);
            builder.Property(x => x.Features).IsJson();
            builder.Ignore(x => x.Rules);
        }
    }
}
