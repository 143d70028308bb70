using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Catalog.Pricing;

internal sealed class PriceListItem
{
    public PriceListId PriceListId { get; private init; }
    public required string Sku { get; init; }
    public required string Meter { get; init; }
    public required string Name { get; init; }
    public required Price Price { get; init; }

    /// <summary>The first day of the month since which it costs this; the smallest of all: ever since its list holds.</summary>
    public DateOnly ValidFrom { get; private init; }

    public sealed class Mapping : IEntityTypeConfiguration<PriceListItem>
    {
        public void Configure(EntityTypeBuilder<PriceListItem> builder)
        {
            builder.ToTable("price_list_items").HasKey(x => new { x.PriceListId, x.Sku, x.Meter });
            builder.Property(x => x.Price).IsJson();
        }
    }
}
