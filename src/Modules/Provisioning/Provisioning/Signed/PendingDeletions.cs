using Licensing.Identity.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Signed;

/// <summary>Deletions that are to come; a subscription has one at most, and a customer one for each that he was told of.</summary>
internal static class PendingDeletions
{
    /// <summary>
    /// The customer's, the latest first, while what they would end is still there: once that has ended otherwise, they stand in nobody's way.
    /// </summary>
    public static IQueryable<Deletion> PendingDeletionsOf(this ProvisioningDb db, OrganizationId tenant, DateOnly today) => db.Set<Deletion>()
        .Where(x => x.TenantId == tenant && x.EndedAt == null
            && db.Subscriptions.Any(s => s.Id == x.SubscriptionId && (s.EndsOn == null || (s.EndsOn > today && s.EndsOn > s.StartsOn))))
        .OrderByDescending(x => x.DueAt).ThenByDescending(x => x.Id);

    /// <summary>
    /// The customer's in any case, the latest first, held until the transaction ends, so that their own hours come wholly before or after.
    /// </summary>
    public static IQueryable<Deletion> HeldDeletionsOf(this ProvisioningDb db, OrganizationId tenant) => db.Set<Deletion>()
        .FromSql($"select * from provisioning.deletions where tenant_id = {tenant.Value} and ended_at is null order by id for update")
        .OrderByDescending(x => x.DueAt).ThenByDescending(x => x.Id);
}
