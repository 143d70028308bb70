using System.Net;
using System.Net.Http.Json;
using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>Faults F03, F20, F35 and F39: killed anywhere, started for the wrong month, told or generating twice, refused by the server.</summary>
public sealed class RunFaultTests(FaultyRuns app) : IClassFixture<FaultyRuns>, IAsyncDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => app.EndAsync();

    [Fact, Trait("Fault", "F03")]
    public async Task Killed_between_any_two_statements_it_comes_to_the_same_to_the_last_byte()
    {
        await app.ForgetAsync();
        var start = app.Clock.GetUtcNow();
        var (branch, _) = await app.SubscribeAsync("2024-03", 5, "killed");
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

    [Fact, Trait("Fault", "F03")]
    public async Task While_a_chunk_is_issued_nobody_has_the_next_so_that_numbers_come_in_their_order()
    {
        await app.SubscribeAsync("2022-06", 5, "in-order");
        ClaimedChunk? claimed = null;
        var asked = false;
        app.Probe.At = async place =>
        {
            if (place != "seller" || asked)
                return;
            asked = true;
            var run = await app.RunOfAsync("2022-06");
            claimed = await app.InAsync<RunChunks, ClaimedChunk?>(
                chunks => chunks.ClaimAsync(run, ChunkState.Drafted, Ct));
        };
        await app.BillAsync("2022-06");
        asked.ShouldBeTrue();
        claimed.ShouldBeNull();
    }

    [Fact, Trait("Fault", "F39")]
    public async Task Whose_rows_are_refused_once_is_billed_however_often_the_chunk_failed_before()
    {
        var (branch, tenants) = await app.SubscribeAsync("2022-08", 2, "raced");
        var (failures, refused) = (0, false);
        app.Probe.At = async place =>
        {
            if (place == "claimed" && refused)
                await app.TextAsync("alter table billing.invoices drop constraint if exists raced");
            if (place != "rated" || refused)
                return;
            if (failures < 4)
            {
                failures++;
                throw new TimeoutException("The server does not answer.");
            }

            refused = true;
            await app.TextAsync($"alter table billing.invoices add constraint raced check (tenant_id <> '{tenants[1].Id.Value}') not valid");
        };
        using var platform = branch.Administrator();
        var operation = "";
        for (var starts = 0; starts < 5; starts++)
        {
            operation = await StartAsync(platform, "2022-08");
            await app.DrainAsync();
            if ((await app.RunOfAsync("2022-08")).State is RunState.Finished)
                break;
        }

        failures.ShouldBe(4);
        refused.ShouldBeTrue();
        var told = await OperationAsync(platform, operation);
        (told.GetProperty("state").GetString(), told.GetProperty("result").GetProperty("issued").GetInt32()).ShouldBe(("Succeeded", 2));
        (await ItemsAsync(platform, $"/api/v1/billing/runs/{(await app.RunOfAsync("2022-08")).Id}/parked")).ShouldBeEmpty();
    }

    [Fact, Trait("Fault", "F35")]
    public async Task What_a_bug_would_bill_twice_parks_that_tenant_alone()
    {
        var (branch, tenants) = await app.SubscribeAsync("2024-08", 5, "twice");
        app.Probe.Generated = bill => bill.Tenant.Id == tenants[1].Id ? bill with { Charges = [.. bill.Charges, bill.Charges[0]] }
            : bill.Tenant.Id == tenants[2].Id ? bill with { Charges = [.. Enumerable.Range(0, 4).Select(i => Other(bill.Charges[0], $"more-{i}"))] }
            : bill.Tenant.Id == tenants[3].Id ? bill with { Charges = [bill.Charges[0], Other(bill.Charges[0], "another")] }
            : bill;
        using var measured = new Measured(app.Services);
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

        // And the alarm is raised for each.
        string[] alarms = ["due_twice: 1", "lines_do_not_add_up: 1", "too_many_lines: 1"];
        measured.Of("licensing.billing.tenants_parked").ShouldBe(alarms);

        // The bug is gone: who was left out is billed.
        app.Probe.Generated = null;
        (await app.BillAsync("2024-08")).GetProperty("result").GetProperty("issued").GetInt32().ShouldBe(5);
        (await ItemsAsync(platform, $"/api/v1/billing/runs/{run.Id}/parked")).ShouldBeEmpty();
        measured.Of("licensing.billing.tenants_parked").ShouldBe(alarms);
    }

    [Fact, Trait("Fault", "F20")]
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

        using var measured = new Measured(app.Services);
        var operation = await StartAsync(starter, "2023-02");
        await app.DrainAsync();
        measured["licensing.billing.runs_held"].ShouldBe(1);
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
            sender => sender.Send(new ConfirmBillingRun.Command(run.GetProperty("id").GetGuid()), Ct));
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

    [Fact, Trait("Fault", "F20")]
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

    private static BilledCharge Other(BilledCharge charge, string key) =>
        charge with { Due = charge.Due with { Key = charge.Due.Key with { Charge = key } } };
}
