using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Provisioning.Data;

internal sealed class SubscriptionMapping : IEntityTypeConfiguration<Subscription>, IEntityTypeConfiguration<HistoryEntry>
{
    public void Configure(EntityTypeBuilder<Subscription> builder)
    {
        builder.ToTable("subscriptions").HasKey(x => x.Id);
        builder.Property(x => x.Plans).IsJson();
        builder.Property(x => x.History).IsJson();
        builder.Property(x => x.Suspensions).IsJson();
        builder.Property(x => x.Quotas).IsJson();
    }

    public void Configure(EntityTypeBuilder<HistoryEntry> builder)
    {
        builder.ToTable("subscription_history").HasKey(x => x.Id);
        // Said so that a new subscription is written before its first entry.
        builder.HasOne<Subscription>().WithMany().HasForeignKey(x => x.SubscriptionId);
        builder.Property(x => x.Quantities).IsJson();
    }
}
