using System.Net;
using System.Net.Http.Json;
using Licensing.Commissions.Rates;
using Licensing.Commissions.Schemes;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Statements;

/// <summary>A scheme agreed and a month closed at the same moment, each half done when the other comes.</summary>
public sealed class ClosingRaceTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    // One after the other in one test: a month that the one closes would be in the way of the other.
    [Fact]
    public async Task A_scheme_is_agreed_before_a_close_or_after_it_and_never_meanwhile()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        app.Invoices.Issue("2024-03", branch.Tenant, "100.00");
        app.Invoices.Issue("2024-05", branch.Tenant, "100.00");

        await A_close_waits_for_a_scheme_of_its_month_and_pays_by_it(branch, platform);
        await A_scheme_waits_for_the_close_of_its_month_and_is_refused(branch, platform);
    }

    private async Task A_close_waits_for_a_scheme_of_its_month_and_pays_by_it(Branch branch, HttpClient platform)
    {
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(CancellationToken.None);
        var agreed = await scope.ServiceProvider.GetRequiredService<ISender>().Send(
            new CreateScheme.Command(branch.Partner.Id, [new CommissionTier(0, null, 10)]) { ValidFrom = "2024-03" });
        agreed.Refusal.ShouldBeNull();

        var closing = platform.PostAsync("/api/v1/commissions/close/2024-03", null);
        await Eventually.TrueAsync(async () => closing.IsCompleted || await WaitingAsync() > 0);
        await session.CommitAsync(CancellationToken.None);

        (await Sent(await closing)).GetProperty("statements").GetInt32().ShouldBe(1);
    }

    private async Task A_scheme_waits_for_the_close_of_its_month_and_is_refused(Branch branch, HttpClient platform)
    {
        var (reading, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        app.Invoices.BeforeTold = _ =>
        {
            reading.TrySetResult();
            return goOn.Task;
        };
        var closing = platform.PostAsync("/api/v1/commissions/close/2024-05", null);
        await reading.Task;

        var agreeing = platform.PostAsJsonAsync(
            "/api/v1/commissions/schemes", new { organizationId = branch.Distributor.Id.Value, tiers = Usual, validFrom = "2024-05" });
        await Eventually.TrueAsync(async () => agreeing.IsCompleted || await WaitingAsync() > 0);
        goOn.SetResult();

        // By the partner's scheme alone.
        (await Sent(await closing)).GetProperty("statements").GetInt32().ShouldBe(1);
        var refused = await agreeing;
        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "period_closed"));
    }

    private Task<long> WaitingAsync() => app.InAsync<DbSession, long>(async session =>
    {
        await using var command = new NpgsqlCommand(
            """
            select count(*) from pg_locks
            where not granted and locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
            """,
            await session.OpenAsync(CancellationToken.None));
        return (long)(await command.ExecuteScalarAsync())!;
    });
}
