using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Seats;

/// <summary>What a tenant holds, and what that includes and why.</summary>
internal static class GetSeats
{
    [Needs(ProvisioningPermissions.SeatsRead)]
    public sealed record Query(OrganizationId TenantId) : IQuery<LicensingView>;

    internal sealed class Handler(ProvisioningDb db, ICatalog catalog, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : IQueryHandler<Query, LicensingView>
    {
        public async Task<Result<LicensingView>> Handle(Query query, CancellationToken cancellationToken)
        {
            var today = calendar.DayOf(clock.GetUtcNow());
            var subscription = await db.SeatsOf(query.TenantId, principal.Scope, today).AsNoTracking().SingleOrDefaultAsync(cancellationToken);
            if (subscription is null || await catalog.RulesAsync(SeatSubscriptions.Product, cancellationToken) is not { } rules)
                return SeatRefusals.NotFound(query.TenantId.Value);

            var held = subscription.QuantitiesOn(today);
            return new LicensingView(
                subscription.TenantId, subscription.Id, SeatSubscriptions.Product, subscription.StatusOn(today),
                rules.Features.ToDictionary(f => f.Key, f => held.GetValueOrDefault(f.Key)), rules.Features, Entitlements.Of(rules, held),
                subscription.Version);
        }
    }

    public static void Map(RouteGroupBuilder licensing) => licensing
        .MapGet("/{tenantId:guid}", (Guid tenantId, ISender sender, CancellationToken ct) => sender.Ok(new Query(new OrganizationId(tenantId)), ct))
        .Slice<Query, LicensingView>(nameof(GetSeats), "Reads a tenant's seats, features and entitlements");
}
