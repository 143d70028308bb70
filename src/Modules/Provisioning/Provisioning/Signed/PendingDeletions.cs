using Licensing.Identity.Contracts;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Subscriptions;
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

    /// <summary>What a deletion is of, which nobody else changes until the transaction ends.</summary>
    public static IQueryable<Subscription> HeldSeatsOf(this ProvisioningDb db, Deletion deletion) => db.Subscriptions
        .FromSql($"select s.* from provisioning.subscriptions s where s.id = {deletion.SubscriptionId.Value} for no key update of s");

    /// <summary>Ends what a deletion is of on the day that was told; ended otherwise by then, there is nothing left to cancel.</summary>
    public static void EndSeats(
        this ProvisioningDb db, Deletion deletion, Subscription subscription, DateOnly due, DateOnly today, Access by, DateTimeOffset now)
    {
        if (subscription.EndsOn <= due || subscription.Cancel(due, today, bound: false).Refused(out _, out var cancelled))
            return;
        db.Add(HistoryEntry.Of(subscription, HistoryEvent.Cancelled, cancelled.EndsOn, by.Name, now, reason: deletion.Name));
        db.Publish(cancelled);
    }
}
