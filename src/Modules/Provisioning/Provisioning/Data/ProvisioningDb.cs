using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Licenses;
using Licensing.Provisioning.Numbers;
using Licensing.Provisioning.Quotas;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Data;

internal sealed class ProvisioningDb(DbContextOptions<ProvisioningDb> options) : ModuleDb(options)
{
    public override string Schema => "provisioning";

    public DbSet<Subscription> Subscriptions => Set<Subscription>();

    public DbSet<QuotaRequest> QuotaRequests => Set<QuotaRequest>();
    public DbSet<License> Licenses => Set<License>();

    public DbSet<InboundNumber> InboundNumbers => Set<InboundNumber>();
    public DbSet<NumberHolding> NumberHoldings => Set<NumberHolding>();

    public DbSet<HistoryEntry> SubscriptionHistory => Set<HistoryEntry>();
}
