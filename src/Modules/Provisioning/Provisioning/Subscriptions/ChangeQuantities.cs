using Licensing.Catalog.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>Sets quantities from now or a day to come. What is absent stays; the rules hold for the resulting state.</summary>
internal static class ChangeQuantities
{
    public sealed record Body(IReadOnlyDictionary<string, int> Quantities, DateOnly? EffectiveDate = null);

    [Needs(ProvisioningPermissions.SubscriptionsManage)]
    public sealed record Command(SubscriptionId Id, IReadOnlyDictionary<string, int> Quantities, DateOnly? EffectiveDate)
        : ICommand<SubscriptionView>;

    internal sealed class Handler(
        ProvisioningDb db, ICatalog catalog, Principal principal, Precondition precondition, BillingCalendar calendar, TimeProvider clock)
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
            if (subscription.SetQuantities(command.Quantities, command.EffectiveDate, rules, today, "/quantities")
                .Refused(out var refusal, out var set))
                return refusal;

            db.Announce(subscription, set, principal, now);
            return await db.SavedAsync(() => SubscriptionView.Of(subscription, today), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapPatch("/{id:guid}", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new SubscriptionId(id), body.Quantities, body.EffectiveDate), ct))
        .Slice<Command, SubscriptionView>(nameof(ChangeQuantities), "Changes quantities now or from a day on");
}
