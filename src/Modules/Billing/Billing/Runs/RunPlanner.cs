using Licensing.Billing.Advance;
using Licensing.Billing.Data;
using Licensing.Billing.Settlement;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Operations;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Billing.Runs;

/// <summary>
/// Begins a round: brings the rollups up to date, splits the tenants into chunks, pins the rates. Tenants that have their invoice already are in
/// no chunk, so that billing a finished month again costs one look at the two lists.
/// </summary>
internal sealed class RunPlanner(
    BillingDb db, DbSession session, RunChunks chunks, RatePins pins, IUsageTotals usage, ISubscriptionDirectory subscriptions,
    OperationLog operations, LateMonths late, Advances advances, IServiceScopeFactory scopes, BillingSettings settings, RunProbe probe)
{
    private const string Invoiced = """
        select tenant_id, bool_or(status = 'Draft') from billing.invoices
        where period_start = $1 and period_end = $2 and seller_id = $3 and status <> 'Void' and (kind = 'Regular' or status = 'Draft')
        group by tenant_id order by tenant_id
        """;

    public async Task PlanAsync(BillingRun run, CancellationToken ct)
    {
        await usage.CatchUpAsync(await late.DaysAsync(run, ct), ct);
        await probe.HitAsync("caught up");
        var (ranges, tenants) = await SplitAsync(run, ct);
        await probe.HitAsync("split");
        await session.BeginAsync(ct);
        // Another process may have planned meanwhile; then its chunks and its rates are those of the round.
        var state = await db.Runs.FromSql($"select * from billing.runs where id = {run.Id} for update").AsNoTracking().SingleAsync(ct);
        if (state.State is not RunState.Planning || state.Round != run.Round)
            return;
        await advances.CloseAsync(run.Period, ct);
        await late.NoteAsync(run, ct);
        await probe.HitAsync("noted");
        // Behind the last tenant that has something to bill there may be some that have only what came late or was billed in advance.
        if ((ranges.Count == 0 || ranges[^1].Last is not null) && (await late.AnyAsync(run, ct) || await advances.AnyAsync(run, ct)))
            ranges.Add(new TenantRange(ranges.Count == 0 ? null : ranges[^1].Last, null, 0));
        await chunks.ReplaceAsync(run.Id, ranges, ct);
        await probe.HitAsync("chunks");
        await pins.PinAsync(run.Id, run.Period, ct);
        await probe.HitAsync("pinned");
        await operations.TotalAsync(run.OperationId!.Value, tenants, ct);
        await operations.AdvanceAsync(run.OperationId.Value, tenants - ranges.Sum(range => range.Tenants), [], ct);
        await db.Runs.Where(x => x.Id == run.Id).ExecuteUpdateAsync(set => set
            .SetProperty(x => x.State, RunState.Drafting).SetProperty(x => x.Tenants, tenants), ct);
        await probe.HitAsync("planned");
        await session.CommitAsync(CancellationToken.None);
    }

    // Two lists in one order, walked side by side, so that no memory grows with the customers.
    private async Task<(List<TenantRange> Ranges, int Tenants)> SplitAsync(BillingRun run, CancellationToken ct)
    {
        await using var other = scopes.CreateAsyncScope();
        var connection = await other.ServiceProvider.GetRequiredService<DbSession>().OpenAsync(ct);
        await using var command = new NpgsqlCommand(Invoiced, connection)
        {
            Parameters = { new() { Value = run.PeriodStart }, new() { Value = run.PeriodEnd }, new() { Value = run.SellerId.Value } },
        };
        await using var invoices = await command.ExecuteReaderAsync(ct);
        var (ranges, tenants) = (new List<TenantRange>(), 0);
        var (after, open, drafts) = ((OrganizationId?)null, 0, 0);
        var more = await invoices.ReadAsync(ct);
        await foreach (var tenant in subscriptions.BillableTenantsAsync(run.Period, Scope.Everything, ct))
        {
            tenants++;
            // Drafts of tenants that owe nothing any more are to be thrown away, so their place is in a chunk, too.
            for (; more && invoices.GetGuid(0).CompareTo(tenant.Value) < 0; more = await invoices.ReadAsync(ct))
                drafts += invoices.GetBoolean(1) ? 1 : 0;
            var issued = more && invoices.GetGuid(0) == tenant.Value && !invoices.GetBoolean(1);
            open += issued ? 0 : 1;
            if (open < settings.ChunkTenants)
                continue;
            ranges.Add(new TenantRange(after, tenant, open));
            (after, open, drafts) = (tenant, 0, 0);
        }

        for (; more; more = await invoices.ReadAsync(ct))
            drafts += invoices.GetBoolean(1) ? 1 : 0;
        if (open + drafts > 0)
            ranges.Add(new TenantRange(after, null, open));
        return (ranges, tenants);
    }
}
