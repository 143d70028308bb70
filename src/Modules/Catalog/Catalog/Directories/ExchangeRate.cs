using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Catalog.Directories;

/// <summary>What one unit of a currency was worth in another on one day. The database refuses to change it.</summary>
internal sealed class ExchangeRate
{
    /// <summary>Codes of ISO 4217; kept as texts, by which lists are ordered.</summary>
    public required string FromCurrency { get; init; }
    public required string ToCurrency { get; init; }
    public DateOnly RateDate { get; private init; }
    public decimal Rate { get; private init; }
    public DateTimeOffset RecordedAt { get; private init; }

    public sealed class Mapping : IEntityTypeConfiguration<ExchangeRate>
    {
        public void Configure(EntityTypeBuilder<ExchangeRate> builder) =>
            builder.ToTable("exchange_rates").HasKey(x => new { x.FromCurrency, x.ToCurrency, x.RateDate });
    }
}
