namespace Licensing.Catalog.Contracts;

/// <summary>
/// Reads published plans and meters, which never change, so that answers may be kept; and rules, which may change. What is sold is the same for
/// everyone: there is no scope to check, and nothing is refused.
/// </summary>
public interface ICatalog
{
    /// <summary>The version, or null.</summary>
    /// <param name="id">The version; also of a plan that is retired.</param>
    Task<PlanVersionRef?> FindPlanVersionAsync(PlanVersionId id, CancellationToken ct);

    /// <summary>Those that exist, in one read.</summary>
    /// <param name="ids">Versions; those that do not exist are absent.</param>
    Task<IReadOnlyDictionary<PlanVersionId, PlanVersionRef>> FindPlanVersionsAsync(IReadOnlyCollection<PlanVersionId> ids, CancellationToken ct);

    /// <summary>The newest published version of a plan that is not retired, or null.</summary>
    /// <param name="plan">The plan.</param>
    Task<PlanVersionRef?> CurrentVersionAsync(PlanId plan, CancellationToken ct);

    /// <summary>The newest published versions of those plans that have one and are not retired, in one read.</summary>
    /// <param name="plans">Plans; the others are absent.</param>
    Task<IReadOnlyDictionary<PlanId, PlanVersionRef>> CurrentVersionsAsync(IReadOnlyCollection<PlanId> plans, CancellationToken ct);

    /// <summary>The newest versions of the plans of a product that are on sale, the oldest plan first.</summary>
    /// <param name="product">The product's key.</param>
    Task<IReadOnlyList<PlanVersionRef>> OnSaleAsync(string product, CancellationToken ct);

    /// <summary>The published versions, of whatever plan, that have a charge which is billed in advance.</summary>
    Task<IReadOnlySet<PlanVersionId>> InAdvanceAsync(CancellationToken ct);

    /// <summary>All meters by key.</summary>
    Task<IReadOnlyDictionary<string, MeterRef>> MetersAsync(CancellationToken ct);

    /// <summary>The features and rules of a product by its key, or null; a change of them is seen everywhere within five seconds.</summary>
    /// <param name="product">The product's key.</param>
    Task<ProductRules?> RulesAsync(string product, CancellationToken ct);
}
