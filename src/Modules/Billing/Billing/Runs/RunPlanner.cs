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
        select tenant_id, status = 'Draft' from billing.invoices
        where period_start = $1 and period_end = $2 and seller_id = $3 and status <> 'Void' and (kind = 'Regular' or status = 'Draft')
        group by 1, 2 order by 1
        """;

    // An invoice's id has two bytes for its place in the chunk, and a tenant has up to two.
    private const int MostTenants = 10_000;

    private int ChunkTenants => Math.Min(settings.ChunkTenants, MostTenants);

    /// <summary>So many tenants in the order of their ids that one chunk can have them all.</summary>
    private sealed record Stretch(OrganizationId? After, OrganizationId? Last, int Open, int Drafts);

    public async Task PlanAsync(BillingRun run, CancellationToken ct)
    {
        await usage.CatchUpAsync(await late.DaysAsync(run.SellerId, run.Period, ct), ct);
        await probe.HitAsync("caught up");
        var (stretches, tenants) = await SplitAsync(run, ct);
        await probe.HitAsync("split");
        await session.BeginAsync(ct);
        // Another process may have planned meanwhile; then its chunks and its rates are those of the round.
        var state = await db.Runs.FromSql($"select * from billing.runs where id = {run.Id} for update").AsNoTracking().SingleAsync(ct);
        if (state.State is not RunState.Planning || state.Round != run.Round)
            return;
        await advances.CloseAsync(run.Period, ct);
        await late.NoteAsync(run, ct);
        await probe.HitAsync("noted");
        var ranges = await RangesAsync(run, stretches, ct);
        await chunks.ReplaceAsync(run.Id, ranges, ct);
        await probe.HitAsync("chunks");
        await pins.PinAsync(run, ct);
        await probe.HitAsync("pinned");
        await ProgressAsync(state, tenants, ranges.Sum(range => range.Tenants), ct);
        await db.Runs.Where(x => x.Id == run.Id).ExecuteUpdateAsync(set => set
            .SetProperty(x => x.State, RunState.Drafting).SetProperty(x => x.Tenants, tenants), ct);
        await probe.HitAsync("planned");
        await session.CommitAsync(CancellationToken.None);
    }

    // Each tenant is a step, and each that is to be issued another. An operation that was held has steps of the round before.
    private async Task ProgressAsync(BillingRun run, int tenants, int open, CancellationToken ct)
    {
        var operation = run.OperationId!.Value;
        var before = (await operations.FindAsync(operation, Scope.Everything, ct))!.Done;
        await operations.TotalAsync(operation, run.Issue ? tenants + open : tenants, ct);
        await operations.AdvanceAsync(operation, tenants - open - before, [], ct);
    }

    // Two lists in one order, walked side by side, so that no memory grows with the customers. Who is billed already counts, too: a chunk
    // reads the subscriptions of all between its ends.
    private async Task<(List<Stretch> Stretches, int Tenants)> SplitAsync(BillingRun run, CancellationToken ct)
    {
        await using var other = scopes.CreateAsyncScope();
        var connection = await other.ServiceProvider.GetRequiredService<DbSession>().OpenAsync(ct);
        await using var command = new NpgsqlCommand(Invoiced, connection)
        {
            Parameters = { new() { Value = run.PeriodStart }, new() { Value = run.PeriodEnd }, new() { Value = run.SellerId.Value } },
        };
        await using var invoices = await command.ExecuteReaderAsync(ct);
        var (stretches, tenants) = (new List<Stretch>(), 0);
        var (after, walked, open, drafts) = ((OrganizationId?)null, 0, 0, 0);
        void Walk(Guid tenant, bool isOpen, bool isDraft)
        {
            open += isOpen ? 1 : 0;
            drafts += isDraft ? 1 : 0;
            if (++walked < ChunkTenants)
                return;
            stretches.Add(new Stretch(after, new OrganizationId(tenant), open, drafts));
            (after, walked, open, drafts) = (new OrganizationId(tenant), 0, 0, 0);
        }

        var more = await invoices.ReadAsync(ct);
        await foreach (var tenant in subscriptions.BillableTenantsAsync(run.Period, Scope.Everything, ct))
        {
            tenants++;
            // Drafts of tenants that owe nothing any more are to be thrown away, so their place is in a chunk, too.
            for (; more && invoices.GetGuid(0).CompareTo(tenant.Value) < 0; more = await invoices.ReadAsync(ct))
                if (invoices.GetBoolean(1))
                    Walk(invoices.GetGuid(0), isOpen: false, isDraft: true);
            var (issued, draft) = (false, false);
            for (; more && invoices.GetGuid(0) == tenant.Value; more = await invoices.ReadAsync(ct))
                (issued, draft) = (issued || !invoices.GetBoolean(1), draft || invoices.GetBoolean(1));
            Walk(tenant.Value, isOpen: !issued, draft);
        }

        for (; more; more = await invoices.ReadAsync(ct))
            if (invoices.GetBoolean(1))
                Walk(invoices.GetGuid(0), isOpen: false, isDraft: true);
        // Behind the last of them there may be some that have only what came late or was billed in advance.
        stretches.Add(new Stretch(after, null, open, drafts));
        return (stretches, tenants);
    }

    // Where nothing is to do there is no chunk; where more tenants owe something beside the month than a chunk takes there are more of them.
    private async Task<List<TenantRange>> RangesAsync(BillingRun run, List<Stretch> stretches, CancellationToken ct)
    {
        var ranges = new List<TenantRange>();
        await using var owing = late.TenantsAsync(run, ct).GetAsyncEnumerator(ct);
        var more = await owing.MoveNextAsync();
        foreach (var stretch in stretches)
        {
            var (after, open, last, count) = (stretch.After, stretch.Open, default(OrganizationId), 0);
            for (; more && (stretch.Last is not { } end || owing.Current.Value.CompareTo(end.Value) <= 0); more = await owing.MoveNextAsync())
            {
                if (count == ChunkTenants)
                {
                    // Where in it those lie who are open is not known any more, nor is it needed but for the progress.
                    ranges.Add(new TenantRange(after, last, open));
                    (after, open, count) = (last, 0, 0);
                }

                (last, count) = (owing.Current, count + 1);
            }

            if (open + stretch.Drafts + count > 0)
                ranges.Add(new TenantRange(after, stretch.Last, open));
        }

        return ranges;
    }
}
