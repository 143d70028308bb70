using FluentValidation;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>Ends a subscription today, with its term or on a day to come. One to come can be moved, and undone.</summary>
internal static class CancelSubscription
{
    private const string TermEnd = "termEnd";

    /// <param name="On">The first day without it; today when neither this nor <paramref name="At"/> is given.</param>
    /// <param name="At"><c>now</c>, or <c>termEnd</c>: with the running term.</param>
    public sealed record Body(DateOnly? On = null, string? At = null);

    [Needs(ProvisioningPermissions.SubscriptionsManage)]
    public sealed record Command(SubscriptionId Id, DateOnly? On, string? At) : ICommand<SubscriptionView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.At).Must(at => at is null or "now" or TermEnd).WithErrorCode("unknown").WithMessage("at must be now or termEnd.");
            RuleFor(x => x.At).Null().When(x => x.On is not null).WithErrorCode("one_of").WithMessage("Only one of at and on can be given.");
        }
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
            var outcome = command.At is TermEnd ? subscription.CancelAtTermEnd(today) : subscription.Cancel(command.On, today);
            if (outcome.Refused(out var refusal, out var cancelled))
                return refusal;

            db.Add(HistoryEntry.Of(subscription, HistoryEvent.Cancelled, cancelled.EndsOn, principal.Access.Name, now));
            db.Publish(cancelled);
            return await db.SavedAsync(() => SubscriptionView.Of(subscription, today), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapPost("/{id:guid}/cancel", (Guid id, Body? body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new SubscriptionId(id), body?.On, body?.At), ct))
        .Slice<Command, SubscriptionView>(nameof(CancelSubscription), "Cancels a subscription now, with its term, or from a day on")
        .WithMetadata(new TakesIfMatch());
}
