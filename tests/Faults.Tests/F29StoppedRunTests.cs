namespace Licensing.Faults;

/// <summary>F29: the host that works on a run stands still, longer than its lease, and then goes on.</summary>
public sealed class F29StoppedRunTests
{
    // More than a run of three chunks has statements.
    private const int MostStatements = 100;

    // While the first chunk is read and while it is written, both of which would make the drafts anew, and while it is issued (see RunSteps).
    private static readonly (int At, bool Issue)[] InTests = [(14, false), (18, false), (46, true)];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Another_takes_over_and_what_it_does_afterwards_changes_nothing()
    {
        var places = FaultLength.Times(InTests.Length, MostStatements);
        for (var i = 0; i < places; i++)
        {
            var (at, issue) = places == InTests.Length ? InTests[i] : (i + 1, i % 2 == 0);
            var stopped = await StopAsync(at, issue);
            if (places == InTests.Length)
                stopped.ShouldBeTrue($"{at}");
        }
    }

    // False where the run was over before.
    private static async Task<bool> StopAsync(int at, bool issue)
    {
        var fault = new Dictionary<string, string>(MonthToBill.Settings) { ["LICENSING_FAULT"] = $"billing.statement:{at}:stop" };
        await using var faulted = await FaultedHost.StartAsync(fault, Ct);
        var month = await MonthToBill.MakeAsync(faulted, 5, Ct);
        var (stopped, address) = (faulted.Host, faulted.Address);
        var operation = await month.StartAsync(month.Period, issue, Ct);
        await Eventually.TrueAsync(async () => stopped.Stopped || await month.FinishedAsync(Ct));
        if (!stopped.Stopped)
            return false;

        await faulted.ServeAsync(MonthToBill.Settings, Ct);
        var result = await month.ResultAsync(operation, Ct);
        result.ShouldContain($"\"issued\":{(issue ? 5 : 0)}", customMessage: $"stopped at statement {at}");
        result.ShouldContain("\"invoices\":5", customMessage: $"stopped at statement {at}");
        var rows = await month.RowsAsync(faulted.Postgres.DirectConnectionString, Ct);

        // A host works on one run after the other: when it has ended the next one, alone, it is through with the one in which it stood still.
        await faulted.Host.KillAsync(Ct);
        stopped.GoOn();
        faulted.TalkTo(address);
        await CommonChecker.AnswersAsync(address, faulted.Token, Ct);
        await month.ResultAsync(await month.StartAsync($"{month.First.AddMonths(-1):yyyy-MM}", issue: false, Ct), Ct);
        (await month.RowsAsync(faulted.Postgres.DirectConnectionString, Ct)).ShouldBe(rows, $"stopped at statement {at}");
        (await month.ResultAsync(operation, Ct)).ShouldBe(result);
        await CommonChecker.HoldsAsync(faulted.Postgres.DirectConnectionString, Ct);
        return true;
    }
}
