using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Coupons;

/// <summary>A coupon that can be redeemed on some days, by a tenant for itself or for one of its subscriptions.</summary>
internal sealed class CouponOffer : IVersioned
{
    public Guid Id { get; init; }

    /// <summary>What people call it by; unique.</summary>
    public required string Code { get; init; }

    public required string Name { get; init; }
    public decimal? Percent { get; init; }
    public decimal? Amount { get; init; }
    public Currency? Currency { get; init; }
    public DateOnly ValidFrom { get; init; }
    public DateOnly? ValidUntil { get; init; }

    /// <summary>Months from the one of the redemption; null: without end.</summary>
    public int? Periods { get; init; }

    public required IReadOnlyList<string> Plans { get; init; }
    public required IReadOnlyList<string> Charges { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public int Version { get; init; } = 1;

    /// <summary>What counts is the day of the redemption; what was redeemed holds for its periods, also when the coupon is over.</summary>
    public Result<CouponRedemption> Redeem(OrganizationRef tenant, SubscriptionId? subscription, DateOnly startsOn, DateOnly today,
        DateTimeOffset now)
    {
        if (today < ValidFrom || today >= ValidUntil)
            return CouponRefusals.NotValid(Code);

        var first = new DateOnly(startsOn.Year, startsOn.Month, 1);
        return new CouponRedemption
        {
            Id = Licensing.Kernel.Id.NewGuid(now),
            CouponId = Id,
            TenantId = tenant.Id,
            OwnerPath = tenant.Path,
            SubscriptionId = subscription,
            StartsOn = first,
            EndsOn = Periods is { } months ? first.AddMonths(months) : null,
            CreatedAt = now,
        };
    }

    internal sealed class Table : IEntityTypeConfiguration<CouponOffer>
    {
        public void Configure(EntityTypeBuilder<CouponOffer> builder)
        {
            builder.ToTable("coupons").HasKey(x => x.Id);
            builder.Property(x => x.Plans).IsJson();
            builder.Property(x => x.Charges).IsJson();
        }
    }
}

/// <summary>A coupon in a tenant's hands. Which bills it is for follows from its days alone, so that nothing is counted.</summary>
internal sealed class CouponRedemption : IOwned
{
    public Guid Id { get; init; }
    public Guid CouponId { get; init; }
    public OrganizationId TenantId { get; init; }
    public required string OwnerPath { get; init; }
    public SubscriptionId? SubscriptionId { get; init; }
    public DateOnly StartsOn { get; init; }
    public DateOnly? EndsOn { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    internal sealed class Table : IEntityTypeConfiguration<CouponRedemption>
    {
        public void Configure(EntityTypeBuilder<CouponRedemption> builder) =>
            builder.ToTable("coupon_redemptions").HasKey(x => new { x.Id, x.TenantId });
    }
}
