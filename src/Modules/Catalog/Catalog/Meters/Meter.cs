using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Catalog.Meters;

/// <summary>How usage of one kind is counted. It never changes: what was counted by it would change its meaning.</summary>
internal sealed class Meter : IVersioned
{
    public MeterId Id { get; private init; }
    public required string Key { get; init; }
    public required string Unit { get; init; }
    public required MeterAggregation Aggregation { get; init; }

    /// <summary>Keys that its records may have as dimensions; empty: any.</summary>
    public IReadOnlyList<string> Dimensions { get; private init; } = [];
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private init; }

    public static Meter Create(string key, string unit, MeterAggregation aggregation, IReadOnlyList<string> dimensions, DateTimeOffset now) => new()
    {
        Id = Licensing.Kernel.Id.New<MeterId>(now),
        Key = key,
        Unit = unit,
        Aggregation = aggregation,
        Dimensions = dimensions,
        CreatedAt = now,
        Version = 1,
    };

    public sealed class Mapping : IEntityTypeConfiguration<Meter>
    {
        public void Configure(EntityTypeBuilder<Meter> builder)
        {
            builder.ToTable("meters").HasKey(x => x.Id);
            builder.Property(x => x.Dimensions).IsJson();
        }
    }
}
