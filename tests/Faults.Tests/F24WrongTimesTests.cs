using System.Net;

namespace Licensing.Faults;

/// <summary>F24: usage from the far future and from years ago comes among what is right.</summary>
[Trait("Fault", "F24")]
public sealed class F24WrongTimesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_wrong_record_is_told_its_own_reason_and_the_others_are_taken()
    {
        await using var faulted = await FaultedHost.StartAsync(new Dictionary<string, string>(), Ct);
        var sender = (await UsageSender.MakeAsync(faulted, 1, Ct))[0];
        System.Text.Json.Nodes.JsonNode[] Records() =>
        [
            sender.Record("a"), sender.Record("next year", day: 366), sender.Record("b", day: -30), sender.Record("years ago", day: -2_000),
            sender.Record("before the subscription", day: -60), sender.Record("c"), sender.Record("in two days", day: 2),
        ];

        var sent = await sender.SendAsync(Ct, Records());
        sent.Status.ShouldBe(HttpStatusCode.OK);
        sent.Counts.ShouldBe("3 0 4");
        sent.Body!["rejected"]!.AsArray().Select(r => $"{r!["index"]} {r["id"]}: {r["code"]}").ShouldBe(
        [
            "1 next year: start_in_future", "3 years ago: start_too_old", "4 before the subscription: subscription_not_live",
            "6 in two days: start_in_future",
        ]);
        (await sender.SendAsync(Ct, Records())).Counts.ShouldBe("0 3 4");
        (await sender.StoredAsync(Ct)).ShouldBe(["a", "b", "c"]);
        await faulted.HoldsAsync(Ct);
    }
}
