using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Kernel.Tests.Messaging;

public sealed class DeliveryTests : TowerTests
{
    private const string Counting = "tally.count_when_rang";

    [Fact]
    public async Task A_redelivery_does_nothing()
    {
        var tower = Open();
        await tower.RingAsync("tenor");
        await tower.ScalarAsync<int>("create table public.kept as select * from bells.outbox");
        (await tower.DeliverAsync()).ShouldBe(2);
        await tower.ScalarAsync<int>("insert into bells.outbox select * from public.kept");
        (await tower.DeliverAsync()).ShouldBe(2);
        (await tower.CountAsync("tenor")).ShouldBe(1);
        (await tower.StrikesAsync("tenor")).ShouldBe(1);
        (await tower.OutboxDepthAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_poison_message_backs_off_and_is_parked_without_holding_up_its_batch()
    {
        var tower = Open();
        tower.Interference.On = (rang, _, _) =>
            rang.Bell == "cracked" ? throw new InvalidOperationException("The bell \0 is cracked.") : Task.CompletedTask;
        await tower.RingAsync("treble", "cracked", "tenor");
        (await tower.DeliverAsync()).ShouldBe(5);
        (await tower.CountAsync("treble")).ShouldBe(1);
        (await tower.CountAsync("tenor")).ShouldBe(1);
        (await tower.CountAsync("cracked")).ShouldBe(0);
        (await tower.StrikesAsync("cracked")).ShouldBe(1);

        var waits = new List<double>();
        while ((await tower.OutboxOfAsync(Counting)).Single() is { State: "waiting" } waiting)
        {
            waits.Add((waiting.DeliverAt - Clock.GetUtcNow()).TotalSeconds);
            Clock.Advance(waiting.DeliverAt - Clock.GetUtcNow() - TimeSpan.FromMilliseconds(1));
            (await tower.DeliverAsync()).ShouldBe(0);
            (await tower.OutboxOfAsync(Counting)).Single().Attempts.ShouldBe(waits.Count);
            Clock.Advance(TimeSpan.FromMilliseconds(1));
            (await tower.DeliverAsync()).ShouldBe(0);
        }

        waits.ShouldBe([1, 2, 4, 8, 16, 32, 64, 128, 256]);
        var parked = (await tower.OutboxOfAsync(Counting)).Single();
        (parked.State, parked.Attempts, parked.LastError, parked.ParkedAt).ShouldBe(("parked", 10, "The bell   is cracked.", Clock.GetUtcNow()));

        Clock.Advance(TimeSpan.FromDays(1));
        await tower.RingAsync("tenor");
        (await tower.DeliverAsync()).ShouldBe(2);
        (await tower.CountAsync("tenor")).ShouldBe(2);

        tower.Interference.On = (_, _, _) => Task.CompletedTask;
        (await tower.Inspector.RetryAsync([parked.Id], CancellationToken.None)).ShouldBe(1);
        (await tower.DeliverAsync()).ShouldBe(1);
        (await tower.CountAsync("cracked")).ShouldBe(1);
        (await tower.OutboxDepthAsync()).ShouldBe(0);
    }

    [Fact]
    public void A_retry_waits_at_most_the_longest_time_and_the_upper_half_of_it_is_random()
    {
        var first = TimeSpan.FromSeconds(1);
        var longest = TimeSpan.FromMinutes(15);
        Backoff.Delay(200, first, longest, new Fixed(1)).ShouldBe(TimeSpan.FromMinutes(15));
        Backoff.Delay(3, first, longest, new Fixed(0)).ShouldBe(TimeSpan.FromSeconds(2));
        Backoff.Delay(3, first, longest, new Fixed(0.5)).ShouldBe(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task A_message_for_a_subscriber_of_another_version_is_parked_with_the_reason()
    {
        await Open().RingAsync("tenor");
        var tower = Open(["MaxAttempts=2"], subscribe: false);
        (await tower.DeliverAsync()).ShouldBe(0);
        (await tower.OutboxOfAsync(Counting)).Single().State.ShouldBe("waiting");
        Clock.Advance(TimeSpan.FromSeconds(1));
        (await tower.DeliverAsync()).ShouldBe(0);
        var parked = (await tower.OutboxOfAsync(Counting)).Single();
        (parked.State, parked.LastError).ShouldBe(("parked", "This version has no subscriber named tally.count_when_rang."));
    }

    [Fact]
    public async Task A_handler_that_swallows_a_database_error_has_failed()
    {
        var tower = Open();
        tower.Interference.On = async (_, services, ct) =>
        {
            await using var broken = new NpgsqlCommand("select 1/0", services.GetRequiredService<DbSession>().Connection);
            await Should.ThrowAsync<PostgresException>(() => broken.ExecuteNonQueryAsync(ct));
        };
        await tower.RingAsync("tenor");
        (await tower.DeliverAsync()).ShouldBe(1);
        (await tower.OutboxOfAsync(Counting)).Single().Attempts.ShouldBe(1);
        (await tower.CountAsync("tenor")).ShouldBe(0);

        tower.Interference.On = (_, _, _) => Task.CompletedTask;
        Clock.Advance(TimeSpan.FromSeconds(1));
        (await tower.DeliverAsync()).ShouldBe(1);
        (await tower.CountAsync("tenor")).ShouldBe(1);
    }

    [Fact]
    public async Task A_handler_sees_what_the_one_before_it_in_the_batch_did()
    {
        var tower = Open();
        var seen = new List<long>();
        tower.Interference.On = async (_, services, ct) =>
        {
            await using var count = new NpgsqlCommand("select sum(count) from tally.counters", services.GetRequiredService<DbSession>().Connection);
            seen.Add((long)(await count.ExecuteScalarAsync(ct))!);
        };
        await tower.RingAsync("tenor", "treble", "tenor");
        await tower.DeliverAsync();
        seen.ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task Two_relays_at_once_deliver_each_message_once()
    {
        var settings = new[] { "BatchSize=40" };
        var (one, other) = (Open(settings), Open(settings));
        await one.RingAsync(Enumerable.Range(1, 1_000).Select(i => $"bell {i}"));
        var delivered = await Task.WhenAll(one.DeliverAsync(), other.DeliverAsync(), one.DeliverAsync(), other.DeliverAsync());
        delivered.Sum().ShouldBe(2_000);
        (await one.ScalarAsync<long>("select count(*) from tally.counters where count = 1")).ShouldBe(1_000);
        (await one.ScalarAsync<long>("select count(*) from tally.strikes")).ShouldBe(1_000);
        (await one.OutboxDepthAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_relay_that_is_stopped_frees_what_it_has_not_delivered()
    {
        var (stopping, other) = (Open(), Open());
        using var stop = new CancellationTokenSource();
        stopping.Interference.On = async (rang, _, ct) =>
        {
            if (rang.Bell == "tenor")
                await stop.CancelAsync();
            ct.ThrowIfCancellationRequested();
        };
        await stopping.RingAsync("treble", "tenor");
        await Should.ThrowAsync<OperationCanceledException>(() => stopping.Relay.DeliverDueAsync(stop.Token));
        await other.DeliverAsync();
        (await other.CountAsync("treble")).ShouldBe(1);
        (await other.CountAsync("tenor")).ShouldBe(1);
        (await other.OutboxDepthAsync()).ShouldBe(0);
    }

    private sealed class Fixed(double value) : Random
    {
        public override double NextDouble() => value;
    }
}
