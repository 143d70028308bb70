using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Seats;

/// <summary>Sets a tenant's seats and features from today. What is absent stays; the rules hold for the resulting state.</summary>
internal static class ChangeSeats
{
    public sealed record Body(IReadOnlyDictionary<string, int> Seats);

    [Needs(ProvisioningPermissions.SeatsManage)]
    public sealed record Command(OrganizationId TenantId, IReadOnlyDictionary<string, int> Seats) : ICommand<SeatChangesView>;

    internal sealed class Handler(
        ProvisioningDb db, ICatalog catalog, Principal principal, Precondition precondition, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, SeatChangesView>
    {
        public async Task<Result<SeatChangesView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var now = clock.GetUtcNow();
            var today = calendar.DayOf(now);
            var subscription = await db.SeatsOf(command.TenantId, principal.Scope, today).SingleOrDefaultAsync(cancellationToken);
            if (subscription is null)
                return SeatRefusals.NotFound(command.TenantId.Value);
            if (precondition.Fails(subscription))
                return Precondition.Failed;
            var rules = await catalog.RulesOfAsync(subscription.ProductsFrom(today), cancellationToken);
            if (subscription.SetQuantities(command.Seats, null, rules, today, "/seats").Refused(out var refusal, out var set))
                return refusal;

            db.Announce(subscription, set, principal, now);
            return await db.SavedAsync(() => new SeatChangesView(subscription.TenantId, Changes(set), subscription.Version), cancellationToken);
        }

        private static Dictionary<string, SeatChange> Changes(QuantitiesSet set) => set.Before.Keys.Union(set.After.Keys)
            .Select(f => KeyValuePair.Create(f, new SeatChange(set.Before.GetValueOrDefault(f), set.After.GetValueOrDefault(f))))
            .Where(f => f.Value.OldValue != f.Value.NewValue)
            .OrderBy(f => f.Key, StringComparer.Ordinal)
            .ToDictionary();
    }

    public static void Map(RouteGroupBuilder licensing) => licensing
        .MapPatch("/{tenantId:guid}", (Guid tenantId, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new OrganizationId(tenantId), body.Seats), ct))
        .Slice<Command, SeatChangesView>(nameof(ChangeSeats), "Changes a tenant's seats and features");
}
