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

/// <param name="From">One unit of it …</param>
/// <param name="To">… in this currency …</param>
/// <param name="Date">… from this day until the pair's next rate …</param>
/// <param name="Rate">… is this much.</param>
/// <param name="RecordedAt">When it became known here.</param>
internal sealed record ExchangeRateView(string From, string To, DateOnly Date, decimal Rate, DateTimeOffset RecordedAt);

internal static class ExchangeRateRefusals
{
    public static Refusal NotFound(string from, string to, DateOnly on) => new(
        RefusalKind.NotFound, "exchange_rate_not_found", $"There is no rate from {from} to {to} on or before {on:yyyy-MM-dd}; the opposite direction is not turned round.");

    /// <param name="fixedOnes">Each rate of the request that has another value already.</param>
    public static Refusal Fixed(IReadOnlyList<FieldError> fixedOnes) =>
        new(RefusalKind.Conflict, "exchange_rate_fixed", "A rate that is recorded never changes; nothing of this request was recorded.") { Fields = fixedOnes };
}
