using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>The first day of a plan that was agreed earlier begins.</summary>
/// <param name="Id">The subscription.</param>
/// <param name="On">The day.</param>
/// <param name="Agreement">Which agreement it is of.</param>
[Message("provisioning.plan-change-due.v1")]
internal sealed record PlanChangeDue(SubscriptionId Id, DateOnly On, Guid Agreement);

/// <summary>
/// Tells the other modules that another plan is in force, as agreed earlier. That it is follows from the date alone, so that a late message
/// delays the announcement only.
/// </summary>
internal sealed class ChangePlanWhenDue(ProvisioningDb db, BillingCalendar calendar, TimeProvider clock) : IHandle<PlanChangeDue>
{
    public async Task HandleAsync(PlanChangeDue message, CancellationToken ct)
    {
        var subscription = await db.Subscriptions.AsNoTracking().SingleAsync(x => x.Id == message.Id, ct);
        // Withdrawn, agreed anew or over meanwhile; each agreement has its own message.
        if (subscription.EndsOn <= message.On
            || subscription.Plans.FirstOrDefault(p => p.On == message.On && p.Agreement == message.Agreement) is not { } plan)
            return;

        var before = subscription.Plans.On(message.On.AddDays(-1));
        db.Add(HistoryEntry.Of(
            subscription, HistoryEvent.PlanChanged, message.On, Access.System.Name, clock.GetUtcNow(), subscription.QuantitiesOn(message.On),
            plan: plan.PlanVersionId));
        db.Publish(new SubscriptionPlanChanged(subscription.Id, subscription.TenantId, message.On, before.PlanVersionId, plan.PlanVersionId));
        db.ExpectTermEnd(subscription, message.On, calendar);
    }
}
