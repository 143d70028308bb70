using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>Ends a subscription today or on a day to come.</summary>
internal static class CancelSubscription
{
    public sealed record Body(DateOnly? On = null);

    [Needs(ProvisioningPermissions.SubscriptionsManage)]
    public sealed record Command(SubscriptionId Id, DateOnly? On) : ICommand<SubscriptionView>;

    internal sealed class Handler(ProvisioningDb db, Precondition precondition, Principal principal, BillingCalendar calendar, TimeProvider clock)
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
            if (subscription.Cancel(request.On, today).Refused(out var refusal, out var cancelled))
                return refusal;

            db.Add(HistoryEntry.Of(subscription, HistoryEvent.Cancelled, cancelled.EndsOn, principal.Access.Name, now));
            db.Publish(cancelled);
            // The ETag is of the new version, which saving makes.
            await db.SaveChangesAsync(cancellationToken);
            return SubscriptionView.Of(subscription, today);
        }
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapPost("/{id:guid}/cancel", (Guid id, Body? body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new SubscriptionId(id), body?.On), ct))
        .Slice<Command, SubscriptionView>(nameof(CancelSubscription), "Cancels a subscription now or from a day on")
        .WithMetadata(new TakesIfMatch());
}
