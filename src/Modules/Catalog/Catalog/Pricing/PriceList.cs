using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Catalog.Pricing;

/// <summary>Prices of SKUs for everyone, a region, a tenant or one subscription, in one currency, for some days.</summary>
internal sealed class PriceList : IVersioned, IOwned
{
    private static readonly PriceValidityRules Validity = new();

    public PriceListId Id { get; private init; }
    public required string Key { get; init; }
    public string Name { get; private set; } = "";
    public PriceScope Scope { get; private init; }
    public string? Region { get; private init; }
    public OrganizationId? TenantId { get; private init; }
    public Guid? SubscriptionId { get; private init; }

    /// <summary>The tenant's path; the platform's for lists that everyone may see.</summary>
    public required string OwnerPath { get; init; }
    public required Currency Currency { get; init; }
    public DateOnly ValidFrom { get; private set; }
    public DateOnly? ValidUntil { get; private set; }
    public DateTimeOffset ItemsChangedAt { get; private set; }
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    public static PriceList Create(
        string key, string name, PriceTarget target, string ownerPath, Currency currency, DateOnly validFrom, DateOnly? validUntil,
        DateTimeOffset now) => new()
        {
            Id = Licensing.Kernel.Id.New<PriceListId>(now),
            Key = key,
            Name = name,
            Scope = target.Scope,
            Region = target.Region,
            TenantId = target.TenantId,
            SubscriptionId = target.SubscriptionId,
            OwnerPath = ownerPath,
            Currency = currency,
            ValidFrom = validFrom,
            ValidUntil = validUntil,
            ItemsChangedAt = now,
            CreatedAt = now,
            Version = 1,
        };

    public PriceTarget Target => new(Scope, Region, TenantId, SubscriptionId);

    public Result<Done> Change(string name, DateOnly validFrom, DateOnly? validUntil)
    {
        if (Validity.Validate(new Days(validFrom, validUntil)) is { IsValid: false } broken)
            return Refusal.AllFields(FieldErrors.Of(broken));

        (Name, ValidFrom, ValidUntil) = (name, validFrom, validUntil);
        return new Done();
    }

    // Always a change, so that the list's ETag follows its items.
    public void ItemsChange(DateTimeOffset now) => ItemsChangedAt = now > ItemsChangedAt ? now : ItemsChangedAt.AddTicks(10);

    private sealed record Days(DateOnly ValidFrom, DateOnly? ValidUntil) : IPriceValidity;

    public sealed class Mapping : IEntityTypeConfiguration<PriceList>
    {
        public void Configure(EntityTypeBuilder<PriceList> builder) =>
            builder.ToTable("price_lists").Ignore(x => x.Target).HasKey(x => x.Id);
    }
}
