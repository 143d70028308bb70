using Licensing.Billing.Runs;
using Licensing.Billing.Tests.Coupons;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>Runs beside each other, and those that nobody but the background goes on with.</summary>
public sealed class RunsAtOnceTests(FaultyRuns app) : IClassFixture<FaultyRuns>, IAsyncDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => app.EndAsync();

    [Fact]
    public async Task Two_months_at_once_use_no_more_of_a_credit_than_there_is()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("one-credit", [Flat("base", "10.00")]);
        foreach (var month in (string[])["2021-04", "2021-05"])
            app.Subscribe(branch.Tenant, plan, month);
        using var platform = branch.Administrator();
        await ReductionLifeTests.GrantAsync(platform, branch.Tenant, "15.00", "2021-04-01");

        // April is rated with all of it when May takes ten of the fifteen.
        var (stopped, goOn) = app.StopAt("rated");
        await StartAsync(platform, "2021-04");
        var drained = app.DrainAsync();
        await stopped;
        await BillElsewhereAsync(platform, "2021-05");
        goOn.SetResult();
        await drained;
        // The database refuses April what May has taken; it is rated again at once, by the five that are left.
        (await NetOfAsync(branch, "2021-05"), await NetOfAsync(branch, "2021-04"), await ReductionLifeTests.LeftAsync(platform, branch.Tenant))
            .ShouldBe(("0.00", "5.00", "0"));
    }

    [Fact]
    public async Task Who_is_billed_while_he_is_rated_for_a_list_is_told_once()
    {
        var branch = await app.BranchAsync();
        app.Subscribe(branch.Tenant, await app.PlanAsync("meanwhile", [Flat("base", "31.00")]), "2021-08");
        using var platform = branch.Administrator();
        using var tenant = branch.As(Roles.TenantAdministrator);
        var reads = 0;
        app.Probe.At = async at =>
        {
            if (at == "read" && Interlocked.Increment(ref reads) == 1)
                await BillElsewhereAsync(platform, "2021-08");
        };

        var rows = await ItemsAsync(tenant, "/api/v1/billing/yearmonth/2021-08");
        reads.ShouldBe(1);
        rows.Select(x => (x.Text("day"), x.Amount("amount"), x.GetProperty("estimated").GetBoolean())).ShouldBe(
            Enumerable.Range(1, 31).Select(day => ($"2021-08-{day:00}", "1.00", false)));
    }

    [Fact]
    public async Task What_other_processes_began_the_background_goes_on_with()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("background", [Flat("base", "10.00")]);
        foreach (var month in (string[])["2021-06", "2021-07"])
            app.Subscribe(branch.Tenant, plan, month);
        using var platform = branch.Administrator();
        var background = app.Services.GetRequiredService<RunBackground>();

        // Begun before it starts: found by its first look.
        await StartAsync(platform, "2021-06");
        await background.StartAsync(Ct);
        try
        {
            await UntilFinishedAsync("2021-06");
            (await NetOfAsync(branch, "2021-06")).ShouldBe("10.00");

            // Begun while it waits for its next look: woken.
            await StartAsync(platform, "2021-07");
            background.Wake();
            await UntilFinishedAsync("2021-07");
            (await NetOfAsync(branch, "2021-07")).ShouldBe("10.00");
        }
        finally
        {
            await background.StopAsync(Ct);
        }

        background.ExecuteTask!.IsCompletedSuccessfully.ShouldBeTrue();
    }

    private async Task<string> NetOfAsync(Branch branch, string month) => (await app.InvoiceOfAsync(branch.Tenant, month)).Invoice.Amount("net");

    private async Task BillElsewhereAsync(HttpClient platform, string month)
    {
        await StartAsync(platform, month);
        await app.WorkElsewhereAsync(month);
    }

    // It works on threads of its own.
    private Task UntilFinishedAsync(string month) =>
        Eventually.TrueAsync(async () => (await app.RunOfAsync(month)) is { State: RunState.Finished, OperationId: not null });
}
