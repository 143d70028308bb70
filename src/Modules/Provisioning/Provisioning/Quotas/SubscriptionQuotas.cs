using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Quotas;

/// <inheritdoc cref="ISubscriptionQuotas"/>
internal sealed class SubscriptionQuotas(ProvisioningDb db, ICatalog catalog) : ISubscriptionQuotas
{
    public async Task<IReadOnlyList<SubscriptionQuota>> OnAsync(
        IReadOnlyCollection<SubscriptionId> subscriptions, DateOnly day, CancellationToken ct)
    {
        var found = (await db.Subscriptions.AsNoTracking().Where(x => subscriptions.Contains(x.Id)).ToListAsync(ct))
            .Select(x => (Subscription: x, Version: x.Plans.On(day).PlanVersionId)).ToList();
        var versions = await catalog.FindPlanVersionsAsync([.. found.Select(x => x.Version).Distinct()], ct);
        return
        [
            .. found.SelectMany(x => x.Subscription.Quotas
                .Concat(versions[x.Version].Terms.Quotas.Where(q => !x.Subscription.Quotas.ContainsKey(q.Key)))
                .Select(q => new SubscriptionQuota(x.Subscription.Id, q.Key, q.Value))),
        ];
    }
}
