using Licensing.Billing.Rating;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Taxes;

/// <summary>
/// The rate of a tax category from a day on: of the tenants in a country, of those in the subtree of an organisation, or of those of both. One of an
/// organisation may say that they are charged another category than the price's.
/// </summary>
internal sealed class CountryTaxRate : IOwned, IVersioned
{
    /// <summary>The category of everything that has no other: the standard rate of EN 16931.</summary>
    public const string Standard = TaxRate.Standard;

    public Guid Id { get; init; }

    /// <summary>Null: whatever the country of the tenant is; only of an organisation.</summary>
    public string? Country { get; init; }

    /// <summary>Null: everyone's.</summary>
    public OrganizationId? OrganizationId { get; init; }
    public OrganizationKind? OrganizationKind { get; init; }

    /// <summary>Where the organisation stands; null of everyone's.</summary>
    public string? OwnerPath { get; set; }

    /// <summary>Of the price.</summary>
    public required string Category { get; init; }
    public decimal Percent { get; set; }
    public DateOnly ValidFrom { get; init; }

    /// <summary>The first day without it; null: no end.</summary>
    public DateOnly? ValidUntil { get; set; }

    /// <summary>As what it stands on the invoice; null: as <see cref="Category"/>.</summary>
    public string? ChargedAs { get; set; }

    /// <summary>Why nothing is taxed, as a code of the list VATEX and in words.</summary>
    public string? ExemptionCode { get; set; }
    public string? ExemptionReason { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public int Version { get; init; } = 1;

    // Null for everyone's rates: the audit trail then files the entry where who set it stands, which is the platform.
    string IOwned.OwnerPath => OwnerPath!;

    public bool IsInForce(DateOnly on) => ValidFrom <= on && (ValidUntil is not { } end || on < end);

    public TaxRate ToRate() => new(Category, Percent)
    {
        As = ChargedAs ?? Category,
        Reason = TaxReason.Of(ExemptionCode, ExemptionReason),
    };

    internal sealed class Table : IEntityTypeConfiguration<CountryTaxRate>
    {
        public void Configure(EntityTypeBuilder<CountryTaxRate> builder) => builder.ToTable("tax_rates").HasKey(x => x.Id);
    }
}
