namespace Licensing.Faults;

/// <summary>F29: the host that works on a run stands still, longer than its lease, and then goes on.</summary>
[Trait("Fault", "F29")]
public sealed class F29StoppedRunTests
{
    // More than a run of three chunks has statements.
    private const int MostStatements = 100;

    // Of those in a chunk's transaction nobody may wait for the server to end them by itself; at any statement there are others, that it has to.
    private static readonly IReadOnlyDictionary<string, string> NeverEnded =
        new Dictionary<string, string>(MonthToBill.Settings) { ["Database__IdleInTransaction"] = "01:00:00" };

    // Before it asks for its chunk's token and while it writes, of which a zombie would make the drafts anew; and the same of issuing.
    private static readonly (string At, bool Issue)[] InTests = [("rated:1", false), ("copied lines:2", false), ("seller:1", true), ("told:2", true)];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Another_takes_over_and_what_it_does_afterwards_changes_nothing()
    {
        foreach (var (at, issue) in InTests)
            (await StopAsync(at, issue, NeverEnded)).ShouldBeTrue(at);
        for (var statement = 1; statement <= FaultLength.Times(0, MostStatements); statement++)
            await StopAsync($"statement:{statement}", issue: statement % 2 == 0, MonthToBill.Settings);
    }

    // False where the run was over before.
    private static async Task<bool> StopAsync(string at, bool issue, IReadOnlyDictionary<string, string> settings)
    {
        var fault = new Dictionary<string, string>(settings) { ["LICENSING_FAULT"] = $"billing.{at}:stop" };
        await using var faulted = await FaultedHost.StartAsync(fault, Ct);
        var month = await MonthToBill.MakeAsync(faulted, 5, Ct);
        var (stopped, address) = (faulted.Host, faulted.Address);
        var operation = await month.StartAsync(month.Period, issue, Ct);
        await Eventually.TrueAsync(async () => stopped.Stopped || await month.FinishedAsync(Ct));
        if (!stopped.Stopped)
            return false;

        // What the zombie has read is old before another reads it, so that nobody could take its work for the other's: a host that only
        // answers is told of more, and only then comes one that works.
        await faulted.ServeAsync(new Dictionary<string, string>(settings) { ["Messaging__InBackground"] = "false" }, Ct);
        await month.SubscribeAgainAsync(Ct);
        await faulted.Host.KillAsync(Ct);
        await faulted.ServeAsync(settings, Ct);
        var result = await month.ResultAsync(operation, Ct);
        result.ShouldContain($"\"issued\":{(issue ? 5 : 0)}", customMessage: $"stopped at {at}");
        result.ShouldContain("\"invoices\":5", customMessage: $"stopped at {at}");
        var rows = await month.RowsAsync(faulted.Postgres.DirectConnectionString, Ct);

        // A host works on one run after the other: when it has ended the next one, alone, it is through with the one in which it stood still.
        await faulted.Host.KillAsync(Ct);
        stopped.GoOn();
        faulted.TalkTo(address);
        await CommonChecker.AnswersAsync(address, faulted.Token, Ct);
        await month.ResultAsync(await month.StartAsync($"{month.First.AddMonths(-1):yyyy-MM}", issue: false, Ct), Ct);
        (await month.RowsAsync(faulted.Postgres.DirectConnectionString, Ct)).ShouldBe(rows, $"stopped at {at}");
        (await month.ResultAsync(operation, Ct)).ShouldBe(result);
        await month.RecomputesAsync(faulted.Postgres.DirectConnectionString, Ct);
        await faulted.HoldsAsync(Ct);
        return true;
    }
}
