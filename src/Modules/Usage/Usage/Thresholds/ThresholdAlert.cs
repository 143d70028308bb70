using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Usage.Thresholds;

/// <summary>That a level was reached. Its unique key is what keeps it at once per level, month and subject.</summary>
internal sealed class ThresholdAlert : IOwned
{
    public Guid Id { get; init; }
    public ThresholdId ThresholdId { get; init; }
    public OrganizationId TenantId { get; init; }

    /// <summary>Where the tenant stood on the last day of the month that was over by then: it stays there when the threshold moves on.</summary>
    public required string OwnerPath { get; init; }

    /// <summary>The subscription whose usage it was, or the tenant.</summary>
    public Guid SubjectId { get; init; }
    public DateOnly Month { get; init; }
    public decimal Level { get; init; }
    public required string Quantity { get; init; }
    public decimal? Quota { get; init; }
    public DateTimeOffset FiredAt { get; init; }

    public SubscriptionId? Subscription => SubjectId == TenantId.Value ? null : new(SubjectId);

    public sealed class Mapping : IEntityTypeConfiguration<ThresholdAlert>
    {
        public void Configure(EntityTypeBuilder<ThresholdAlert> builder)
        {
            builder.ToTable("threshold_alerts").HasKey(x => x.Id);
            builder.Ignore(x => x.Subscription);
        }
    }
}

/// <param name="SubscriptionId">Whose usage it was; null where it is the tenant's.</param>
/// <param name="Month">Its first day.</param>
/// <param name="Quantity">What was used by then.</param>
internal sealed record ThresholdAlertView(
    Guid Id, SubscriptionId? SubscriptionId, DateOnly Month, decimal Level, Exact Quantity, decimal? Quota, DateTimeOffset FiredAt)
{
    public static ThresholdAlertView Of(ThresholdAlert x) =>
        new(x.Id, x.Subscription, x.Month, x.Level, Exact.Parse(x.Quantity), x.Quota, x.FiredAt);
}
