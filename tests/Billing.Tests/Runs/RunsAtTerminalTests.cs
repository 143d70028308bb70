using System.Text.Json;
using Licensing.Billing.Data;
using Licensing.Billing.Runs;
using Licensing.Billing.Tests.Invoices;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Ops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>Six tenants are one chunk, and a silent worker is waited for long enough that a test can make others wait.</summary>
public sealed class WatchedRuns : BillingApp
{
    internal override BillingSettings Billing =>
        new() { ChunkTenants = 6, Workers = 1, LeastDeviation = 1_000, ChunkLease = TimeSpan.FromMinutes(10) };

    internal RunProbe Probe => Services.GetRequiredService<RunProbe>();

    internal async Task<BillingRun> RunOfAsync(string month)
    {
        var start = Period.Parse(month).Start;
        return await InAsync<BillingDb, BillingRun>(db => db.Runs.AsNoTracking().SingleAsync(x => x.PeriodStart == start));
    }

    /// <summary>Takes the time of one statement, for who waits for what others do.</summary>
    internal Task AskAsync() => ExecuteAsync("select 1");

    internal async Task ExecuteAsync(string sql)
    {
        await using var command = Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}

/// <summary>What <c>ops billing run</c> and whoever watches the operation are told, and whom a run leaves out because of his rows.</summary>
public sealed class RunsAtTerminalTests(WatchedRuns app) : IClassFixture<WatchedRuns>, IAsyncDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync()
    {
        app.Probe.At = null;
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Whose_rows_the_database_refuses_is_left_out_alone_and_the_others_are_issued()
    {
        var (branch, tenants) = await SubscribeAsync("2023-07", 6, "refused", "10");
        using var platform = branch.Administrator();
        // Of one the invoice, of another a line.
        await app.ExecuteAsync(
            $"""
            alter table billing.invoices add constraint refused_by_test check (tenant_id <> '{tenants[1].Id.Value}');
            alter table billing.invoice_lines add constraint refused_line_by_test
                check (subscription_id <> '{app.Subscriptions.Of(tenants[4]).Value}')
            """);
        using var measured = new Measured(app.Services);
        var operation = await app.BillAsync("2023-07");
        measured.Of("licensing.billing.tenants_parked").ShouldBe(["rows_refused: 2"]);
        operation.GetProperty("result").GetRawText().ShouldBe(
            """{"net":[{"amount":"40.00","currency":"EUR"}],"issued":4,"invoices":4,"notBilled":2}""");
        // Who was left out still counts as gone through; the chunk was issued with the others.
        (operation.GetProperty("done").GetInt64(), operation.GetProperty("total").GetInt64()).ShouldBe((12, 12));
        var run = await app.RunOfAsync("2023-07");
        (await ItemsAsync(platform, $"/api/v1/billing/runs/{run.Id}/parked")).ToDictionary(
            x => x.GetProperty("tenantId").GetGuid(), x => $"{x.Text("code")} {x.Text("message")}").ShouldBe(new Dictionary<Guid, string>
            {
                [tenants[1].Id.Value] =
                    "rows_refused The database refuses what would be written (refused_by_test); the log has the reason.",
                [tenants[4].Id.Value] =
                    "rows_refused The database refuses what would be written (refused_line_by_test); the log has the reason.",
            }, ignoreOrder: true);

        // At the terminal they are told, and that not all is well.
        var told = await RunAsync("2023-07", "--issue");
        told.Answer!.Failed.ShouldBeTrue();
        var lines = JsonSerializer.SerializeToElement(told.Answer.Value, ApiJson.Options).EnumerateArray().ToList();
        lines.Take(2).Select(x => $"{x.Text("tenant")} {x.Text("code")}").ShouldBe(
            [$"{tenants[1].ExternalId} rows_refused", $"{tenants[4].ExternalId} rows_refused"], ignoreOrder: true);
        (lines[2].Text("code"), lines[2].Text("message")).ShouldBe(
            ("total", $"2023-07, run {run.Id}, Finished: 2 of 6 tenants could not be billed; "
                + """{"net":[{"amount":"40.00","currency":"EUR"}],"issued":4,"invoices":4,"notBilled":2}"""));

        await app.ExecuteAsync(
            """
            alter table billing.invoices drop constraint refused_by_test;
            alter table billing.invoice_lines drop constraint refused_line_by_test
            """);
        (await RunAsync("2023-07", "--issue")).Answer!.Failed.ShouldBeFalse();
        (await ItemsAsync(platform, "/api/v1/invoices?period=2023-07")).Count(x => x.Text("status") == "Issued").ShouldBe(6);
        await BillingRunTests.NumbersAreGaplessAsync(platform);
    }

    [Fact]
    public async Task Whose_draft_the_database_does_not_let_be_issued_keeps_it_and_the_others_are_issued()
    {
        var (branch, tenants) = await SubscribeAsync("2023-09", 6, "not-issued", "10");
        using var platform = branch.Administrator();
        await app.ExecuteAsync(
            $"alter table billing.invoices add constraint kept_by_test check (status = 'Draft' or tenant_id <> '{tenants[2].Id.Value}') not valid");
        var operation = await app.BillAsync("2023-09");
        operation.GetProperty("result").GetRawText().ShouldBe(
            """{"net":[{"amount":"60.00","currency":"EUR"}],"issued":5,"invoices":6,"notBilled":1}""");
        operation.GetProperty("errors").EnumerateArray().Select(x => $"{x.Text("subject")} {x.Text("code")}").ShouldBe(
            [$"{tenants[2].ExternalId} rows_refused"]);
        var run = await app.RunOfAsync("2023-09");
        var parked = (await ItemsAsync(platform, $"/api/v1/billing/runs/{run.Id}/parked")).ShouldHaveSingleItem();
        (parked.GetProperty("tenantId").GetGuid(), parked.Text("message")).ShouldBe(
            (tenants[2].Id.Value, "The database refuses what would be written (kept_by_test); the log has the reason."));
        var invoices = await ItemsAsync(platform, "/api/v1/invoices?period=2023-09");
        invoices.Where(x => x.Text("status") == "Draft").Select(x => x.GetProperty("tenantId").GetGuid()).ShouldBe([tenants[2].Id.Value]);
        await BillingRunTests.NumbersAreGaplessAsync(platform);
        // In the order of the tenants, as if he had not been there, and told to everyone once.
        invoices.Where(x => x.Text("status") == "Issued").OrderBy(x => x.Text("number")).Select(x => x.GetProperty("tenantId").GetGuid())
            .ShouldBe(tenants.Select(x => x.Id.Value).Except([tenants[2].Id.Value]).Order());

        await app.ExecuteAsync("alter table billing.invoices drop constraint kept_by_test");
        (await RunAsync("2023-09", "--issue")).Answer!.Failed.ShouldBeFalse();
        (await ItemsAsync(platform, "/api/v1/invoices?period=2023-09")).Count(x => x.Text("status") == "Issued").ShouldBe(6);
        await BillingRunTests.NumbersAreGaplessAsync(platform);
    }

    [Fact]
    public async Task A_host_that_holds_what_is_to_be_issued_is_waited_for()
    {
        await SubscribeAsync("2023-06", 8, "waited", "10");
        ClaimedChunk? held = null;
        app.Probe.At = async place =>
        {
            if (place != "compared")
                return;
            var run = await app.RunOfAsync("2023-06");
            held = await app.InAsync<RunChunks, ClaimedChunk?>(chunks => chunks.ClaimAsync(run, ChunkState.Drafted, Ct));
        };
        var steps = new List<(long Done, long All)>();
        var told = RunAsync("2023-06", (done, all) => steps.Add((done, all)), "--issue");
        while (held is null)
            await app.AskAsync();
        // For longer than a lease nothing moves but the other's claim.
        for (var i = 0; i < 70; i++)
        {
            app.Clock.Advance(TimeSpan.FromSeconds(10));
            await app.InAsync<RunChunks, bool>(async chunks =>
            {
                await chunks.RenewAsync(held, Ct);
                return true;
            });
        }

        await app.InAsync<RunChunks, bool>(async chunks =>
        {
            await chunks.ReleaseAsync(held, atOnce: true, Ct);
            return true;
        });
        while (!told.IsCompleted)
        {
            app.Clock.Advance(TimeSpan.FromSeconds(1));
            await app.AskAsync();
        }

        var (answer, refusal) = await told;
        refusal.ShouldBeNull();
        answer!.Failed.ShouldBeFalse();
        // Each tenant is drafted and issued; the bar goes on while they are issued and is full at the end.
        steps[^1].ShouldBe((16, 16));
        steps.ShouldContain((8, 16));
        steps.Zip(steps.Skip(1)).ShouldAllBe(x => x.First.Done <= x.Second.Done);
    }

    [Fact]
    public async Task A_held_run_says_how_it_is_confirmed_to_who_waits_and_to_who_asks()
    {
        await SubscribeAsync("2023-03", 1, "small", "2000");
        await app.BillAsync("2023-03");
        await SubscribeAsync("2023-04", 1, "large", "9000");
        var (_, refusal) = await RunAsync("2023-04", "--issue");
        var run = await app.RunOfAsync("2023-04");
        refusal!.Code.ShouldBe("deviation_too_large");
        refusal.Message.ShouldContain($"POST /api/v1/billing/runs/{run.Id}/confirm");
        using var platform = await app.PlatformAsync();
        var operation = await OperationAsync(platform, run.OperationId!.Value.Value.ToString());
        (operation.Text("state"), operation.GetProperty("done").GetInt64(), operation.GetProperty("total").GetInt64()).ShouldBe(("Running", 1, 2));
        var error = operation.GetProperty("errors")[0];
        (error.Text("code"), error.Text("message")).ShouldBe(("deviation_too_large", refusal.Message));

        // Started again it goes through all once more; its steps are those of the new round.
        var (_, again) = await RunAsync("2023-04", "--issue");
        again!.Code.ShouldBe("deviation_too_large");
        operation = await OperationAsync(platform, run.OperationId.Value.Value.ToString());
        (operation.GetProperty("done").GetInt64(), operation.GetProperty("total").GetInt64()).ShouldBe((1, 2));
    }

    [Fact]
    public async Task A_preview_has_a_bar()
    {
        await SubscribeAsync("2023-05", 8, "shown", "10");
        var steps = new List<(long Done, long All)>();
        (await RunAsync("2023-05", (done, all) => steps.Add((done, all)), "--preview")).Refusal.ShouldBeNull();
        steps.ShouldBe([(0, 8), (6, 8), (8, 8)]);
    }

    private Task<(OpsAnswer? Answer, Refusal? Refusal)> RunAsync(string month, params string[] flags) => RunAsync(month, null, flags);

    private async Task<(OpsAnswer? Answer, Refusal? Refusal)> RunAsync(string month, Action<long, long>? progress, params string[] flags)
    {
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var given = flags.ToDictionary(flag => flag, _ => (IReadOnlyList<string>)[]);
        given["--period"] = [month];
        var answer = await app.Services.GetServices<OpsCommand>().Single(x => x.Name == "billing run")
            .RunAsync(new OpsCall(scope.ServiceProvider, given) { Progress = progress }, Ct);
        return answer.Refused(out var refusal, out var value) ? (null, refusal) : (value, null);
    }

    private async Task<(Branch Branch, List<OrganizationRef> Tenants)> SubscribeAsync(string month, int tenants, string plan, string amount)
    {
        var branch = await app.BranchAsync();
        var version = await app.PlanAsync(plan, [Flat("base", amount)]);
        var those = new List<OrganizationRef>();
        for (var i = 0; i < tenants; i++)
        {
            those.Add(i == 0 ? branch.Tenant : await app.TenantAsync(branch.Platform, branch.Partner));
            app.Subscribe(those[i], version, month);
        }

        return (branch, those);
    }
}
