using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Seats;

namespace Licensing.Provisioning.EntitlementChecks;

/// <summary>Whether a tenant may use a feature now, and how much of it: the question that other systems ask at every log-in of theirs.</summary>
internal static class CheckEntitlement
{
    [Needs(ProvisioningPermissions.SeatsRead)]
    public sealed record Query(OrganizationId TenantId, string Feature) : IQuery<EntitlementView>;

    internal sealed class Handler(HeldSubscriptions subscriptions, ICatalog catalog, BillingCalendar calendar, TimeProvider clock)
        : IQueryHandler<Query, EntitlementView>
    {
        public async Task<Result<EntitlementView>> Handle(Query query, CancellationToken cancellationToken)
        {
            var today = calendar.DayOf(clock.GetUtcNow());
            if ((await subscriptions.OfAsync(query.TenantId, cancellationToken)).Refused(out var refusal, out var held))
                return refusal;

            var sources = new List<EntitlementSource>();
            foreach (var one in held)
            {
                var product = one.ProductOn(today);
                var rules = (await catalog.RulesAsync(product, cancellationToken))!;
                var quantities = one.QuantitiesOn(today);
                if (quantities.TryGetValue(query.Feature, out var quantity))
                    sources.Add(new EntitlementSource(one.Id, product, query.Feature, quantity));
                sources.AddRange(Entitlements.Of(rules, quantities).Where(e => e.Key == query.Feature).SelectMany(e => e.Why)
                    .Select(why => new EntitlementSource(one.Id, product, why.Feature, why.Amount)));
            }

            var sum = sources.Sum(s => s.Quantity);
            return new EntitlementView(query.TenantId, query.Feature, sum > 0, sum, sources);
        }
    }

    public static void Map(RouteGroupBuilder entitlements) => entitlements
        .MapGet("/{tenantId:guid}/{feature}", (Guid tenantId, string feature, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new OrganizationId(tenantId), feature), ct))
        .Slice<Query, EntitlementView>(nameof(CheckEntitlement), "Tells whether a tenant may use a feature, and how much of it");
}

/// <summary>What a tenant may use of one feature or included entitlement today.</summary>
/// <param name="TenantId">Who.</param>
/// <param name="Feature">A feature that is held, or an entitlement that features include.</param>
/// <param name="Allowed">Whether there is any of it.</param>
/// <param name="Quantity">All sources together.</param>
/// <param name="Sources">Where it comes from; suspended and ended subscriptions give nothing.</param>
internal sealed record EntitlementView(
    OrganizationId TenantId, string Feature, bool Allowed, decimal Quantity, IReadOnlyList<EntitlementSource> Sources);

/// <param name="SubscriptionId">The subscription that gives it.</param>
/// <param name="Product">The product it is of.</param>
/// <param name="Feature">The feature that is held: the one asked about, or one that includes it.</param>
/// <param name="Quantity">How much of what was asked about.</param>
internal sealed record EntitlementSource(SubscriptionId SubscriptionId, string Product, string Feature, decimal Quantity);
