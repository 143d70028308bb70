using System.Text.Json.Nodes;
using Licensing.Billing.Data;
using Licensing.Billing.Invoices;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Operations;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Runs;

/// <summary>
/// Does one step of a run and asks for the next, in one transaction: whatever is killed, the last committed step has its successor
/// in the outbox. The locked row and its step number keep a second process, or a doubled message, from doing it again.
/// </summary>
internal sealed class ContinueBillingRun(
    BillingDb db, BillingChunks chunks, InvoiceWriter writer, InvoiceIssuing issuing, OperationLog operations, ISubscriptionDirectory subscriptions,
    IUsageTotals usage, IOrganizationDirectory organizations, BillingSettings settings, AuditTrail audit, TimeProvider clock)
    : IHandle<BillingRunContinued>
{
    public async Task HandleAsync(BillingRunContinued message, CancellationToken ct)
    {
        var run = await db.Runs.FromSql($"select * from billing.runs where id = {message.RunId} for update").AsNoTracking().SingleAsync(ct);
        if (run.Step != message.Step || run.State is RunState.Finished)
            return;

        if (run.State is RunState.Drafting)
            await DraftAsync(run, ct);
        else
            await IssueAsync(run, ct);
        FaultPoints.Hit("billing.chunk");
    }

    private async Task DraftAsync(BillingRun run, CancellationToken ct)
    {
        if (run.LastTenant is null)
        {
            await usage.CatchUpAsync(run.Period, ct);
            await operations.TotalAsync(run.OperationId!.Value, await subscriptions.CountBillableTenantsAsync(run.Period, Scope.Everything, ct), ct);
        }

        var chunk = await chunks.NextAsync(run.Period, Scope.Everything, run.LastTenant, settings.ChunkTenants, ct);
        await writer.DiscardDraftsAsync(run.SellerId, run.Period, run.LastTenant, chunk.Last, ct);
        var rated = await chunks.RateAsync(run.SellerId, run.Period, chunk, ct);
        await writer.WriteAsync(run.SellerId, run.Period, rated.Bills, ct);
        await operations.AdvanceAsync(run.OperationId!.Value, chunk.Tenants.Count, rated.NotBilled, ct);
        await db.Runs.Where(x => x.Id == run.Id).ExecuteUpdateAsync(set => set
            .SetProperty(x => x.Step, x => x.Step + 1)
            .SetProperty(x => x.LastTenant, chunk.Last)
            .SetProperty(x => x.NotBilled, x => x.NotBilled + rated.NotBilled.Count)
            .SetProperty(x => x.State, chunk.Last is null && run.Issue ? RunState.Issuing : RunState.Drafting), ct);
        if (chunk.Last is null && !run.Issue)
            await FinishAsync(run, run.NotBilled + rated.NotBilled.Count, ct);
        else
            db.Publish(new BillingRunContinued(run.Id, run.Step + 1));
    }

    private async Task IssueAsync(BillingRun run, CancellationToken ct)
    {
        var seller = await organizations.PlatformAsync(ct);
        var issued = await issuing.IssueNextAsync(seller, run.Period, settings.ChunkTenants, ct);
        await db.Runs.Where(x => x.Id == run.Id).ExecuteUpdateAsync(set => set.SetProperty(x => x.Step, x => x.Step + 1), ct);
        if (issued < settings.ChunkTenants)
            await FinishAsync(run, run.NotBilled, ct);
        else
            db.Publish(new BillingRunContinued(run.Id, run.Step + 1));
    }

    // The result tells what there is, not what this start did, so that it is the same after any number of starts.
    private async Task FinishAsync(BillingRun run, int notBilled, CancellationToken ct)
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
        var result = new JsonObject
        {
            ["invoices"] = nets.Sum(x => x.Invoices),
            ["issued"] = nets.Sum(x => x.Issued),
            ["notBilled"] = notBilled,
            ["net"] = new JsonArray([.. nets.OrderBy(x => x.Currency.Code, StringComparer.Ordinal).Select(x => new JsonObject
            {
                ["amount"] = new Money(x.Net, x.Currency).ToAmountString(),
                ["currency"] = x.Currency.Code,
            })]),
        };
        await operations.SucceedAsync(run.OperationId!.Value, result, ct);
        await db.Runs.Where(x => x.Id == run.Id).ExecuteUpdateAsync(set => set
            .SetProperty(x => x.State, RunState.Finished).SetProperty(x => x.FinishedAt, clock.GetUtcNow()), ct);
        var seller = await organizations.PlatformAsync(ct);
        audit.Note("billing_run", run.Id.ToString(), seller.Path,
            new JsonObject { ["period"] = run.Period.ToString(), ["result"] = result.DeepClone() });
    }
}
