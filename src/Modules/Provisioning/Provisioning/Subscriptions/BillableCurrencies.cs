using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>
/// Which plans a tenant can be billed for: those in its currency, and those from whose currency there is a recorded rate to its own. Rates are never
/// taken away, so what can be billed today can be in every month to come.
/// </summary>
internal sealed class BillableCurrencies(IReadOnlySet<(Currency From, Currency To)> rates)
{
    public bool Fit(PlanVersionRef plan, OrganizationRef tenant) =>
        !plan.IsPriced || plan.Currency == tenant.Currency || rates.Contains((plan.Currency, tenant.Currency));

    /// <summary>One read, and none where all are of one currency.</summary>
    public static async Task<BillableCurrencies> OfAsync(
        IExchangeRates rates, IEnumerable<PlanVersionRef> plans, IEnumerable<OrganizationRef> tenants, DateOnly on, CancellationToken ct)
    {
        var from = plans.Where(plan => plan.IsPriced).Select(plan => plan.Currency).ToHashSet();
        var to = tenants.Select(tenant => tenant.Currency).ToHashSet();
        return from.Count == 0 || to.Count == 0 || (from.Count == 1 && from.SetEquals(to))
            ? new(new HashSet<(Currency, Currency)>())
            : new((await rates.InForceAsync(from, to, on, ct)).Select(rate => (rate.From, rate.To)).ToHashSet());
    }
}
