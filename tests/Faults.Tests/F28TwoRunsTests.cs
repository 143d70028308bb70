using System.Net.Http.Json;
using Npgsql;

namespace Licensing.Faults;

/// <summary>F28: a month is billed by two hosts and an operator's terminal, all started at once.</summary>
[Trait("Fault", "F28")]
public sealed class F28TwoRunsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_are_one_run_and_each_tenant_has_one_invoice()
    {
        await using var faulted = await FaultedHost.StartAsync(MonthToBill.Settings, Ct);
        var (first, tenants) = (faulted.Address, FaultLength.Times(inTests: 12, inFaults: 60));
        var month = await MonthToBill.MakeAsync(faulted, tenants, Ct);
        await faulted.ServeAsync(MonthToBill.Settings, Ct);

        HostProcess Terminal() => faulted.Ops(MonthToBill.Settings, "billing", "run", "--period", month.Period, "--issue");
        using var terminal = Terminal();
        var started = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => StartAsync(i % 2 == 0 ? first : faulted.Address)));
        var code = await terminal.EndAsync(Ct);

        // Who came when it was over began a round that finds everything billed; all of them tell of the same invoices.
        foreach (var operation in started.Distinct())
            (await month.ResultAsync(operation, Ct)).ShouldContain($"\"issued\":{tenants}");
        // Where nothing moved for as long as a lease it leaves the rest to the hosts and says so; asked again it tells what they did.
        if (code != 0)
        {
            terminal.Output.ShouldContain("is not finished");
            using var again = Terminal();
            (await again.EndAsync(Ct)).ShouldBe(0, again.Output);
        }

        await using var connection = new NpgsqlConnection(faulted.Postgres.DirectConnectionString);
        await connection.OpenAsync(Ct);
        await using var counted = new NpgsqlCommand(
            """
            select (select count(*) from billing.runs) || ' run, ' || count(*) || ' invoices of ' || count(distinct tenant_id) || ' tenants, '
                || count(*) filter (where status = 'Issued') || ' issued' from billing.invoices
            """, connection);
        (await counted.ExecuteScalarAsync(Ct)).ShouldBe($"1 run, {tenants} invoices of {tenants} tenants, {tenants} issued");
        await month.RecomputesAsync(faulted.Postgres.DirectConnectionString, Ct);
        await faulted.HoldsAsync(Ct);
        await CommonChecker.AnswersAsync(first, faulted.Token, Ct);

        async Task<string> StartAsync(Uri host)
        {
            using var client = faulted.Client();
            client.BaseAddress = host;
            using var answer = await client.PostAsJsonAsync($"/api/v1/billing/generate/{month.Period}", new { issue = true }, Ct);
            answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Ct));
            return (await answer.JsonAsync()).GetProperty("operationId").GetString()!;
        }
    }
}
