using System.Net;

namespace Licensing.Faults;

/// <summary>F02: the host dies in the middle of a group commit, before the database was told to commit and after it did.</summary>
[Trait("Fault", "F02")]
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
        await faulted.HoldsAsync(Ct);
    }

    [Fact]
    public async Task Nor_is_where_it_dies_at_any_piece_that_goes_over_its_wire_to_the_database()
    {
        var settings = new Dictionary<string, string>();
        await using var faulted = await FaultedHost.StartAsync(settings, Ct);
        var senders = await UsageSender.MakeAsync(faulted, 4, Ct);
        var (chance, acknowledged) = (new Random(2), senders.ToDictionary(s => s, _ => new List<string>()));
        for (var round = 0; round < FaultLength.Times(inTests: 3, inFaults: 200); round++)
        {
            var (host, left) = (faulted.Host, chance.Next(1, 100));
            faulted.Postgres.Proxy.Fault = (_, _) =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                    _ = host.KillAsync(Ct);
                return Passage.Pass;
            };
            var unanswered = await Task.WhenAll(senders.Select(s => Task.Run(() => SendAsync(s, $"{round}", acknowledged[s]), Ct)));
            faulted.Postgres.Proxy.Fault = null;
            await faulted.ServeAsync(settings, Ct);
            foreach (var (sender, ids) in senders.Zip(unanswered))
            {
                var stored = await sender.StoredAsync(Ct);
                stored.Except(ids).ShouldBe(acknowledged[sender], ignoreOrder: true);
                var counts = stored.Intersect(ids).Any() ? $"0 {Batch} 0" : $"{Batch} 0 0";
                (await sender.UntilTakenAsync(Ct, [.. ids.Select(id => sender.Record(id))])).Counts.ShouldBe(counts);
                acknowledged[sender].AddRange(ids);
            }
        }

        foreach (var (sender, ids) in acknowledged)
            (await sender.StoredAsync(Ct)).ShouldBe(ids, ignoreOrder: true);
        await faulted.HoldsAsync(Ct);
    }

    // Until nobody answers; the ids of which he was told nothing.
    private static async Task<string[]> SendAsync(UsageSender sender, string round, List<string> acknowledged)
    {
        for (var n = 0; ; n++)
        {
            string[] ids = [.. Enumerable.Range(0, Batch).Select(i => $"{round}-{n}-{i}")];
            if ((await sender.SendAsync(Ct, [.. ids.Select(id => sender.Record(id))])).Status is not HttpStatusCode.OK)
                return ids;
            acknowledged.AddRange(ids);
        }
    }

    private static System.Text.Json.Nodes.JsonNode[] Records(UsageSender sender) =>
        [.. Enumerable.Range(0, Batch).Select(i => sender.Record($"r{i}"))];

    private static Dictionary<string, string> Point(string name, int hit) => new() { ["LICENSING_FAULT"] = $"{name}:{hit}" };
}
