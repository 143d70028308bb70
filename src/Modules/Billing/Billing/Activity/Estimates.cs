using Licensing.Billing.Data;
using Licensing.Billing.Invoices;
using Licensing.Billing.Runs;
using Licensing.Billing.Settlement;
using Licensing.Billing.Summaries;
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
    BillingDb db, BillingChunks chunks, LateMonths lateMonths, ISubscriptionDirectory subscriptions, IUsageTotals usage,
    IOrganizationDirectory organizations, BillingSettings settings)
{
    private OrganizationId? _seller;
    private (Period Month, ILookup<OrganizationId, LateMonth> Of)? _late;

    /// <summary>
    /// Whether something of the month may still be billed; refused where that is of too many tenants to be rated now. What a finished run
    /// left out is told by its operation; rating it again would say the same at the cost of all tenants.
    /// </summary>
    public async Task<Result<bool>> AreDueAsync(Period month, LineFilter filter, CancellationToken ct)
    {
        if (await db.Runs.AnyAsync(
            x => x.PeriodStart == month.Start && x.PeriodEnd == month.End && x.State == RunState.Finished && x.OperationId != null, ct))
            return false;
        return filter is { TenantId: null, MostEstimated: { } most } && await subscriptions.CountBillableTenantsAsync(month, filter.Scope, ct) > most
            ? SummaryRefusals.TooWide(most)
            : true;
    }

    public LineFilter Within(Scope scope) => new(scope) { MostEstimated = settings.EstimatedTenants };

    /// <summary>The next tenants of the month, most of them as many as are asked for.</summary>
    public async Task<EstimatedBills> NextAsync(Period month, LineFilter filter, OrganizationId? after, int most, CancellationToken ct)
    {
        var seller = _seller ??= (await organizations.PlatformAsync(ct)).Id;
        if (filter.TenantId is { } only)
            (after, most) = (Before(only), 1);
        var chunk = await chunks.NextAsync(month, filter.Scope, after, most, ct);
        if (filter.TenantId is { } one)
        {
            if (chunk.Tenants is not [var found] || found.Value != one)
                return new EstimatedBills(seller, BilledChunk.Empty, null);
            chunk = chunk with { Last = null };
        }

        await usage.FreshenAsync(month, chunk.Tenants, ct);
        var rated = await chunks.RateAsync(seller, month, chunk, ct);
        var late = await LateAsync(seller, month, ct);
        rated = await chunks.WithLateAsync(seller, month, rated, [.. chunk.Tenants.SelectMany(tenant => late[tenant])], ct);
        // What is late of the time before a transfer is another's bill.
        return new EstimatedBills(
            seller, rated with { Bills = [.. rated.Bills.Where(bill => filter.Scope.Contains(bill.Tenant.Path))] }, chunk.Last);
    }

    // Who has an invoice of the month, or a draft of one, has what came late on it.
    private async Task<ILookup<OrganizationId, LateMonth>> LateAsync(OrganizationId seller, Period month, CancellationToken ct)
    {
        if (_late is { } read && read.Month == month)
            return read.Of;
        var late = await lateMonths.PresentAsync(seller, month, ct);
        var ids = late.Select(x => x.TenantId).Distinct().ToList();
        HashSet<OrganizationId> billed = ids.Count == 0 ? [] : await db.Invoices.AsNoTracking()
            .Where(x => x.SellerId == seller && x.PeriodStart == month.Start && x.PeriodEnd == month.End && x.Status != InvoiceStatus.Void
                && ids.Contains(x.TenantId))
            .Select(x => x.TenantId).ToHashSetAsync(ct);
        var open = late.Where(x => !billed.Contains(x.TenantId)).ToLookup(x => x.TenantId);
        _late = (month, open);
        return open;
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
