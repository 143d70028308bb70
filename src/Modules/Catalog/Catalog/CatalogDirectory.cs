using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Catalog.Plans;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog;

/// <inheritdoc cref="ICatalog"/>
internal sealed class CatalogDirectory(Func<CatalogDb> open, CatalogMemory memory) : ICatalog
{
    private const int Most = 1_000;

    public async Task<PlanVersionRef?> FindPlanVersionAsync(PlanVersionId id, CancellationToken ct) =>
        (await FindPlanVersionsAsync([id], ct)).GetValueOrDefault(id);

    public async Task<IReadOnlyDictionary<PlanVersionId, PlanVersionRef>> FindPlanVersionsAsync(
        IReadOnlyCollection<PlanVersionId> ids, CancellationToken ct)
    {
        var found = new Dictionary<PlanVersionId, PlanVersionRef>();
        var missing = new HashSet<PlanVersionId>();
        foreach (var id in ids)
            if (memory.Knows<PlanVersionRef>(id, out var known))
                found[id] = known!;
            else
                missing.Add(id);
        if (missing.Count == 0)
            return found;

        foreach (var version in await open().PlanVersions.AsNoTracking().Where(x => missing.Contains(x.Id)).ToListAsync(ct))
            memory.Keep(version.Id, found[version.Id] = version.ToRef());
        return found;
    }

    public async Task<PlanVersionRef?> CurrentVersionAsync(PlanId plan, CancellationToken ct) =>
        (await CurrentVersionsAsync([plan], ct)).GetValueOrDefault(plan);

    public async Task<IReadOnlyDictionary<PlanId, PlanVersionRef>> CurrentVersionsAsync(IReadOnlyCollection<PlanId> plans, CancellationToken ct)
    {
        var current = await open().Plans.AsNoTracking()
            .Where(x => plans.Contains(x.Id) && x.Status != PlanStatus.Retired && x.CurrentVersionId != null)
            .Select(x => x.CurrentVersionId!.Value)
            .ToListAsync(ct);
        return (await FindPlanVersionsAsync(current, ct)).Values.ToDictionary(x => x.PlanId);
    }

    public async Task<IReadOnlyList<PlanVersionRef>> OnSaleAsync(string product, CancellationToken ct)
    {
        var current = await open().Plans.AsNoTracking()
            .Where(x => x.Product == product && x.Status != PlanStatus.Retired && x.CurrentVersionId != null)
            .OrderBy(x => x.Id).Select(x => x.CurrentVersionId!.Value).Take(Most)
            .ToListAsync(ct);
        var found = await FindPlanVersionsAsync(current, ct);
        return [.. current.Select(x => found[x])];
    }

    // Not kept either: it grows with what is published.
    public async Task<IReadOnlySet<PlanVersionId>> InAdvanceAsync(CancellationToken ct)
    {
        const string any = """[{"inAdvance": true}]""";
        var ids = await open().Database.SqlQuery<Guid>(
            $"""select id as "Value" from catalog.plan_versions where charges @> {any}::jsonb""").ToListAsync(ct);
        return ids.Select(id => new PlanVersionId(id)).ToHashSet();
    }

    // Not kept: a meter made a moment ago in another process must be known to the first record that names it.
    public async Task<IReadOnlyDictionary<string, MeterRef>> MetersAsync(CancellationToken ct) => await open().Meters.AsNoTracking()
        .Select(x => new MeterRef(x.Id, x.Key, x.Unit, x.Aggregation) { Dimensions = x.Dimensions })
        .ToDictionaryAsync(x => x.Key, StringComparer.Ordinal, ct);

    public async Task<ProductRules?> RulesAsync(string product, CancellationToken ct)
    {
        if (memory.Knows(product, out var known))
            return known;
        var asked = memory.Now;
        if (await open().Products.AsNoTracking().SingleOrDefaultAsync(x => x.Key == product, ct) is not { } found)
            return null;

        memory.Keep(found.Rules, asked);
        return found.Rules;
    }
}
