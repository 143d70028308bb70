using Licensing.Identity.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Signed;

/// <summary>Deletions that are to come; a customer has one at most.</summary>
internal static class PendingDeletions
{
    /// <summary>The customer's, while what it would end is still there: once that has ended otherwise, it stands in nobody's way.</summary>
    public static IQueryable<Deletion> PendingDeletionOf(this ProvisioningDb db, OrganizationId tenant, DateOnly today) => db.Set<Deletion>()
        .Where(x => x.TenantId == tenant && x.EndedAt == null
            && db.Subscriptions.Any(s => s.Id == x.SubscriptionId && (s.EndsOn == null || (s.EndsOn > today && s.EndsOn > s.StartsOn))));

    /// <summary>The customer's in any case, held until the transaction ends, so that its own hour comes wholly before or after.</summary>
    public static IQueryable<Deletion> HeldDeletionOf(this ProvisioningDb db, OrganizationId tenant) => db.Set<Deletion>()
        .FromSql($"select * from provisioning.deletions where tenant_id = {tenant.Value} and ended_at is null for update");
}
