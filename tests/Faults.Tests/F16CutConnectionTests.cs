using System.Net;
using System.Text;

namespace Licensing.Faults;

/// <summary>F16: connections are cut, the sender's and the database's, at every place where that makes a difference.</summary>
[Trait("Fault", "F16")]
public sealed class F16CutConnectionTests : IAsyncLifetime
{
    // The relay would commit, too, and be taken for the one whose answer is to be lost.
    private static readonly Dictionary<string, string> Quiet = new() { ["Messaging__InBackground"] = "false" };

    private FaultedHost _faulted = null!;
    private UsageSender _sender = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _faulted = await FaultedHost.StartAsync(Quiet, Ct);
        _sender = (await UsageSender.MakeAsync(_faulted, 1, Ct))[0];
        (await _sender.SendAsync(Ct, _sender.Record("warm"))).Counts.ShouldBe("1 0 0");
    }

    public ValueTask DisposeAsync() => _faulted.DisposeAsync();

    [Fact]
    public async Task Whose_commit_got_no_answer_is_told_that_nobody_knows_and_what_he_sends_again_counts_once()
    {
        var (copied, cut) = (0, 0);
        _faulted.Postgres.Proxy.Fault = (heading, bytes) =>
        {
            if (heading is Heading.ToServer && Contains(bytes, "copy usage.records "))
                Interlocked.Exchange(ref copied, 1);
            return heading is Heading.ToClient && Volatile.Read(ref copied) == 1 && Contains(bytes, "COMMIT\0")
                && Interlocked.Exchange(ref cut, 1) == 0
                ? Passage.Cut
                : Passage.Pass;
        };
        var unknown = await _sender.SendAsync(Ct, _sender.Record("a"), _sender.Record("b"));
        cut.ShouldBe(1);
        (unknown.Status, unknown.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "ingest_outcome_unknown"));
        (await _sender.StoredAsync(Ct)).ShouldBe(["a", "b", "warm"]);
        (await _sender.UntilTakenAsync(Ct, _sender.Record("a"), _sender.Record("b"))).Counts.ShouldBe("0 2 0");
        await CheckAsync("a", "b", "warm");
    }

    [Fact]
    public async Task What_was_cut_before_its_commit_is_not_there_and_is_taken_when_it_comes_again()
    {
        var cut = 0;
        _faulted.Postgres.Proxy.Fault = (heading, bytes) =>
            heading is Heading.ToServer && Contains(bytes, "copy usage.records ") && Interlocked.Exchange(ref cut, 1) == 0
                ? Passage.Cut
                : Passage.Pass;
        (await _sender.SendAsync(Ct, _sender.Record("a"))).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        cut.ShouldBe(1);
        (await _sender.StoredAsync(Ct)).ShouldBe(["warm"]);
        (await _sender.UntilTakenAsync(Ct, _sender.Record("a"))).Counts.ShouldBe("1 0 0");
        await CheckAsync("a", "warm");
    }

    [Theory]
    [InlineData(Heading.ToServer, Passage.Cut, 0)]
    [InlineData(Heading.ToServer, Passage.PassAndCut, 1)]
    [InlineData(Heading.ToClient, Passage.Cut, 0)]
    public async Task A_sender_whose_wire_is_cut_sends_again_and_each_record_counts_once(Heading heading, Passage passage, int pieces)
    {
        await using var wire = new TcpProxy(_faulted.Address.Port);
        var seen = 0;
        wire.Fault = (way, _) => way == heading && Interlocked.Increment(ref seen) > pieces ? passage : Passage.Pass;
        var address = new Uri($"http://127.0.0.1:{wire.Port}");
        // Longer than what goes over the wire at once.
        System.Text.Json.Nodes.JsonNode[] Records() => [.. Enumerable.Range(0, 2_000).Select(i => _sender.Record($"r{i:0000}"))];
        (await UsageSender.SendAsync(address, _faulted.Token, Ct, Records())).Status.ShouldBeNull();

        var again = await _sender.UntilTakenAsync(Ct, Records());
        again.Counts.ShouldBe(heading is Heading.ToClient ? "0 2000 0" : "2000 0 0");
        (await _sender.StoredAsync(Ct)).Length.ShouldBe(2_001);
        await _faulted.HoldsAsync(Ct);
    }

    private async Task CheckAsync(params string[] stored)
    {
        (await _sender.StoredAsync(Ct)).ShouldBe(stored);
        await _faulted.HoldsAsync(Ct);
    }

    private static bool Contains(ReadOnlyMemory<byte> bytes, string text) => bytes.Span.IndexOf(Encoding.ASCII.GetBytes(text)) >= 0;
}
