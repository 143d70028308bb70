using System.Collections.Concurrent;
using System.Net;

namespace Licensing.Faults;

/// <summary>F01: the server's processes die while usage comes in, again and again.</summary>
[Trait("Fault", "F01")]
public sealed class F01KilledDatabaseTests
{
    private const int Senders = 4;
    private const int Batch = 20;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_acknowledged_record_is_lost_and_what_is_sent_again_counts_once()
    {
        await using var faulted = await FaultedHost.StartAsync(new Dictionary<string, string>(), Ct);
        var sender = (await UsageSender.MakeAsync(faulted, 1, Ct))[0];
        var acknowledged = new ConcurrentDictionary<string, byte>();
        var unanswered = new ConcurrentDictionary<string, byte>();
        for (var cycle = 0; cycle < FaultLength.Times(inTests: 3, inFaults: 1_000); cycle++)
        {
            using var answered = new SemaphoreSlim(0);
            var sending = Enumerable.Range(0, Senders).Select(s => Task.Run(async () =>
            {
                // Until the server is gone under it: some batch is always on its way when that happens.
                for (var n = 0; ; n++)
                {
                    string[] ids = [.. Enumerable.Range(0, Batch).Select(i => $"c{cycle}-s{s}-n{n}-{i}")];
                    var sent = await sender.SendAsync(Ct, [.. ids.Select(id => sender.Record(id))]);
                    foreach (var id in ids)
                        (sent.Status is HttpStatusCode.OK ? acknowledged : unanswered).TryAdd(id, 0);
                    if (sent.Status is not HttpStatusCode.OK)
                        return;
                    answered.Release();
                }
            }, Ct)).ToList();
            for (var i = 0; i < 2 * Senders; i++)
                (await answered.WaitAsync(TimeSpan.FromSeconds(30), Ct)).ShouldBeTrue();
            await faulted.Postgres.KillAsync(Ct);
            await Task.WhenAll(sending);
            await faulted.Postgres.RestartAsync(Ct);
            await CommonChecker.AnswersAsync(faulted.Address, faulted.Token, Ct);

            var stored = (await sender.StoredAsync(Ct)).ToHashSet();
            acknowledged.Keys.Where(id => !stored.Contains(id)).ShouldBeEmpty();
            stored.Where(id => !acknowledged.ContainsKey(id) && !unanswered.ContainsKey(id)).ShouldBeEmpty();
        }

        foreach (var ids in unanswered.Keys.Chunk(1_000))
            (await sender.UntilTakenAsync(Ct, [.. ids.Select(id => sender.Record(id))])).Body!["rejected"]!.AsArray().ShouldBeEmpty();
        (await sender.StoredAsync(Ct)).ShouldBe(acknowledged.Keys.Concat(unanswered.Keys).Order(StringComparer.Ordinal));
        await faulted.HoldsAsync(Ct);
    }
}
