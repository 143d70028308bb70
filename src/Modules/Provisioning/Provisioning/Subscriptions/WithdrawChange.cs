using Licensing.Catalog.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>Withdraws all that is agreed for one day to come, quantities and plan; what is agreed for other days stays.</summary>
internal static class WithdrawChange
{
    [Needs(ProvisioningPermissions.SubscriptionsManage)]
    public sealed record Command(SubscriptionId Id, DateOnly EffectiveDate) : ICommand<SubscriptionView>;

    internal sealed class Handler(
        ProvisioningDb db, ICatalog catalog, Precondition precondition, Principal principal, BillingCalendar calendar, TimeProvider clock)
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
            var rules = await catalog.RulesOfAsync(subscription.ProductsFrom(today), cancellationToken);
            if (subscription.Withdraw(command.EffectiveDate, rules, today).Refused(out var refusal, out var withdrawn))
                return refusal;

            db.Add(HistoryEntry.Of(
                subscription, HistoryEvent.ChangeWithdrawn, command.EffectiveDate, principal.Access.Name, now, withdrawn.Fact.Quantities,
                plan: withdrawn.Fact.PlanVersionId));
            db.Publish(withdrawn.Fact);
            if (withdrawn.Repriced is { } repriced)
                db.Publish(repriced);
            return await db.SavedAsync(() => SubscriptionView.Of(subscription, today), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapDelete("/{id:guid}/changes/{effectiveDate}", (Guid id, DateOnly effectiveDate, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new SubscriptionId(id), effectiveDate), ct))
        .Slice<Command, SubscriptionView>(nameof(WithdrawChange), "Withdraws what is agreed for a day to come");
}
