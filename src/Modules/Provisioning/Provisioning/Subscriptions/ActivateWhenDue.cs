using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>The subscription's first day begins.</summary>
/// <param name="Id">The subscription.</param>
[Message("provisioning.subscription-due.v1")]
internal sealed record SubscriptionDue(SubscriptionId Id);

/// <summary>
/// Tells the other modules that a subscription agreed earlier has started. Its status follows from the date alone, so that a late
/// message delays the announcement only.
/// </summary>
internal sealed class ActivateWhenDue(ProvisioningDb db, TimeProvider clock) : IHandle<SubscriptionDue>
{
    public async Task HandleAsync(SubscriptionDue message, CancellationToken ct)
    {
        var subscription = await db.Subscriptions.AsNoTracking().SingleAsync(x => x.Id == message.Id, ct);
        // Cancelled before it began, it never starts.
        if (subscription.EndsOn <= subscription.StartsOn)
            return;

        db.Add(HistoryEntry.Of(
            subscription, HistoryEvent.Activated, subscription.StartsOn, Access.System.Name, clock.GetUtcNow(),
            subscription.QuantitiesOn(subscription.StartsOn)));
        db.Publish(subscription.Activated());
    }
}
