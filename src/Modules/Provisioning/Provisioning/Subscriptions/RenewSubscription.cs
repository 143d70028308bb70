using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
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
        ProvisioningDb db, IOrganizationDirectory organizations, Precondition precondition, Principal principal, BillingCalendar calendar,
        TimeProvider clock) : ICommandHandler<Command, SubscriptionView>
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
            var tenant = (await organizations.HoldAsync([subscription.TenantId], cancellationToken))[subscription.TenantId];
            // One that ended stays with the partner that the tenant had then, who sells it nothing more.
            if (tenant.Path != subscription.OwnerPath && today >= subscription.EndsOn)
                return SubscriptionRefusals.Ended;
            if (!tenant.Active)
                return TenantRefusals.NotActive;
            if (subscription.Renew(today).Refused(out var refusal, out var renewed))
                return refusal;

            db.Add(HistoryEntry.Of(
                subscription, HistoryEvent.Renewed, renewed.TermStartsOn, principal.Access.Name, now,
                subscription.QuantitiesOn(renewed.TermStartsOn)));
            db.Publish(renewed);
            db.ExpectTermEnd(subscription, renewed.TermStartsOn, calendar);
            return await db.SavedAsync(() => SubscriptionView.Of(subscription, today), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapPost("/{id:guid}/renew", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Command(new SubscriptionId(id)), ct))
        .Slice<Command, SubscriptionView>(nameof(RenewSubscription), "Renews a subscription for another term")
        .WithMetadata(new TakesIfMatch());
}
