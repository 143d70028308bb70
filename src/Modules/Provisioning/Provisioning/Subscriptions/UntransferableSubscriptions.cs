using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>Keeps a tenant with its partner while it has a subscription whose plan, in force on the day, says that it is not transferable.</summary>
internal sealed class UntransferableSubscriptions(ProvisioningDb db, ICatalog catalog) : IForbidsTransfer
{
    public async Task<Refusal?> ForbiddenAsync(OrganizationId tenant, DateOnly on, CancellationToken ct)
    {
        // Those that would move; what has ended by then stays in any case.
        var moving = await db.Subscriptions.AsNoTracking()
            .Where(x => x.TenantId == tenant && (x.EndsOn == null || (x.EndsOn > on && x.EndsOn > x.StartsOn))).ToListAsync(ct);
        var bound = moving.ToLookup(x => x.Plans.On(on).PlanVersionId);
        var versions = await catalog.FindPlanVersionsAsync([.. bound.Select(x => x.Key)], ct);
        return bound.Where(x => !versions[x.Key].Terms.Transferable).Sum(x => x.Count()) is > 0 and var count
            ? SubscriptionRefusals.NotTransferable(count, on)
            : null;
    }
}
