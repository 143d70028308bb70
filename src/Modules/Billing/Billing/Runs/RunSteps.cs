using System.Text.Json.Nodes;
using Licensing.Billing.Advance;
using Licensing.Billing.Data;
using Licensing.Billing.Invoices;
using Licensing.Billing.Settlement;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Operations;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Billing.Runs;

/// <summary>
/// What a worker does for the chunk that it holds: reads and rates with nothing locked, then writes in one short transaction that begins by
/// asking for its token.
/// </summary>
internal sealed class RunSteps(
    BillingDb db, DbSession session, RunChunks claims, BillingChunks chunks, InvoiceWriter writer, DraftParts drafts, ChunkParts parts,
    InvoiceIssuing issuing, OperationLog operations, IOrganizationDirectory organizations, LateMonths lateMonths, BilledMonths billedMonths,
    LatePriceBook latePrices, Advances advances, RunProbe probe)
{
    public async Task DraftAsync(BillingRun run, ClaimedChunk chunk, CancellationToken ct)
    {
        await probe.HitAsync("claimed");
        var rated = await chunks.RateAsync(run, chunk.Range, token => claims.RenewAsync(chunk, token), ct);
        await probe.HitAsync("bills");
        var rows = !chunk.InParts ? InvoiceWriter.Rows(run, chunk.Number, rated.Bills) : null;
        try
        {
            await WriteAsync(run, chunk, rows, rated, ct);
        }
        finally
        {
            rows?.GiveBack();
        }
    }

    private async Task WriteAsync(
        BillingRun run, ClaimedChunk chunk, DraftRows? rows, BilledChunk rated, CancellationToken ct)
    {
        await probe.HitAsync("rated");
        await session.BeginAsync(ct);
        await claims.FenceAsync(chunk, ct);
        await probe.HitAsync("fenced");
        if (rated.IsAhead)
            await advances.HoldAsync(run, ct);
        await billedMonths.HoldAsync(rated.Bills, ct);
        await latePrices.KeepAsync(rated.LatePrices, ct);
        await writer.DiscardDraftsAsync(run.SellerId, run.Period, chunk.Range.After, chunk.Range.Last, ct);
        await probe.HitAsync("discarded");
        if (rows is null)
        {
            rated = await drafts.WriteAsync(run, chunk.Number, rated, ct);
            await probe.HitAsync("copied parts");
        }
        else if (rows.Count > 0)
        {
            await writer.WriteInvoicesAsync(rows, ct);
            await probe.HitAsync("copied invoices");
            await writer.WriteLinesAsync(rows, ct);
            await probe.HitAsync("copied lines");
            await writer.WriteUsesAsync(rows, ct);
            await probe.HitAsync("copied uses");
        }

        await lateMonths.SettledAsync(rated.Settled, ct);
        await ParkAsync(run, rated.NotBilled, ct);
        await claims.DoneAsync(chunk, rated.Bills.Count > 0 ? ChunkState.Drafted : ChunkState.Done, ct);
        await probe.HitAsync("done");
        // Every worker writes this row, so it is the last one locked.
        await operations.AdvanceAsync(run.OperationId!.Value, chunk.Range.Tenants, [.. rated.NotBilled.Select(tenant => tenant.Error)], ct);
        await probe.HitAsync("advanced");
        await session.CommitAsync(CancellationToken.None);
        FaultPoints.Hit("billing.chunk");
        await probe.HitAsync("committed");
    }

    /// <summary>What the documents of a chunk to come will say; null where it is none to be issued.</summary>
    public async Task<SaidAhead?> SayAheadAsync(BillingRun run, int chunk, CancellationToken ct) =>
        await claims.DraftedAsync(run.Id, chunk, ct) is { } range
            ? await issuing.SayAheadAsync(await organizations.PlatformAsync(ct), run.Period, range, ct)
            : null;

    public async Task IssueAsync(BillingRun run, ClaimedChunk chunk, SaidAhead? ahead, CancellationToken ct)
    {
        await probe.HitAsync("claimed");
        var seller = await organizations.PlatformAsync(ct);
        await probe.HitAsync("seller");
        await session.BeginAsync(ct);
        await claims.FenceAsync(chunk, ct);
        await probe.HitAsync("fenced");
        IReadOnlyList<ParkedTenant> parked = [];
        if (chunk.InParts)
            parked = await IssueInPartsAsync(run, seller, chunk.Range, ct);
        else
            await issuing.IssueTenantsAsync(seller, run.Period, chunk.Range, ahead, ct);
        await probe.HitAsync("issued");
        await session.SaveAsync(ct);
        await probe.HitAsync("told");
        await ParkAsync(run, parked, ct);
        await claims.DoneAsync(chunk, ChunkState.Done, ct);
        await probe.HitAsync("done");
        await operations.AdvanceAsync(run.OperationId!.Value, chunk.Range.Tenants, [.. parked.Select(tenant => tenant.Error)], ct);
        await probe.HitAsync("advanced");
        await session.CommitAsync(CancellationToken.None);
        FaultPoints.Hit("billing.chunk");
        await probe.HitAsync("committed");
    }

    // One after the other in their order, so that numbers are as they would be without him who is left out: his draft stays for the next round.
    private async Task<List<ParkedTenant>> IssueInPartsAsync(BillingRun run, OrganizationRef seller, TenantRange range, CancellationToken ct)
    {
        // Deferred constraints are checked at once, so that what the commit would refuse is refused here, of one tenant.
        await using (var immediate = new NpgsqlCommand("set constraints all immediate", session.Connection, session.Transaction))
            await immediate.ExecuteNonQueryAsync(ct);
        var ids = await issuing.TenantsAsync(seller, run.Period, range, ct);
        var tenants = await organizations.FindAsync(ids, ct);
        var some = ids.Select((id, i) => (Tenant: tenants[id], Range: new TenantRange(i == 0 ? range.After : ids[i - 1], id, 1))).ToList();
        return await parts.WithoutRefusedAsync(run, some, part => issuing.IssueTenantsAsync(
            seller, run.Period, new TenantRange(part[0].Range.After, part[^1].Range.Last, part.Count), null, ct), x => x.Tenant, ct);
    }

    private async Task ParkAsync(BillingRun run, IReadOnlyList<ParkedTenant> parked, CancellationToken ct)
    {
        if (parked.Count == 0)
            return;
        await using var command = new NpgsqlCommand(
            """
            with parked as (select * from unnest($2, $3, $4, $5) as p (tenant_id, external_id, code, message)),
            known as (
                update billing.run_parked r set code = p.code, message = p.message from parked p
                where r.run_id = $1 and r.tenant_id = p.tenant_id returning r.tenant_id)
            insert into billing.run_parked (run_id, tenant_id, external_id, code, message)
            select $1, p.* from parked p where p.tenant_id not in (select tenant_id from known)
            """, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = run.Id }, new() { Value = parked.Select(tenant => tenant.Id.Value).ToArray() },
                new() { Value = parked.Select(tenant => tenant.ExternalId).ToArray() },
                new() { Value = parked.Select(tenant => tenant.Code).ToArray() },
                new() { Value = parked.Select(tenant => tenant.Message).ToArray() },
            },
        };
        // A tenant already told of for something late counts once.
        var more = await command.ExecuteNonQueryAsync(ct);
        await db.Runs.Where(x => x.Id == run.Id).ExecuteUpdateAsync(set => set.SetProperty(x => x.NotBilled, x => x.NotBilled + more), ct);
        await probe.HitAsync("parked");
    }
}

/// <summary>Ends a stage of a run when none of its chunks is left; whoever comes first does, under the run's lock.</summary>
internal sealed class RunStages(
    BillingDb db, DbSession session, RunChunks chunks, OperationLog operations, RunDeviations deviations, IOrganizationDirectory organizations,
    AuditTrail audit, IAuditStore store, RunMeter meter, RunProbe probe, TimeProvider clock, ILogger<RunStages> log)
{
    public async Task EndDraftingAsync(BillingRun seen, CancellationToken ct)
    {
        await session.BeginAsync(ct);
        if (await LockAsync(seen, RunState.Drafting, ct) is not { } run)
            return;
        if (!run.Issue)
        {
            await FinishAsync(run, ct);
            return;
        }

        // By now it is known whose drafts there are.
        var drafted = await chunks.TenantsAsync(run.Id, ChunkState.Drafted, ct);
        await operations.TotalAsync(run.OperationId!.Value, run.Tenants + drafted, ct);
        var far = await deviations.OfAsync(run.SellerId, run.Period, ct);
        await probe.HitAsync("compared");
        var next = far.Count == 0 ? RunState.Issuing : RunState.Held;
        await db.Runs.Where(x => x.Id == run.Id).ExecuteUpdateAsync(set => set
            .SetProperty(x => x.State, next).SetProperty(x => x.Deviations, far.Count == 0 ? null : far), ct);
        if (next is RunState.Held)
        {
            var held = RunRefusals.Deviates(run.Id, far);
            meter.Held();
            log.LogError("The billing run of {Period} is held: {Reason}", run.Period, held.Message);
            await operations.AdvanceAsync(run.OperationId!.Value, 0, [new OperationError(run.Period.ToString(), held.Code, held.Message)], ct);
        }

        await session.CommitAsync(CancellationToken.None);
    }

    public async Task EndIssuingAsync(BillingRun seen, CancellationToken ct)
    {
        await session.BeginAsync(ct);
        if (await LockAsync(seen, RunState.Issuing, ct) is { } run)
            await FinishAsync(run, ct);
    }

    private async Task<BillingRun?> LockAsync(BillingRun seen, RunState state, CancellationToken ct)
    {
        var run = await db.Runs.FromSql($"select * from billing.runs where id = {seen.Id} for update").AsNoTracking().SingleAsync(ct);
        await probe.HitAsync("locked");
        return run.State == state && run.Round == seen.Round ? run : null;
    }

    // The result tells what there is, not what this start did, so that it is the same after any number of starts.
    private async Task FinishAsync(BillingRun run, CancellationToken ct)
    {
        var nets = await db.Invoices.AsNoTracking()
            .Where(x => x.SellerId == run.SellerId && x.PeriodStart == run.PeriodStart && x.PeriodEnd == run.PeriodEnd
                && x.Status != InvoiceStatus.Void)
            .GroupBy(x => x.Currency)
            .Select(group =>
                new
                {
                    Currency = group.Key,
                    Invoices = group.Count(),
                    Issued = group.Count(x => x.Status != InvoiceStatus.Draft),
                    Net = group.Sum(x => x.Net)
                })
            .ToListAsync(ct);
        await probe.HitAsync("summed");
        var result = new JsonObject
        {
            ["invoices"] = nets.Sum(x => x.Invoices),
            ["issued"] = nets.Sum(x => x.Issued),
            ["notBilled"] = run.NotBilled,
            ["net"] = new JsonArray([.. nets.OrderBy(x => x.Currency.Code, StringComparer.Ordinal).Select(x => new JsonObject
            {
                ["amount"] = new Money(x.Net, x.Currency).ToAmountString(),
                ["currency"] = x.Currency.Code,
            })]),
        };
        await operations.SucceedAsync(run.OperationId!.Value, result, ct);
        await probe.HitAsync("succeeded");
        await db.Runs.Where(x => x.Id == run.Id).ExecuteUpdateAsync(set => set
            .SetProperty(x => x.State, RunState.Finished).SetProperty(x => x.FinishedAt, clock.GetUtcNow()), ct);
        var seller = await organizations.PlatformAsync(ct);
        audit.Note("billing_run", run.Id.ToString(), seller.Path,
            new JsonObject { ["period"] = run.Period.ToString(), ["result"] = result.DeepClone() });
        var entry = store.Append(new AuditEntry(clock.GetUtcNow(), Access.System, "billing.continue_billing_run", [.. audit.Changes], null));
        await probe.HitAsync("finished");
        await session.CommitAsync(CancellationToken.None, entry);
    }
}
