using System.Net;

namespace Licensing.Faults;

/// <summary>F02: the host dies in the middle of a group commit, before the database was told to commit and after it did.</summary>
public sealed class F02KilledHostTests
{
    private const int Batch = 10;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("usage.commit")]
    [InlineData("usage.committed")]
    public async Task No_batch_is_half_there_and_what_is_sent_again_counts_once(string point)
    {
        await using var faulted = await FaultedHost.StartAsync(Point(point, 2), Ct);
        var senders = await UsageSender.MakeAsync(faulted, 4, Ct);
        (await senders[0].SendAsync(Ct, senders[0].Record("first"))).Status.ShouldBe(HttpStatusCode.OK);

        // All at once, so that more than one is in the commit that dies.
        var sent = await Task.WhenAll(senders.Select(s => Task.Run(() => s.SendAsync(Ct, Records(s)), Ct)));
        sent.ShouldContain(s => s.Status == null);
        for (var i = 0; i < senders.Length; i++)
        {
            var there = (await senders[i].StoredAsync(Ct)).Where(id => id != "first").ToList();
            there.Count.ShouldBeOneOf(0, Batch);
            if (sent[i].Status is HttpStatusCode.OK)
                there.Count.ShouldBe(Batch);
        }

        await faulted.ServeAsync(new Dictionary<string, string>(), Ct);
        foreach (var sender in senders)
            (await sender.UntilTakenAsync(Ct, Records(sender))).Counts.ShouldBeOneOf($"{Batch} 0 0", $"0 {Batch} 0");
        foreach (var sender in senders)
            (await sender.StoredAsync(Ct)).Count(id => id != "first").ShouldBe(Batch);
        (await senders[0].StoredAsync(Ct)).ShouldContain("first");
        await CommonChecker.HoldsAsync(faulted.Postgres.DirectConnectionString, Ct);
    }

    private static System.Text.Json.Nodes.JsonNode[] Records(UsageSender sender) =>
        [.. Enumerable.Range(0, Batch).Select(i => sender.Record($"r{i}"))];

    private static Dictionary<string, string> Point(string name, int hit) => new() { ["LICENSING_FAULT"] = $"{name}:{hit}" };
}
