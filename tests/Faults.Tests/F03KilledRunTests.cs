namespace Licensing.Faults;

/// <summary>
/// F03: the process that bills a month dies between any two statements of the run. Here it is a process that is killed; the module's own
/// tests go through the same places within one process, to the last byte.
/// </summary>
[Trait("Fault", "F03")]
public sealed class F03KilledRunTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Begun_again_it_comes_to_what_it_would_have_been()
    {
        await using var faulted = await FaultedHost.StartAsync(MonthToBill.Settings, Ct);
        var month = await MonthToBill.MakeAsync(faulted, 5, Ct);
        // Each time it is the same database, of which nothing is billed yet.
        await faulted.Host.KillAsync(Ct);
        await using var databases = await Databases.OfAsync(faulted, Ct);

        var whole = await databases.CopyAsync("whole", Ct);
        (await BillAsync(faulted, month, whole, fault: null)).ShouldBe(0);
        var billed = await month.BilledAsync(whole, Ct);
        await month.RecomputesAsync(whole, Ct);

        var kills = 0;
        for (var at = 1; ; at += FaultLength.Times(inTests: 17, inFaults: 1))
        {
            var copy = await databases.CopyAsync($"killed_{at}", Ct);
            var ended = await BillAsync(faulted, month, copy, $"billing.statement:{at}");
            if (ended == 0)
                break;
            kills++;
            // What the dead one held is free when its lease is over.
            await databases.ExecuteAsync(copy, "update billing.run_chunks set claimed_until = claimed_until - interval '2 seconds'", Ct);
            (await BillAsync(faulted, month, copy, fault: null)).ShouldBe(0, $"begun again after it was killed at statement {at}");
            (await month.BilledAsync(copy, Ct)).ShouldBe(billed, $"killed at statement {at}");
            await CommonChecker.HoldsAsync(copy, Ct);
            await faulted.ServeAsync(On(copy), Ct);
            await CommonChecker.AnswersAsync(faulted.Address, faulted.Token, Ct);
            await faulted.Host.KillAsync(Ct);
            await databases.DropAsync($"killed_{at}", Ct);
        }

        kills.ShouldBeGreaterThan(FaultLength.Times(inTests: 2, inFaults: 40));
    }

    private static async Task<int> BillAsync(FaultedHost faulted, MonthToBill month, string database, string? fault)
    {
        var settings = On(database);
        if (fault is not null)
            settings["LICENSING_FAULT"] = fault;
        using var ops = faulted.Ops(settings, "billing", "run", "--period", month.Period, "--issue");
        var code = await ops.EndAsync(Ct);
        // Killed is neither done nor refused.
        code.ShouldBeOneOf([0, 128 + 9], ops.Output);
        return code;
    }

    private static Dictionary<string, string> On(string database) => new(MonthToBill.Settings) { ["LICENSING_POSTGRES"] = database };
}
