using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>Sells a plan to a tenant: from today, from a day to come, or from a past one for those who may.</summary>
internal static class CreateSubscription
{
    [Needs(ProvisioningPermissions.SubscriptionsOpen)]
    public sealed record Command(
        OrganizationId TenantId, PlanId PlanId, IReadOnlyDictionary<string, int>? Quantities = null, DateOnly? StartDate = null,
        DateOnly? EndDate = null, string? Reference = null, bool? AutoRenew = null, IReadOnlyDictionary<string, decimal>? Quotas = null)
        : ICommand<SubscriptionView>;

    internal sealed class Handler(Opening opening, BillingCalendar calendar, TimeProvider clock) : ICommandHandler<Command, SubscriptionView>
    {
        public async Task<Result<SubscriptionView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var asked = new NewSubscription(
                command.TenantId, command.PlanId, command.Quantities, command.StartDate, command.EndDate, command.Reference,
                command.AutoRenew, command.Quotas);
            var outcomes = await opening.OpenAsync([asked], cancellationToken);
            return outcomes[0].Refused(out var refusal, out var subscription)
                ? refusal
                : SubscriptionView.Of(subscription, calendar.DayOf(clock.GetUtcNow()));
        }
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/subscriptions/{x.Id.Value}", ct))
        .Slice<Command, SubscriptionView>(nameof(CreateSubscription), "Opens a subscription", StatusCodes.Status201Created);
}
