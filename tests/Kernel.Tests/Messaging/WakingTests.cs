using System.Threading.Channels;
using Licensing.Kernel.Messaging;

namespace Licensing.Kernel.Tests.Messaging;

/// <summary>Nobody polls here: a message that nobody was woken for would wait for an hour.</summary>
public sealed class WakingTests : TowerTests
{
    private static readonly string[] NoPolling = ["PollInterval=01:00:00"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_commit_wakes_the_relay_of_its_own_process()
    {
        var tower = Open(NoPolling, clock: TimeProvider.System, background: [typeof(MessageRelay)]);
        var heard = Listen(tower);
        await tower.StartAsync();
        foreach (var bell in new[] { "treble", "tenor", "bourdon" })
        {
            await tower.RingAsync(bell);
            (await heard.ReadAsync().AsTask().WaitAsync(Patience)).ShouldBe(bell);
            await Eventually.TrueAsync(async () => await tower.OutboxDepthAsync() == 0);
        }
    }

    [Fact]
    public async Task A_commit_wakes_the_relays_of_the_other_processes()
    {
        var publisher = Open(NoPolling, clock: TimeProvider.System, background: [typeof(MessageNotifier)]);
        var relay = Open(NoPolling, clock: TimeProvider.System, background: [typeof(MessageNotifier), typeof(MessageRelay)]);
        var heard = Listen(relay);
        await publisher.StartAsync();
        await relay.StartAsync();
        await ListeningAsync(relay, 2);
        foreach (var bell in new[] { "treble", "tenor", "bourdon" })
        {
            await publisher.RingAsync(bell);
            (await heard.ReadAsync().AsTask().WaitAsync(Patience)).ShouldBe(bell);
            await Eventually.TrueAsync(async () => await relay.OutboxDepthAsync() == 0);
        }
    }

    [Fact]
    public async Task A_notifier_whose_connection_breaks_listens_again_and_misses_nothing()
    {
        var relay = Open(
            ["PollInterval=01:00:00", "FirstRetry=00:00:00.02"],
            clock: TimeProvider.System,
            background: [typeof(MessageNotifier), typeof(MessageRelay)]);
        var publisher = Open();
        var heard = Listen(relay);
        await relay.StartAsync();
        await ListeningAsync(relay, 1);
        await publisher.RingAsync("tenor");
        await publisher.ScalarAsync<bool>(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query = 'listen licensing_messages'");
        (await heard.ReadAsync().AsTask().WaitAsync(Patience)).ShouldBe("tenor");
    }

    private static Task ListeningAsync(Tower tower, long listeners) => Eventually.TrueAsync(async () => listeners == await tower.ScalarAsync<long>("""
        select count(*) from pg_stat_activity
        where datname = current_database() and query = 'listen licensing_messages' and state = 'idle'
        """));

    private static ChannelReader<string> Listen(Tower tower)
    {
        var heard = Channel.CreateUnbounded<string>();
        tower.Interference.On = (rang, _, ct) => heard.Writer.WriteAsync(rang.Bell, ct).AsTask();
        return heard.Reader;
    }
}
