using System.Collections.Concurrent;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Usage.Tests;

/// <summary>Subscriptions as the tests arrange them, at the border to the module that owns them.</summary>
public sealed class ArrangedSubscriptions : ISubscriptionDirectory
{
    private readonly ConcurrentDictionary<SubscriptionId, UsageTarget> _all = [];

    public void Add(UsageTarget target) => _all[target.Id] = target;

    public Task<IReadOnlyDictionary<SubscriptionId, UsageTarget>> FindAsync(IReadOnlyCollection<SubscriptionId> ids, CancellationToken ct) =>
        Task.FromResult<IReadOnlyDictionary<SubscriptionId, UsageTarget>>(ids.Where(_all.ContainsKey).ToDictionary(i => i, i => _all[i]));

    public Task<ILookup<OrganizationId, UsageTarget>> OfTenantsAsync(IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct) =>
        Task.FromResult(_all.Values.Where(t => tenants.Contains(t.TenantId)).ToLookup(t => t.TenantId));

    public Task<IReadOnlyList<BillableSubscription>> BillableAsync(Period period, Scope scope, OrganizationId? after, int tenants, CancellationToken ct) =>
        throw new NotSupportedException("Usage does not bill.");

    public Task<int> CountBillableTenantsAsync(Period period, Scope scope, CancellationToken ct) => throw new NotSupportedException("Usage does not bill.");
}

/// <summary>One meter of each aggregation, named after it.</summary>
public sealed class ArrangedCatalog : ICatalog
{
    private static readonly IReadOnlyDictionary<string, MeterRef> Meters = Enum.GetValues<MeterAggregation>().ToDictionary(
        a => a.ToString().ToLowerInvariant(), a => new MeterRef(new(Id.NewGuid(DateTimeOffset.UnixEpoch)), a.ToString().ToLowerInvariant(), "pieces", a));

    public Task<IReadOnlyDictionary<string, MeterRef>> MetersAsync(CancellationToken ct) => Task.FromResult(Meters);

    public Task<PlanVersionRef?> FindPlanVersionAsync(PlanVersionId id, CancellationToken ct) => throw new NotSupportedException("Usage reads meters only.");

    public Task<IReadOnlyDictionary<PlanVersionId, PlanVersionRef>> FindPlanVersionsAsync(IReadOnlyCollection<PlanVersionId> ids, CancellationToken ct) =>
        throw new NotSupportedException("Usage reads meters only.");

    public Task<PlanVersionRef?> CurrentVersionAsync(PlanId plan, CancellationToken ct) => throw new NotSupportedException("Usage reads meters only.");

    public Task<ProductRules?> RulesAsync(string product, CancellationToken ct) => throw new NotSupportedException("Usage reads meters only.");
}
