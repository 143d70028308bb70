using System.Security.Cryptography;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Provisioning.Signed;

/// <summary>A customer's licences are to be removed when the grace is over. Nothing changes until then, and it can be called back.</summary>
internal sealed class Deletion : IOwned
{
    public static readonly TimeSpan Grace = TimeSpan.FromDays(7);

    public Guid Id { get; private init; }

    /// <summary>What the caller knows it by: <c>del_&lt;unix seconds&gt;_&lt;4 digits&gt;</c>.</summary>
    public required string Name { get; init; }
    public OrganizationId TenantId { get; private init; }
    public required string OwnerPath { get; init; }
    public SubscriptionId SubscriptionId { get; private init; }
    public DateTimeOffset ScheduledAt { get; private init; }
    public DateTimeOffset DueAt { get; private init; }

    /// <summary>When it was carried out or called back; null while it is to come.</summary>
    public DateTimeOffset? EndedAt { get; private set; }
    public bool Recovered { get; private set; }

    public static Deletion Schedule(Subscription subscription, DateTimeOffset now) => new()
    {
        Id = Licensing.Kernel.Id.NewGuid(now),
        Name = $"del_{now.ToUnixTimeSeconds()}_{RandomNumberGenerator.GetInt32(10_000):0000}",
        TenantId = subscription.TenantId,
        OwnerPath = subscription.OwnerPath,
        SubscriptionId = subscription.Id,
        ScheduledAt = now,
        DueAt = now + Grace,
    };

    public void Recover(DateTimeOffset now) => (EndedAt, Recovered) = (now, true);

    public void CarryOut(DateTimeOffset now) => EndedAt = now;

    public sealed class Mapping : IEntityTypeConfiguration<Deletion>
    {
        public void Configure(EntityTypeBuilder<Deletion> builder) => builder.ToTable("deletions").HasKey(x => x.Id);
    }
}
