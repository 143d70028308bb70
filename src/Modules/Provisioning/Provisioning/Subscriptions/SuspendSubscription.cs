using FluentValidation;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>Stops a subscription's access from today and tells the other modules, keeping its data.</summary>
internal static class SuspendSubscription
{
    private const int LongestReason = 200;

    public sealed record Body(string Reason);

    [Needs(ProvisioningPermissions.SubscriptionsManage)]
    public sealed record Command(SubscriptionId Id, string Reason) : ICommand<SubscriptionView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Reason).NotEmpty().MaximumLength(LongestReason);
    }

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
            if (subscription.Suspend(command.Reason, today, now).Refused(out var refusal, out var suspended))
                return refusal;

            db.Add(HistoryEntry.Of(subscription, HistoryEvent.Suspended, today, principal.Access.Name, now, reason: command.Reason));
            db.Publish(suspended);
            return await db.SavedAsync(() => SubscriptionView.Of(subscription, today), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapPost("/{id:guid}/suspend", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new SubscriptionId(id), body.Reason), ct))
        .Slice<Command, SubscriptionView>(nameof(SuspendSubscription), "Suspends a subscription from today")
        .WithMetadata(new TakesIfMatch());
}
