using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Catalog.Pricing;

/// <summary>Whom a list is for; the later the more specific.</summary>
internal enum PriceScope { Global, Region, Tenant, Subscription }

/// <summary>Whom a list is for, with exactly the fields that its scope has.</summary>
internal sealed record PriceTarget(PriceScope Scope, string? Region = null, OrganizationId? TenantId = null, Guid? SubscriptionId = null)
{
    public IEnumerable<FieldError> Check()
    {
        foreach (var (field, given, needed) in new[]
        {
            ("region", Region is not null, Scope is PriceScope.Region),
            ("tenantId", TenantId is not null, Scope is PriceScope.Tenant or PriceScope.Subscription),
            ("subscriptionId", SubscriptionId is not null, Scope is PriceScope.Subscription),
        })
            if (given != needed)
                yield return new($"/{field}", needed ? "required" : "not_of_scope",
                    needed ? $"{field} is required by the scope {Scope}." : $"{field} is not used by the scope {Scope}.");
        if (Region is { } region && (string.IsNullOrWhiteSpace(region) || region.Length > 60))
            yield return new("/region", "length", "region must have 1 to 60 characters.");
    }
}

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
        string key, string name, PriceTarget target, string ownerPath, Currency currency, DateOnly validFrom, DateOnly? validUntil, DateTimeOffset now) => new()
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

internal sealed class PriceListItem
{
    public PriceListId PriceListId { get; private init; }
    public required string Sku { get; init; }
    public required string Meter { get; init; }
    public required string Name { get; init; }
    public required Price Price { get; init; }

    public sealed class Mapping : IEntityTypeConfiguration<PriceListItem>
    {
        public void Configure(EntityTypeBuilder<PriceListItem> builder)
        {
            builder.ToTable("price_list_items").HasKey(x => new { x.PriceListId, x.Sku, x.Meter });
            builder.Property(x => x.Price).IsJson();
        }
    }
}
