using System.Net;
using System.Net.Http.Json;
using Licensing.Billing.Data;
using Licensing.Billing.Runs;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

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

    internal async Task<string> TextAsync(string sql)
    {
        await using var command = Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(sql);
        return await command.ExecuteScalarAsync() as string ?? "";
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
            billing.run_chunks, billing.run_parked, billing.run_prices, billing.run_rounds, billing.outbox;
        alter table billing.journal_entries enable trigger append_only_all;
        update billing.runs set state = 'Finished', operation_id = null, round = 0
        """);
}

public sealed class RunFaultTests(FaultyRuns app) : IClassFixture<FaultyRuns>, IAsyncDisposable
{
    // Whatever was done to a run, and by whichever test.
    public async ValueTask DisposeAsync()
    {
        (app.Probe.At, app.Probe.Generated) = (null, null);
        await CommonChecker.HoldsAsync(app, TestContext.Current.CancellationToken);
    }

    // F03
    [Fact]
    public async Task Killed_between_any_two_statements_it_comes_to_the_same_to_the_last_byte()
    {
        await app.ForgetAsync();
        var start = app.Clock.GetUtcNow();
        var (branch, _) = await SubscribeAsync("2024-03", 5, "killed");
        app.Subscribe(
            await app.TenantAsync(branch.Platform, branch.Partner), await app.PlanAsync("killed-dollars", [Flat("base", "1")], "USD"), "2024-03");
        var places = new List<string>();
        app.Probe.At = place =>
        {
            places.Add(place);
            return Task.CompletedTask;
        };
        var whole = await app.BillAsync("2024-03");
        whole.GetProperty("result").GetProperty("issued").GetInt32().ShouldBe(5);
        var billed = await app.BilledAsync("2024-03");
        places.Count.ShouldBeGreaterThan(40);

        using var platform = branch.Administrator();
        for (var killed = 1; killed <= places.Count; killed++)
        {
            await app.ForgetAsync();
            app.Clock.Set(start);
            var left = killed;
            app.Probe.At = place => --left == 0 ? throw new WorkerKilledException() : Task.CompletedTask;
            await StartAsync(platform, "2024-03");
            await app.DrainAsync();
            left.ShouldBe(0, places[killed - 1]);

            // What the dead worker held is free when its lease is over. The round's instant stays that of its start.
            app.Probe.At = null;
            await app.TextAsync("update billing.run_chunks set claimed_until = claimed_until - interval '61 seconds'");
            var operation = await StartAsync(platform, "2024-03");
            await app.DrainAsync();
            (await app.BilledAsync("2024-03")).ShouldBe(billed, $"killed at {killed}, {places[killed - 1]}");
            var told = await OperationAsync(platform, operation);
            (told.GetProperty("state").GetString(), told.GetProperty("done").GetInt32(), told.GetProperty("total").GetInt32(),
                told.GetProperty("result").GetRawText())
                .ShouldBe(("Succeeded", 12, 12, whole.GetProperty("result").GetRawText()), places[killed - 1]);
        }

        await BillingRunTests.NumbersAreGaplessAsync(platform);
    }

    // F28
    [Fact]
    public async Task Two_starts_at_once_in_two_processes_are_one_run()
    {
        var (branch, tenants) = await SubscribeAsync("2024-04", 7, "at-once");
        await using var second = await app.StartSecondHostAsync();
        using var platform = branch.Administrator();
        using var machine = await app.PlatformAsync(Roles.PlatformService);
        var started = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => StartAsync(i % 2 == 0 ? platform : machine, "2024-04")));
        started.Distinct().Count().ShouldBe(1);
        var run = await app.RunOfAsync("2024-04");
        var other = second.Services.GetRequiredService<RunWorkers>();
        await Task.WhenAll(app.DrainAsync(), second.DrainAsync(), other.WorkAsync(run.Id, TestContext.Current.CancellationToken));
        await app.DrainAsync();

        (await OperationAsync(platform, started[0])).GetProperty("result").GetProperty("issued").GetInt32().ShouldBe(7);
        (await ItemsAsync(platform, "/api/v1/invoices?period=2024-04")).Select(x => x.GetProperty("tenantId").GetGuid())
            .ShouldBe(tenants.Select(x => x.Id.Value), ignoreOrder: true);
        await BillingRunTests.NumbersAreGaplessAsync(platform);
    }

    // F03
    [Fact]
    public async Task While_a_chunk_is_issued_nobody_has_the_next_so_that_numbers_come_in_their_order()
    {
        await SubscribeAsync("2022-06", 5, "in-order");
        ClaimedChunk? claimed = null;
        var asked = false;
        app.Probe.At = async place =>
        {
            if (place != "seller" || asked)
                return;
            asked = true;
            var run = await app.RunOfAsync("2022-06");
            claimed = await app.InAsync<RunChunks, ClaimedChunk?>(
                chunks => chunks.ClaimAsync(run, ChunkState.Drafted, TestContext.Current.CancellationToken));
        };
        await app.BillAsync("2022-06");
        asked.ShouldBeTrue();
        claimed.ShouldBeNull();
    }

    // F28
    [Fact]
    public async Task Who_plans_a_month_that_another_has_planned_meanwhile_changes_nothing()
    {
        var (branch, _) = await SubscribeAsync("2023-12", 3, "planned");
        var (stopped, goOn) = StopAt("split");
        using var platform = branch.Administrator();
        var operation = await StartAsync(platform, "2023-12");
        var drained = app.DrainAsync();
        await stopped;
        await WorkElsewhereAsync("2023-12");
        var (billed, told) = (await app.BilledAsync("2023-12"), (await OperationAsync(platform, operation)).GetRawText());
        goOn.SetResult();
        await drained;
        (await app.BilledAsync("2023-12")).ShouldBe(billed);
        (await OperationAsync(platform, operation)).GetRawText().ShouldBe(told);
        (await app.RunOfAsync("2023-12")).State.ShouldBe(RunState.Finished);
    }

    // F29
    [Fact]
    public async Task A_worker_that_was_stopped_and_goes_on_after_its_lease_writes_nothing()
    {
        var (branch, tenants) = await SubscribeAsync("2024-05", 1, "stopped");
        var (stopped, goOn) = StopAt("rated");
        using var platform = branch.Administrator();
        var operation = await StartAsync(platform, "2024-05", issue: false);
        var drained = app.DrainAsync();
        await stopped;

        // While it stands still more is used, and another process bills that.
        app.Usage.Add(tenants[0], app.Subscriptions.Of(tenants[0]), "2024-05-31", "gb", "20", "STORAGE");
        app.Clock.Advance(TimeSpan.FromSeconds(61));
        await WorkElsewhereAsync("2024-05");
        var billed = await app.BilledAsync("2024-05");
        goOn.SetResult();
        await drained;

        (await app.BilledAsync("2024-05")).ShouldBe(billed);
        (await OperationAsync(platform, operation)).GetProperty("result").GetRawText().ShouldBe(
            """{"net":[{"amount":"11.00","currency":"EUR"}],"issued":0,"invoices":1,"notBilled":0}""");
    }

    // F29
    [Fact]
    public async Task A_worker_of_the_round_before_gets_nothing_of_the_next()
    {
        var (branch, _) = await SubscribeAsync("2023-09", 5, "round");
        using var platform = branch.Administrator();
        await StartAsync(platform, "2023-09", issue: false);
        await app.DrainAsync();
        var before = await app.RunOfAsync("2023-09");
        ClaimedChunk? claimed = null;
        var asked = false;
        app.Probe.At = async place =>
        {
            if (place != "claimed" || asked)
                return;
            asked = true;
            claimed = await app.InAsync<RunChunks, ClaimedChunk?>(
                chunks => chunks.ClaimAsync(before, ChunkState.Waiting, TestContext.Current.CancellationToken));
        };
        await StartAsync(platform, "2023-09", issue: false);
        await app.DrainAsync();
        asked.ShouldBeTrue();
        claimed.ShouldBeNull();
        (await app.RunOfAsync("2023-09")).Round.ShouldBe(before.Round + 1);
    }

    // F29
    [Fact]
    public async Task A_worker_that_was_stopped_in_the_middle_of_writing_keeps_nobody_from_it()
    {
        var (branch, _) = await SubscribeAsync("2024-06", 1, "stopped-writing");
        var (stopped, goOn) = StopAt("copied invoices");
        using var platform = branch.Administrator();
        var operation = await StartAsync(platform, "2024-06");
        var drained = app.DrainAsync();
        await stopped;
        // While its lease holds nobody ends it.
        var run = await app.RunOfAsync("2024-06");
        (await app.InAsync<RunChunks, ClaimedChunk?>(
            chunks => chunks.ClaimAsync(run, ChunkState.Waiting, TestContext.Current.CancellationToken))).ShouldBeNull();
        (await WritersAsync()).ShouldBe("1");
        app.Clock.Advance(TimeSpan.FromSeconds(61));
        // Once it is over whoever takes the chunk has ended it; nobody waits until the server does so by itself.
        bool? ended = null;
        await WorkElsewhereAsync("2024-06", async place =>
        {
            if (place == "claimed" && ended is null)
                ended = await Eventually.IsAsync(async () => await WritersAsync() == "0");
        });
        ended.ShouldBe(true);
        (await OperationAsync(platform, operation)).GetProperty("state").GetString().ShouldBe("Succeeded");
        goOn.SetResult();
        await drained;
        (await ItemsAsync(platform, "/api/v1/invoices?period=2024-06")).Count.ShouldBe(1);
    }

    // F32
    [Fact]
    public async Task What_is_changed_in_mid_run_does_not_split_it()
    {
        var (branch, tenants) = await SubscribeAsync("2024-07", 6, "pinned");
        foreach (var tenant in tenants)
            app.Usage.Add(tenant, app.Subscriptions.Of(tenant), "2024-07-02", "gb", "20", "STORAGE");
        using var platform = branch.Administrator();
        var list = (await ItemsAsync(platform, "/api/v1/pricing")).Single(x => x.GetProperty("key").GetString() == "list");
        var plan = (await ItemsAsync(platform, "/api/v1/plans?limit=200")).Single(x => x.GetProperty("key").GetString() == "pinned");
        var committed = 0;
        app.Probe.At = async place =>
        {
            if (place != "committed" || ++committed != 1)
                return;
            await Sent(await platform.PutAsJsonAsync($"/api/v1/pricing/{list.GetProperty("id").GetString()}/items", Storage("0.5")));
            await Sent(await platform.PutAsJsonAsync(
                "/api/v1/tax-rates", new { country = "DE", category = "S", percent = "25", validFrom = "2020-01-01" }));
            await Sent(await platform.PostAsync($"/api/v1/plans/{plan.GetProperty("id").GetString()}/retire", null));
        };
        try
        {
            var operation = await app.BillAsync("2024-07", issue: false);
            committed.ShouldBe(3);
            operation.GetProperty("result").GetRawText().ShouldBe(
                """{"net":[{"amount":"66.00","currency":"EUR"}],"issued":0,"invoices":6,"notBilled":0}""");
            (await ItemsAsync(platform, "/api/v1/invoices?period=2024-07")).Select(x => x.GetProperty("total").GetProperty("amount").GetString())
                .ShouldAllBe(total => total == "13.20");

            // Computed again by what was pinned it is the same; by what holds now it is not.
            var run = await app.RunOfAsync("2024-07");
            var again = await app.InAsync<BillingChunks, BilledChunk>(
                c => c.RateAsync(run, new TenantRange(null, null, 6), _ => Task.CompletedTask, TestContext.Current.CancellationToken));
            again.Bills.Select(bill => bill.Rated.Total.Amount).ShouldBe(Enumerable.Repeat(13.20m, 6));
            (await GetAsync(platform, "/api/v1/billing/generate/2024-07")).GetProperty("totals")[0].GetProperty("total").GetProperty("amount")
                .GetString().ShouldBe("150.00");
        }
        finally
        {
            app.Probe.At = null;
            await Sent(await platform.PutAsJsonAsync($"/api/v1/pricing/{list.GetProperty("id").GetString()}/items", Storage("0.05")));
            await Sent(await platform.PutAsJsonAsync(
                "/api/v1/tax-rates", new { country = "DE", category = "S", percent = "20", validFrom = "2020-01-01" }));
        }
    }

    // F35
    [Fact]
    public async Task What_a_bug_would_bill_twice_parks_that_tenant_alone()
    {
        var (branch, tenants) = await SubscribeAsync("2024-08", 5, "twice");
        app.Probe.Generated = bill => bill.Tenant.Id == tenants[1].Id ? bill with { Charges = [.. bill.Charges, bill.Charges[0]] }
            : bill.Tenant.Id == tenants[2].Id ? bill with { Charges = [.. Enumerable.Range(0, 4).Select(i => Other(bill.Charges[0], $"more-{i}"))] }
            : bill.Tenant.Id == tenants[3].Id ? bill with { Charges = [bill.Charges[0], Other(bill.Charges[0], "another")] }
            : bill;
        var operation = await app.BillAsync("2024-08");
        operation.GetProperty("state").GetString().ShouldBe("Succeeded");
        operation.GetProperty("result").GetProperty("issued").GetInt32().ShouldBe(2);
        using var platform = branch.Administrator();
        var run = await app.RunOfAsync("2024-08");
        (await ItemsAsync(platform, $"/api/v1/billing/runs/{run.Id}/parked"))
            .ToDictionary(x => x.GetProperty("tenantId").GetGuid(), x => x.GetProperty("code").GetString())
            .ShouldBe(new Dictionary<Guid, string?>
            {
                [tenants[1].Id.Value] = "due_twice",
                [tenants[2].Id.Value] = "too_many_lines",
                [tenants[3].Id.Value] = "lines_do_not_add_up",
            }, ignoreOrder: true);

        // The bug is gone: who was left out is billed.
        app.Probe.Generated = null;
        (await app.BillAsync("2024-08")).GetProperty("result").GetProperty("issued").GetInt32().ShouldBe(5);
        (await ItemsAsync(platform, $"/api/v1/billing/runs/{run.Id}/parked")).ShouldBeEmpty();
    }

    // F20
    [Fact]
    public async Task Far_from_the_month_before_it_waits_for_a_second_person()
    {
        var branch = await app.BranchAsync();
        app.Subscribe(branch.Tenant, await app.PlanAsync("modest", [Flat("base", "1000")]), "2023-01");
        await app.BillAsync("2023-01");
        app.Subscribe(branch.Tenant, await app.PlanAsync("enormous", [Flat("base", "9000")]), "2023-02");
        using var starter = await app.PlatformAsync();
        using var reader = await app.PlatformAsync(Roles.PlatformReader);

        var preview = await GetAsync(starter, "/api/v1/billing/generate/2023-02");
        var total = preview.GetProperty("totals")[0];
        (total.GetProperty("net").GetProperty("amount").GetString(), total.GetProperty("before").GetProperty("amount").GetString(),
            total.GetProperty("percent").GetString(), preview.GetProperty("heldBy").GetArrayLength()).ShouldBe(("9000.00", "1000.00", "800", 1));
        (await ItemsAsync(starter, "/api/v1/invoices?period=2023-02")).ShouldBeEmpty();

        var operation = await StartAsync(starter, "2023-02");
        await app.DrainAsync();
        var told = await OperationAsync(starter, operation);
        (told.GetProperty("state").GetString(), told.GetProperty("errors")[0].GetProperty("code").GetString())
            .ShouldBe(("Running", "deviation_too_large"));
        var run = (await ItemsAsync(reader, "/api/v1/billing/runs?period=2023-02")).ShouldHaveSingleItem();
        run.GetProperty("state").GetString().ShouldBe("Held");
        (await ItemsAsync(starter, "/api/v1/invoices?period=2023-02")).ShouldHaveSingleItem().GetProperty("status").GetString().ShouldBe("Draft");

        var confirm = $"/api/v1/billing/runs/{run.GetProperty("id").GetString()}/confirm";
        (await reader.PostAsync(confirm, null)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        var own = await starter.PostAsync(confirm, null);
        (own.StatusCode, await own.CodeAsync()).ShouldBe((HttpStatusCode.Forbidden, "second_person_needed"));
        // Nor is what is no person.
        var byMachine = await app.InAsync<ISender, Result<RunView>>(
            sender => sender.Send(new ConfirmBillingRun.Command(run.GetProperty("id").GetGuid()), TestContext.Current.CancellationToken));
        (byMachine.Refusal?.Code).ShouldBe("second_person_needed");
        using var second = app.As(Roles.PlatformAdministrator, Guid.AllBitsSet, branch.Platform.Path);
        var confirmed = await Sent(await second.PostAsync(confirm, null));
        confirmed.GetProperty("state").GetString().ShouldBe("Issuing");
        await app.DrainAsync();
        (await OperationAsync(starter, operation)).GetProperty("result").GetProperty("issued").GetInt32().ShouldBe(1);
        var late = await second.PostAsync(confirm, null);
        (late.StatusCode, await late.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "run_not_held"));
        var shown = await GetAsync(reader, $"/api/v1/billing/runs/{run.GetProperty("id").GetString()}");
        (shown.GetProperty("run").GetProperty("state").GetString(), shown.GetProperty("done").GetInt32(),
            shown.GetProperty("run").GetProperty("deviations")[0].GetProperty("before").GetString()).ShouldBe(("Finished", 1, "1000"));
        (await second.PostAsync($"/api/v1/billing/runs/{Guid.AllBitsSet}/confirm", null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Several_months_are_billed_at_once_or_none_is()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("ranged", [Flat("base", "10")]);
        app.Subscribe(branch.Tenant, plan, "2022-01");
        app.Subscribe(branch.Tenant, plan, "2022-02");
        using var platform = branch.Administrator();
        async Task<HttpResponseMessage> RangeAsync(string from, string to) =>
            await platform.PostAsJsonAsync("/api/v1/billing/generate/range", new { from, to, issue = true });
        (await (await RangeAsync("2025-12", "2026-01")).CodeAsync()).ShouldBe("period_not_over");
        (await (await RangeAsync("2022-02", "2022-01")).CodeAsync()).ShouldBe("range_too_long");
        (await (await RangeAsync("2022-01", "9998-01")).CodeAsync()).ShouldBe("range_too_long");
        (await ItemsAsync(platform, "/api/v1/billing/runs?period=2025-12")).ShouldBeEmpty();

        var started = (await Sent(await RangeAsync("2022-01", "2022-02"))).GetProperty("items");
        await app.DrainAsync();
        started.EnumerateArray().Select(x => x.GetProperty("period").GetProperty("start").GetString()).ShouldBe(["2022-01-01", "2022-02-01"]);
        foreach (var month in (string[])["2022-01", "2022-02"])
            (await ItemsAsync(platform, $"/api/v1/invoices?period={month}")).Count.ShouldBe(1);
    }

    private async Task<(Branch Branch, List<OrganizationRef> Tenants)> SubscribeAsync(string month, int tenants, string plan)
    {
        var branch = await app.BranchAsync();
        var version = await app.PlanAsync(plan, [Flat("base", "10")], usesPriceLists: true);
        var those = new List<OrganizationRef>();
        for (var i = 0; i < tenants; i++)
        {
            those.Add(i == 0 ? branch.Tenant : await app.TenantAsync(branch.Platform, branch.Partner));
            app.Subscribe(those[i], version, month);
        }

        return (branch, those);
    }

    internal static object Storage(string unitPrice) =>
        new { items = new[] { new { sku = "STORAGE", meter = "gb", name = "Storage", price = new { model = "perUnit", unitPrice } } } };

    private static BilledCharge Other(BilledCharge charge, string key) =>
        charge with { Due = charge.Due with { Key = charge.Due.Key with { Charge = key } } };

    private (Task Stopped, TaskCompletionSource GoOn) StopAt(string place)
    {
        var (stopped, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        app.Probe.At = at => at == place && stopped.TrySetResult() ? goOn.Task : Task.CompletedTask;
        return (stopped.Task, goOn);
    }

    // Sessions with the name that the fence of a chunk gave them.
    private Task<string> WritersAsync() => app.TextAsync(
        "select count(*)::text from pg_stat_activity where datname = current_database() and application_name ~ '^billing-[0-9a-f]{32}$'");

    private async Task WorkElsewhereAsync(string month, Func<string, Task>? at = null)
    {
        await using var second = await app.StartSecondHostAsync();
        second.Services.GetRequiredService<RunProbe>().At = at;
        var (workers, run) = (second.Services.GetRequiredService<RunWorkers>(), (await app.RunOfAsync(month)).Id);
        while (await workers.WorkAsync(run, TestContext.Current.CancellationToken) is not null)
        {
            // What another held is free a moment later.
        }
    }
}
