using Licensing.Billing.Advance;
using Licensing.Billing.Data;
using Licensing.Billing.Invoices;
using Licensing.Billing.Runs;
using Licensing.Billing.Settlement;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Activity;

/// <summary>The bills of some tenants as a run would write them now.</summary>
/// <param name="Seller">Who bills them.</param>
/// <param name="Rated">Those without an invoice.</param>
/// <param name="Last">Where the next ones go on; null after the last ones.</param>
internal sealed record EstimatedBills(OrganizationId Seller, BilledChunk Rated, OrganizationId? Last);

/// <summary>
/// Rates what is not billed yet, some tenants at a time, by the functions of the run, and as fresh as the rollups: those of a tenant are brought
/// up to date before he is rated, as far as a bounded amount of work goes.
/// </summary>
internal sealed class Estimates(
    BillingDb db, BillingChunks chunks, LateMonths lateMonths, Advances advances, ISubscriptionDirectory subscriptions, IUsageTotals usage,
    IOrganizationDirectory organizations, BillingSettings settings)
{
    private OrganizationId? _seller;
    private (Period Month, LineFilter Filter, IReadOnlyList<LateMonth> Open)? _late;

    /// <summary>
    /// The months of which something may still be billed; refused where they would have to be rated for too many tenants, taken together. What
    /// a finished run left out is told by its operation; rating it again would say the same at the cost of all tenants.
    /// </summary>
    public async Task<Result<HashSet<DateOnly>>> DueAsync(IEnumerable<Period> months, LineFilter filter, CancellationToken ct)
    {
        var (due, tenants) = (new HashSet<DateOnly>(), 0);
        foreach (var month in months)
        {
            if (await db.Runs.AnyAsync(
                x => x.PeriodStart == month.Start && x.PeriodEnd == month.End && x.State == RunState.Finished && x.OperationId != null, ct))
                continue;
            // What came late is rated with the month that it would be billed with: a month of a tenant is one more, whoever else is rated.
            if (filter is { TenantId: null, MostEstimated: { } most }
                && ((tenants += await subscriptions.CountBillableTenantsAsync(month, filter.Scope, ct)) > most
                    || (tenants += (await LateAsync(await SellerAsync(ct), month, filter, ct)).Count) > most))
                return ActivityRefusals.TooWide(most);
            due.Add(month.Start);
        }

        return due;
    }

    public LineFilter Within(Scope scope) => new(scope) { MostEstimated = settings.EstimatedTenants };

    /// <summary>
    /// The next tenants of the month, most of them as many as are asked for, and as many again who have only what came late, or what was billed in
    /// advance and did not come.
    /// </summary>
    public async Task<EstimatedBills> NextAsync(Period month, LineFilter filter, OrganizationId? after, int most, CancellationToken ct)
    {
        var seller = await SellerAsync(ct);
        if (filter.TenantId is { } only)
            (after, most) = (Before(only), 1);
        var chunk = await chunks.NextAsync(month, filter.Scope, after, most, ct);
        if (filter.TenantId is { } one)
            chunk = chunk.Tenants is [var found] && found.Value == one ? chunk with { Last = null } : new TenantChunk([], [], null);
        var late = (await LateAsync(seller, month, filter, ct))
            .Where(x => IsBetween(x.TenantId, after, chunk.Last)).ToList();
        var gone = await advances.BesideAsync(month, after, chunk, await TenantsAsync(month, filter, ct), most + 1, ct);
        chunk = chunk with { Tenants = [.. chunk.Tenants.Concat(gone).OrderBy(x => x.Value)] };
        var beside = late.Select(x => x.TenantId).Union(gone).OrderBy(x => x.Value).ToList();
        if (beside.Count > most)
        {
            var last = beside[most - 1];
            late.RemoveAll(x => !IsBetween(x.TenantId, after, last));
            chunk = new TenantChunk(
                [.. chunk.Tenants.Where(x => IsBetween(x, after, last))],
                [.. chunk.Subscriptions.Where(x => IsBetween(x.TenantId, after, last))], last);
        }

        await usage.FreshenAsync(month, chunk.Tenants, ct);
        var rated = await chunks.RateAsync(seller, month, chunk, ct);
        rated = await chunks.WithLateAsync(seller, month, rated, late, ct);
        // What is late of the time before a transfer is another's bill.
        return new EstimatedBills(
            seller, new BilledChunk(
                [.. rated.Bills.Where(bill => filter.Scope.Contains(bill.Tenant.Path))],
                await NamedAsync(rated.NotBilled, month, filter.Scope, ct)), chunk.Last);
    }

    private async ValueTask<OrganizationId> SellerAsync(CancellationToken ct) => _seller ??= (await organizations.PlatformAsync(ct)).Id;

    private static bool IsBetween(OrganizationId tenant, OrganizationId? after, OrganizationId? last) =>
        (after is not { } before || tenant.Value.CompareTo(before.Value) > 0) && (last is not { } end || tenant.Value.CompareTo(end.Value) <= 0);

    // Who has an invoice of the month, or a draft of one, has what came late on it.
    private async Task<IReadOnlyList<LateMonth>> LateAsync(OrganizationId seller, Period month, LineFilter filter, CancellationToken ct)
    {
        if (_late is { } read && read.Month == month && read.Filter == filter)
            return read.Open;
        var late = await lateMonths.PresentAsync(seller, month, await TenantsAsync(month, filter, ct), ct);
        var ids = late.Select(x => x.TenantId).Distinct().ToList();
        HashSet<OrganizationId> billed = ids.Count == 0 ? [] : await db.Invoices.AsNoTracking()
            .Where(x => x.SellerId == seller && x.PeriodStart == month.Start && x.PeriodEnd == month.End && x.Status != InvoiceStatus.Void
                && ids.Contains(x.TenantId))
            .Select(x => x.TenantId).ToHashSetAsync(ct);
        IReadOnlyList<LateMonth> open = [.. late.Where(x => !billed.Contains(x.TenantId))];
        _late = (month, filter, open);
        return open;
    }

    // Those that stand or stood within the scope; null is everyone.
    private async Task<IReadOnlyCollection<OrganizationId>?> TenantsAsync(Period month, LineFilter filter, CancellationToken ct)
    {
        if (filter.TenantId is { } one)
            return (await organizations.PathsAsync([new(one)], ct)).GetValueOrDefault(new(one))?.IsOrWasWithin(filter.Scope) is true
                ? [new(one)]
                : [];
        if (filter.Scope.Roots.All(root => OrganizationPath.LevelOf(root) is OrganizationKind.Platform))
            return null;
        var standing = await organizations.ListAsync(OrganizationKind.Tenant, filter.Scope, ct);
        return [.. standing.Select(x => x.Id).Union((await organizations.TransferredAsync(filter.Scope, month.Start, ct)).Keys)];
    }

    // A tenant that has left the scope is called as it was called there, and what is another's bill is not told.
    private async Task<IReadOnlyList<ParkedTenant>> NamedAsync(
        IReadOnlyList<ParkedTenant> parked, Period month, Scope scope, CancellationToken ct)
    {
        var own = parked.Where(x => x.Path is null || scope.Contains(x.Path)).ToList();
        if (own.Count == 0)
            return own;
        var places = await organizations.PathsAsync([.. own.Select(x => x.Id)], ct);
        string? PathOf(ParkedTenant x) => !places.TryGetValue(x.Id, out var history) ? null
            : scope.Contains(history.Path) ? history.Path : x.Path ?? history.On(month.End.AddDays(-1));
        var named = await organizations.FindByPathAsync([.. own.Select(PathOf).OfType<string>().Distinct()], ct);
        return [.. own.Select(x => x with
        {
            ExternalId = PathOf(x) is { } path && named.TryGetValue(path, out var found) ? found.ExternalId : x.Id.Value.ToString(),
        })];
    }

    /// <summary>Who comes just before this tenant, in the order in which the database and Guid compare; null before the first.</summary>
    public static OrganizationId? Before(Guid id)
    {
        if (id == Guid.Empty)
            return null;
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        for (var i = bytes.Length - 1; i >= 0 && bytes[i]-- == 0; i--)
        {
        }

        return new OrganizationId(new Guid(bytes, bigEndian: true));
    }
}
