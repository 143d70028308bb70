
namespace Licensing.Kernel.Tests.Messaging;

/// <summary>A process that dies between an effect and its acknowledgement (F58).</summary>
public sealed class KilledDeliveryTests : TowerTests
{
    [Theory]
    [InlineData("message.handled:1", 0)]
    [InlineData("message.handled:3", 0)]
    [InlineData("message.handled:5", 3)]
    [InlineData("message.committed:1", 3)]
    [InlineData("message.committed:2", 6)]
    public async Task Every_effect_happens_once(string fault, long committed)
    {
        var tower = Open(clock: TimeProvider.System);
        await tower.RingAsync("treble", "tenor", "bourdon");
        using (var child = await Child.StartAsync("deliver", Database, fault))
            (await child.GoAsync()).ExitCode.ShouldBe(Child.Killed);
        (await EffectsAsync(tower)).ShouldBe(committed);
        (await tower.OutboxDepthAsync()).ShouldBe(6);

        var restarted = Open(clock: new ManualClock(TimeProvider.System.GetUtcNow().AddMinutes(2)));
        (await restarted.DeliverAsync()).ShouldBe(6);
        foreach (var bell in new[] { "treble", "tenor", "bourdon" })
        {
            (await restarted.CountAsync(bell)).ShouldBe(1);
            (await restarted.StrikesAsync(bell)).ShouldBe(1);
        }

        (await restarted.OutboxDepthAsync()).ShouldBe(0);
    }

    // The server ends a dead process's transaction when it notices.
    private static async Task<long> EffectsAsync(Tower tower)
    {
        await Eventually.TrueAsync(async () => await tower.ScalarAsync<bool>("""
            select not exists (
                select from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid() and (state like 'idle in transaction%' or state = 'active'))
            """));
        return await tower.ScalarAsync<long>("select coalesce((select sum(count) from tally.counters), 0) + (select count(*) from tally.strikes)");
    }
}
