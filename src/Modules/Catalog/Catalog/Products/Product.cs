using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Catalog.Products;

/// <summary>
/// Something sold. Its rules may change; a feature once there stays, because subscriptions may hold it (a maximum of 0 takes it off sale).
/// Quantities already sold are checked by the new rules when they next change.
/// </summary>
internal sealed class Product : IVersioned
{
    public ProductId Id { get; private init; }
    public required string Key { get; init; }
    public string Name { get; private set; } = "";
    public IReadOnlyList<FeatureRule> Features { get; private set; } = [];
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    public static Result<Product> Create(string key, string name, IReadOnlyList<FeatureRule> features, DateTimeOffset now)
    {
        var errors = FeatureRules.Check(features);
        return errors.Count > 0
            ? Refusal.AllFields(errors)
            : new Product { Id = Licensing.Kernel.Id.New<ProductId>(now), Key = key, Name = name, Features = features, CreatedAt = now, Version = 1 };
    }

    /// <param name="name">Null where it stays.</param>
    /// <param name="features">Null where they stay: a rule about rules holds for what is written from then on.</param>
    public Result<Done> Change(string? name, IReadOnlyList<FeatureRule>? features)
    {
        // Only of rules that are sound in themselves can be said what they have taken away.
        var errors = features is null ? [] : FeatureRules.Check(features);
        if (features is not null && errors.Count == 0)
        {
            var removed = Features.Select(f => f.Key).Except(features.Select(f => f.Key), StringComparer.Ordinal);
            errors =
            [
                .. removed.Select(gone => new FieldError(
                    "/features", "feature_removed",
                    $"The feature {gone} must stay, since subscriptions may hold it; a maximum of 0 takes it off sale.")),
            ];
        }

        if (errors.Count > 0)
            return Refusal.AllFields(errors);

        (Name, Features) = (name ?? Name, features ?? Features);
        return new Done();
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
