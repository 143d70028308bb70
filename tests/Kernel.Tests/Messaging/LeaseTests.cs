using Licensing.Kernel.Messaging;

namespace Licensing.Kernel.Tests.Messaging;

public sealed class LeaseTests : TowerTests
{
    [Fact]
    public async Task The_messages_of_a_dead_process_go_on_when_its_lease_is_over()
    {
        var (dead, heir) = (Open(), Open());
        await dead.RingAsync("tenor");
        (await dead.Outbox.ClaimAsync(CancellationToken.None)).Messages.Count.ShouldBe(2);
        Clock.Advance(TimeSpan.FromSeconds(59));
        (await heir.DeliverAsync()).ShouldBe(0);
        Clock.Advance(TimeSpan.FromSeconds(1));
        (await heir.DeliverAsync()).ShouldBe(2);
        (await heir.CountAsync("tenor")).ShouldBe(1);
    }

    [Fact]
    public async Task A_zombie_changes_nothing_of_what_others_have_claimed_since()
    {
        var (zombie, heir) = (Open(), Open());
        await zombie.RingAsync("tenor", "treble", "bourdon");
        var lost = await zombie.Outbox.ClaimAsync(CancellationToken.None);
        Clock.Advance(TimeSpan.FromSeconds(60));
        var claimed = await heir.Outbox.ClaimAsync(CancellationToken.None);
        claimed.Messages.Count.ShouldBe(6);
        var before = await StateAsync(heir);

        // Some delivered, some failed, some not begun: each of the three ways to settle.
        lost.Delivered.AddRange(lost.Messages.Take(2));
        lost.Failed.AddRange(lost.Messages.Skip(2).Take(2).Select(m => new FailedDelivery(m, "Late.", null)));
        lost.Until = Clock.GetUtcNow();
        await zombie.Outbox.KeepAsync(lost, CancellationToken.None);
        await zombie.Outbox.SettleAsync(lost, CancellationToken.None);
        (await StateAsync(heir)).ShouldBe(before);

        claimed.Delivered.AddRange(claimed.Messages);
        await heir.Outbox.SettleAsync(claimed, CancellationToken.None);
        (await heir.OutboxDepthAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_zombie_inside_its_handler_and_its_heir_have_one_effect_together()
    {
        var zombieClock = new ManualClock(Tower.Start);
        var (zombie, heir) = (Open(clock: zombieClock), Open());
        var (inside, leave) = (new TaskCompletionSource(), new TaskCompletionSource());
        zombie.Interference.On = (_, _, _) =>
        {
            inside.TrySetResult();
            return leave.Task;
        };
        await zombie.RingAsync("tenor");
        var late = zombie.DeliverAsync();
        await inside.Task;
        Clock.Advance(TimeSpan.FromSeconds(61));
        var takeover = heir.DeliverAsync();
        await heir.Database.WaitForLocksAsync(takeover);
        leave.SetResult();
        await Task.WhenAll(late, takeover);
        (await heir.CountAsync("tenor")).ShouldBe(1);
        (await heir.StrikesAsync("tenor")).ShouldBe(1);
        (await heir.OutboxDepthAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_long_batch_keeps_its_lease()
    {
        var (busy, idle) = (Open(), Open());
        var taken = 0;
        busy.Interference.On = async (_, _, _) =>
        {
            Clock.Advance(TimeSpan.FromSeconds(40));
            taken += (await idle.Outbox.ClaimAsync(CancellationToken.None)).Messages.Count;
        };
        await busy.RingAsync("tenor", "treble", "bourdon");
        (await busy.DeliverAsync()).ShouldBe(6);
        taken.ShouldBe(0);
    }

    private static Task<string> StateAsync(Tower tower) =>
        tower.ScalarAsync<string>("select string_agg(o::text, E'\\n' order by id) from bells.outbox o");
}
