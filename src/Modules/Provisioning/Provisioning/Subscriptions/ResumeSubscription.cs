using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>Gives a suspended subscription its access back from today.</summary>
internal static class ResumeSubscription
{
    [Needs(ProvisioningPermissions.SubscriptionsManage)]
    public sealed record Command(SubscriptionId Id) : ICommand<SubscriptionView>;

    internal sealed class Handler(ProvisioningDb db, Precondition precondition, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, SubscriptionView>
    {
        public async Task<Result<SubscriptionView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var subscription = await db.Subscriptions.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (subscription is null)
                return SubscriptionRefusals.NotFound(command.Id.Value);
            if (precondition.Fails(subscription))
                return Precondition.Failed;

            var now = clock.GetUtcNow();
            var today = calendar.DayOf(now);
            if (subscription.Resume(today, now).Refused(out var refusal, out var resumed))
                return refusal;

            db.Add(HistoryEntry.Of(subscription, HistoryEvent.Resumed, today, principal.Access.Name, now));
            db.Publish(resumed);
            return await db.SavedAsync(() => SubscriptionView.Of(subscription, today), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapPost("/{id:guid}/resume", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Command(new SubscriptionId(id)), ct))
        .Slice<Command, SubscriptionView>(nameof(ResumeSubscription), "Resumes a suspended subscription from today")
        .WithMetadata(new TakesIfMatch());
}
