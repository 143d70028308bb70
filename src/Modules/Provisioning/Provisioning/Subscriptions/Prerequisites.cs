using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>Finds what tenants hold of products that plans ask for; reads nothing where none asks.</summary>
internal sealed class Prerequisites(ProvisioningDb db, BillingCalendar calendar, TimeProvider clock)
{
    public async Task<HeldProducts> OfAsync(IReadOnlyCollection<OrganizationId> tenants, IEnumerable<PlanVersionRef> plans, CancellationToken ct)
    {
        if (plans.All(p => p.Terms.Prerequisites.Count == 0))
            return new HeldProducts([]);
        var today = calendar.DayOf(clock.GetUtcNow());
        return new HeldProducts(await db.Subscriptions.AsNoTracking()
            .Where(x => tenants.Contains(x.TenantId) && (x.EndsOn == null || x.EndsOn > today)).ToListAsync(ct));
    }
}

/// <summary>The subscriptions of some tenants that are not over.</summary>
internal sealed class HeldProducts(List<Subscription> held)
{
    /// <summary>One that was opened meanwhile counts for those after it.</summary>
    public void Add(Subscription subscription) => held.Add(subscription);

    /// <summary>The products that a plan asks for and the tenant has no subscription of on its first day.</summary>
    /// <param name="besides">A subscription that does not count: the one that the plan is for.</param>
    public IReadOnlyList<FieldError> Missing(PlanVersionRef plan, OrganizationId tenant, DateOnly on, SubscriptionId? besides = null) =>
    [
        .. plan.Terms.Prerequisites.Where(product => !held.Exists(s => s.TenantId == tenant && s.Id != besides && Has(s, product, on)))
            .Select(product => new FieldError(
                "/planId", "prerequisite", $"The plan {plan.PlanKey} needs a subscription of the product {product} on {on:yyyy-MM-dd}.")),
    ];

    private static bool Has(Subscription subscription, string product, DateOnly on) =>
        subscription.StartsOn <= on && (subscription.EndsOn is null || subscription.EndsOn > on) && subscription.Plans.On(on).Product == product;
}
