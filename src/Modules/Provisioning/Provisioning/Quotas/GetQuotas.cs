using Licensing.Catalog.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Quotas;

/// <summary>The quotas of a subscription today: what was agreed for it, else what its plan says.</summary>
internal static class GetQuotas
{
    [Needs(ProvisioningPermissions.SubscriptionsRead)]
    public sealed record Query(SubscriptionId Id) : IQuery<QuotasView>;

    internal sealed class Handler(ProvisioningDb db, ICatalog catalog, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : IQueryHandler<Query, QuotasView>
    {
        public async Task<Result<QuotasView>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (await db.Subscriptions.AsNoTracking().Within(principal.Scope)
                .SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is not { } subscription)
                return SubscriptionRefusals.NotFound(query.Id.Value);
            var version = subscription.Plans.On(calendar.DayOf(clock.GetUtcNow())).PlanVersionId;
            var ofPlan = (await catalog.FindPlanVersionAsync(version, cancellationToken))!.Terms.Quotas;
            var meters = subscription.Quotas.Keys.Union(ofPlan.Keys).Order(StringComparer.Ordinal);
            return new QuotasView(subscription.Id, [.. meters.Select(meter => Of(meter, subscription.Quotas, ofPlan))]);
        }

        private static QuotaView Of(string meter, IReadOnlyDictionary<string, decimal> agreed, IReadOnlyDictionary<string, decimal> ofPlan)
        {
            decimal? planned = ofPlan.TryGetValue(meter, out var limit) ? limit : null;
            return agreed.TryGetValue(meter, out var own) ? new(meter, own, planned, true) : new(meter, limit, planned, false);
        }
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapGet("/{id:guid}/quotas", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new SubscriptionId(id)), ct))
        .Slice<Query, QuotasView>(nameof(GetQuotas), "Reads a subscription's quotas");
}

/// <summary>By meter; one that is not there has no limit.</summary>
internal sealed record QuotasView(SubscriptionId SubscriptionId, IReadOnlyList<QuotaView> Items);

/// <param name="Meter">The meter's key.</param>
/// <param name="Limit">The most usage of a billing period.</param>
/// <param name="PlanLimit">What the plan of today says; null where it sets no limit.</param>
/// <param name="Agreed">Whether the limit was agreed for this subscription.</param>
internal sealed record QuotaView(string Meter, decimal Limit, decimal? PlanLimit, bool Agreed);
