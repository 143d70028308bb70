using Licensing.Billing.Data;
using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Billing.Tests.Runs;

/// <summary>A host whose runs can be ended, held up and broken at any place; one worker, so that the places come in one order.</summary>
public sealed class FaultyRuns : BillingApp
{
    internal override BillingSettings Billing =>
        new() { ChunkTenants = 2, Workers = 1, LeastDeviation = 1_000, MostLinesPerSubscriptionDay = 3 };

    internal RunProbe Probe => Services.GetRequiredService<RunProbe>();

    internal async Task<BillingRun> RunOfAsync(string month)
    {
        var period = Period.Parse(month);
        return await InAsync<BillingDb, BillingRun>(db => db.Runs.AsNoTracking().SingleAsync(x => x.PeriodStart == period.Start));
    }

    /// <summary>Every column of every invoice and line of a month.</summary>
    internal Task<string> BilledAsync(string month) => TextAsync(
        $"""
        select string_agg(i.row, E'\n' order by i.row) from (
            select to_jsonb(i)::text as row from billing.invoices i where period_start = '{month}-01'
            union all
            select to_jsonb(l)::text from billing.invoice_lines l join billing.invoices i on i.id = l.invoice_id
            where i.period_start = '{month}-01') i
        """);

    /// <summary>As before the month's first run.</summary>
    internal Task<string> ForgetAsync() => TextAsync(
        """
        alter table billing.journal_entries disable trigger append_only_all;
        truncate billing.invoices, billing.invoice_lines, billing.reduction_uses, billing.number_series, billing.journal_entries,
            billing.run_chunks, billing.run_parked, billing.run_prices, billing.run_rounds, billing.late_prices,
            billing.outbox;
        alter table billing.journal_entries enable trigger append_only_all;
        update billing.runs set state = 'Finished', operation_id = null, round = 0
        """);

    /// <summary>Tenants of one partner, each with a charge of ten and what price lists have.</summary>
    internal async Task<(Branch Branch, List<OrganizationRef> Tenants)> SubscribeAsync(string month, int tenants, string plan)
    {
        var branch = await this.BranchAsync();
        var version = await PlanAsync(plan, [Flat("base", "10")], usesPriceLists: true);
        var those = new List<OrganizationRef>();
        for (var i = 0; i < tenants; i++)
        {
            those.Add(i == 0 ? branch.Tenant : await this.TenantAsync(branch.Platform, branch.Partner));
            Subscribe(those[i], version, month);
        }

        return (branch, those);
    }

    /// <summary>Holds up the first worker that comes to the place.</summary>
    internal (Task Stopped, TaskCompletionSource GoOn) StopAt(string place)
    {
        var (stopped, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        Probe.At = at => at == place && stopped.TrySetResult() ? goOn.Task : Task.CompletedTask;
        return (stopped.Task, goOn);
    }

    /// <summary>Another process goes on with the month's run until it is over.</summary>
    internal async Task WorkElsewhereAsync(string month)
    {
        await using var second = await StartSecondHostAsync();
        var (workers, run) = (second.Services.GetRequiredService<RunWorkers>(), (await RunOfAsync(month)).Id);
        while (await workers.WorkAsync(run, TestContext.Current.CancellationToken) is not null)
        {
            // What another held is free a moment later.
        }
    }

    /// <summary>At the end of each test: nothing is held up or broken any more, and whatever was done to a run the books are right.</summary>
    internal async ValueTask EndAsync()
    {
        (Probe.At, Probe.Generated) = (null, null);
        await CommonChecker.HoldsAsync(this, TestContext.Current.CancellationToken);
    }

    /// <summary>The one thing on the list, ever since.</summary>
    internal static object Storage(string unitPrice, string? validFrom = "2020-01-01") => new
    {
        validFrom,
        items = new[] { new { sku = "STORAGE", meter = "gb", name = "Storage", price = new { model = "perUnit", unitPrice } } },
    };
}
