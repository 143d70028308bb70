using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Coupons;

/// <summary>
/// Money or units of a meter that a tenant need not pay for. It is taken off the bills of periods in which it is in force, until nothing is left;
/// what is left is kept by a trigger of the database.
/// </summary>
internal sealed class GrantedCredit : IOwned
{
    public Guid Id { get; init; }
    public OrganizationId TenantId { get; init; }
    public required string OwnerPath { get; init; }
    public SubscriptionId? SubscriptionId { get; init; }

    /// <summary>Unique for the tenant, so that a credit is granted once however often it is sent.</summary>
    public required string Reference { get; init; }

    public required string Name { get; init; }
    public decimal? Amount { get; init; }
    public Currency? Currency { get; init; }
    public decimal? Quantity { get; init; }
    public string? Meter { get; init; }
    public string? Sku { get; init; }
    public DateOnly ValidFrom { get; init; }
    public DateOnly? ValidUntil { get; init; }
    public decimal Remaining { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    internal sealed class Table : IEntityTypeConfiguration<GrantedCredit>
    {
        public void Configure(EntityTypeBuilder<GrantedCredit> builder) => builder.ToTable("credits").HasKey(x => new { x.Id, x.TenantId });
    }
}
