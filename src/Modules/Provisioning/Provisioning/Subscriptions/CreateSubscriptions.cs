using FluentValidation;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>Sells plans to many tenants at once. Each item succeeds or is refused by itself; all that succeed are committed together.</summary>
internal static class CreateSubscriptions
{
    public const int Most = 1_000;

    [Needs(ProvisioningPermissions.SubscriptionsOpen)]
    public sealed record Command(IReadOnlyList<NewSubscription> Items) : ICommand<BatchView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Items).Must(items => items.Count is > 0 and <= Most).WithErrorCode("count")
            .WithMessage($"items must have 1 to {Most} entries.");
    }

    internal sealed class Handler(Opening opening, BillingCalendar calendar, TimeProvider clock) : ICommandHandler<Command, BatchView>
    {
        private static readonly ChannelDialect Statuses = new();

        public async Task<Result<BatchView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var today = calendar.DayOf(clock.GetUtcNow());
            var outcomes = await opening.OpenAsync(command.Items, cancellationToken);
            return new BatchView([.. outcomes.Select((outcome, index) => outcome.Refused(out var refusal, out var subscription)
                ? new BatchResult(index, Statuses.StatusOf(refusal.Kind), null, new BatchError(refusal.Code, refusal.Message, refusal.Fields))
                : new BatchResult(index, StatusCodes.Status201Created, SubscriptionView.Of(subscription, today), null))]);
        }
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapPost("/batch", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, BatchView>(nameof(CreateSubscriptions), "Opens up to 1,000 subscriptions");
}

internal sealed record BatchView(IReadOnlyList<BatchResult> Results);

/// <summary>One item's outcome, with the status that it would have had alone.</summary>
internal sealed record BatchResult(int Index, int Status, SubscriptionView? Subscription, BatchError? Error);
