using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Seats;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Signed;

/// <summary>A deletion's grace is over.</summary>
/// <param name="Id">The deletion.</param>
[Message("provisioning.deletion-due.v1")]
internal sealed record DeletionDue(Guid Id);

/// <summary>Ends the licences and removes what the customer left here; the trail and the history stay.</summary>
internal sealed class DeleteWhenDue(ProvisioningDb db, BillingCalendar calendar, TimeProvider clock) : IHandle<DeletionDue>
{
    public async Task HandleAsync(DeletionDue message, CancellationToken ct)
    {
        // With the customer's others, so that a recovery at the same moment comes wholly before or after, and of two that are due at once the second
        // sees what the first has ended.
        var tenant = await db.Set<Deletion>().Where(x => x.Id == message.Id).Select(x => x.TenantId).SingleAsync(ct);
        if ((await db.HeldDeletionsOf(tenant).ToListAsync(ct)).Find(x => x.Id == message.Id) is not { } deletion)
            return;

        var now = clock.GetUtcNow();
        var due = calendar.DayOf(deletion.DueAt);
        var subscription = await db.Subscriptions.SingleAsync(x => x.Id == deletion.SubscriptionId, ct);
        // On the day that was told, however late this comes. Ended otherwise by then, there is nothing left to cancel.
        if (!subscription.Cancel(null, due, bound: false).Refused(out _, out var cancelled))
        {
            db.Add(HistoryEntry.Of(subscription, HistoryEvent.Cancelled, cancelled.EndsOn, Access.System.Name, now, reason: deletion.Name));
            db.Publish(cancelled);
        }

        // Of one who has bought anew meanwhile the trunk is in use.
        if (!await db.OtherSeatsOf(deletion.TenantId, deletion.SubscriptionId, calendar.DayOf(now)).AnyAsync(ct)
            && await db.Set<SipCredentials>().SingleOrDefaultAsync(x => x.TenantId == deletion.TenantId, ct) is { } credentials)
            db.Remove(credentials);
        deletion.CarryOut(now);
    }
}
