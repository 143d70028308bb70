using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>The first day after a subscription's term, or after the subscription, begins.</summary>
/// <param name="Id">The subscription.</param>
/// <param name="On">The day.</param>
[Message("provisioning.subscription-term-due.v1")]
internal sealed record TermDue(SubscriptionId Id, DateOnly On);

/// <summary>
/// Tells the other modules that a subscription has gone on for another term or has expired. Which of both follows from its dates alone, so
/// that a late message delays the announcement only. Each end that goes on expects the next one.
/// </summary>
internal sealed class RenewWhenDue(ProvisioningDb db, BillingCalendar calendar, TimeProvider clock) : IHandle<TermDue>
{
    public async Task HandleAsync(TermDue message, CancellationToken ct)
    {
        var (id, on) = (message.Id, message.On);
        var subscription = await db.Subscriptions.AsNoTracking().SingleAsync(x => x.Id == id, ct);
        // Told already: by someone who renewed it, or by another message, as a change of plan may expect an end that is expected already.
        if (await db.SubscriptionHistory.AnyAsync(
            x => x.SubscriptionId == id && x.EffectiveOn == on && (x.What == HistoryEvent.Renewed || x.What == HistoryEvent.Expired), ct))
            return;

        FaultPoints.Hit("provisioning.term");
        var now = clock.GetUtcNow();
        if (subscription.EndsOn <= on)
        {
            if (subscription.EndsOn != on || subscription.CancelledOn == on)
                return;
            db.Add(HistoryEntry.Of(subscription, HistoryEvent.Expired, on, Access.System.Name, now));
            db.Publish(new SubscriptionExpired(id, subscription.TenantId, on));
        }
        // Neither where a change of plan has left no term to follow, nor where none ended that day.
        else if (subscription.TermOn(on.AddDays(-1)) is { } ended && ended.EndsOn == on && subscription.TermOn(on) is { } next)
        {
            db.Add(HistoryEntry.Of(subscription, HistoryEvent.Renewed, on, Access.System.Name, now, subscription.QuantitiesOn(on)));
            db.Publish(new SubscriptionRenewed(id, subscription.TenantId, next.StartsOn, next.EndsOn));
            db.ExpectTermEnd(subscription, on, calendar);
        }
    }
}
