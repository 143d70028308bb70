using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Provisioning.Quotas;

internal enum QuotaRequestStatus { Pending, Approved, Refused }

/// <summary>Somebody of the branch asks for another quota; the platform decides, once.</summary>
internal sealed class QuotaRequest : IVersioned, IOwned
{
    /// <summary>Of asking and of deciding.</summary>
    public const int LongestReason = 500;

    public Guid Id { get; private init; }
    public SubscriptionId SubscriptionId { get; private init; }
    public OrganizationId TenantId { get; private init; }
    public required string OwnerPath { get; init; }
    public required string Meter { get; init; }

    /// <summary>The most usage of a billing period that is asked for.</summary>
    public decimal Limit { get; private init; }
    public required string Reason { get; init; }
    public QuotaRequestStatus Status { get; private set; }
    public required string AskedBy { get; init; }
    public DateTimeOffset AskedAt { get; private init; }
    public string? DecidedBy { get; private set; }
    public DateTimeOffset? DecidedAt { get; private set; }
    public string? DecisionReason { get; private set; }
    public int Version { get; private set; }

    public static QuotaRequest Of(Subscription subscription, string meter, decimal limit, string reason, string by, DateTimeOffset now) => new()
    {
        Id = Licensing.Kernel.Id.NewGuid(now),
        SubscriptionId = subscription.Id,
        TenantId = subscription.TenantId,
        OwnerPath = subscription.OwnerPath,
        Meter = meter,
        Limit = limit,
        Reason = reason,
        AskedBy = by,
        AskedAt = now,
        Version = 1,
    };

    public Result<Done> Decide(QuotaRequestStatus status, string? reason, string by, DateTimeOffset now)
    {
        if (Status is not QuotaRequestStatus.Pending)
            return QuotaRefusals.Decided;
        (Status, DecisionReason, DecidedBy, DecidedAt) = (status, reason, by, now);
        return new Done();
    }

    public sealed class Mapping : IEntityTypeConfiguration<QuotaRequest>
    {
        public void Configure(EntityTypeBuilder<QuotaRequest> builder) => builder.ToTable("quota_requests").HasKey(x => x.Id);
    }
}
