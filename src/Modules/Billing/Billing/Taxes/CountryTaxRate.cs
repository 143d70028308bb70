using Licensing.Billing.Rating;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Taxes;

/// <summary>The rate of a tax category in a country from a day on.</summary>
internal sealed class CountryTaxRate : IVersioned
{
    /// <summary>The category of everything that has no other: the standard rate of EN 16931.</summary>
    public const string Standard = TaxRate.Standard;

    public Guid Id { get; init; }
    public required string Country { get; init; }
    public required string Category { get; init; }
    public decimal Percent { get; set; }
    public DateOnly ValidFrom { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public int Version { get; init; } = 1;

    internal sealed class Table : IEntityTypeConfiguration<CountryTaxRate>
    {
        public void Configure(EntityTypeBuilder<CountryTaxRate> builder) => builder.ToTable("tax_rates").HasKey(x => x.Id);
    }
}

/// <summary>All rates on one day, in memory.</summary>
internal sealed class TaxTable(IReadOnlyList<CountryTaxRate> rates, DateOnly on)
{
    private readonly IReadOnlyList<CountryTaxRate> _rates = rates;
    private readonly DateOnly _on = on;
    private readonly ILookup<string, TaxRate> _byCountry = rates
        .Where(rate => rate.ValidFrom <= on)
        .GroupBy(rate => (rate.Country, rate.Category))
        .Select(group => group.MaxBy(rate => rate.ValidFrom)!)
        .ToLookup(rate => rate.Country, rate => new TaxRate(rate.Category, rate.Percent), StringComparer.Ordinal);

    private TaxTable? _or;

    public IReadOnlyList<TaxRate> Of(string country)
    {
        IReadOnlyList<TaxRate> own = [.. _byCountry[country]];
        return _or is null ? own : [.. own, .. _or.Of(country).Where(rate => own.All(known => known.Category != rate.Category))];
    }

    /// <summary>The same, and of categories that it does not have those of another.</summary>
    public TaxTable Or(TaxTable other) => new(_rates, _on) { _or = other };
}

/// <summary>A rate as it travels.</summary>
internal sealed record TaxRateView(
    string Country, string Category, decimal Percent, DateOnly ValidFrom, [property: System.Text.Json.Serialization.JsonIgnore] int Version)
        : IVersioned;
