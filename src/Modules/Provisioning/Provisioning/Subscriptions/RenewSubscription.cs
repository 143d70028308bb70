using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>Adds a term to a subscription that would end with the running one, or has ended with it a few days ago.</summary>
internal static class RenewSubscription
{
    [Needs(ProvisioningPermissions.SubscriptionsManage)]
    public sealed record Command(SubscriptionId Id) : ICommand<SubscriptionView>;

    internal sealed class Handler(
        ProvisioningDb db, IOrganizationDirectory organizations, Precondition precondition, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, SubscriptionView>
    {
        public async Task<Result<SubscriptionView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var subscription = await db.Subscriptions.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == request.Id, cancellationToken);
            if (subscription is null)
                return SubscriptionRefusals.NotFound(request.Id.Value);
            if (precondition.Fails(subscription))
                return Precondition.Failed;

            var now = clock.GetUtcNow();
            var today = calendar.DayOf(now);
            var tenant = (await organizations.HoldAsync([subscription.TenantId], cancellationToken))[subscription.TenantId];
            // One that ended stays with the partner that the tenant had then, who sells it nothing more.
            if (tenant.Path != subscription.OwnerPath && today >= subscription.EndsOn)
                return SubscriptionRefusals.Ended;
            if (!tenant.Active)
                return SubscriptionRefusals.TenantNotActive;
            if (subscription.Renew(today).Refused(out var refusal, out var renewed))
                return refusal;

            db.Add(HistoryEntry.Of(subscription, HistoryEvent.Renewed, renewed.TermStartsOn, principal.Access.Name, now, subscription.QuantitiesOn(renewed.TermStartsOn)));
            db.Publish(renewed);
            db.ExpectTermEnd(subscription, renewed.TermStartsOn, calendar);
            // The ETag is of the new version, which saving makes.
            await db.SaveChangesAsync(cancellationToken);
            return SubscriptionView.Of(subscription, today);
        }
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapPost("/{id:guid}/renew", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Command(new SubscriptionId(id)), ct))
        .Slice<Command, SubscriptionView>(nameof(RenewSubscription), "Renews a subscription for another term")
        .WithMetadata(new TakesIfMatch());

    /// <summary>Has the end told, on its day, of the term that a day lies in; without a term, of the subscription where that is fixed.</summary>
    public static void ExpectTermEnd(this ProvisioningDb db, Subscription subscription, DateOnly day, BillingCalendar calendar)
    {
        var end = subscription.TermOn(day)?.EndsOn;
        if (subscription.ExpiresOn is { } expires && (end is null || expires < end))
            end = expires;
        if (end is { } on)
            db.Publish(new TermDue(subscription.Id, on), calendar.StartOf(on));
    }
}

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
