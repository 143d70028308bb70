using System.Diagnostics.Metrics;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Kernel.Tests.Messaging;

public sealed class OperatingTests : TowerTests
{
    [Fact]
    public async Task The_list_filters_and_pages()
    {
        var tower = Open();
        await tower.RingAsync("treble");
        Clock.Advance(TimeSpan.FromSeconds(1));
        await tower.RingAsync("tenor");
        Clock.Advance(TimeSpan.FromSeconds(1));
        await tower.RingAsync("bourdon");
        var first = await tower.Inspector.ListAsync(
            new OutboxFilter("bells", "waiting", "bells.rang.v1", "tally.count_when_rang", Limit: 2), CancellationToken.None);
        var rest = await tower.Inspector.ListAsync(
            new OutboxFilter(Subscriber: "tally.count_when_rang", After: first[^1].Id), CancellationToken.None);
        first.Select(e => e.OccurredAt).ShouldBe([Tower.Start, Tower.Start.AddSeconds(1)]);
        rest.Select(e => e.OccurredAt).ShouldBe([Tower.Start.AddSeconds(2)]);
        (await tower.Inspector.ListAsync(new OutboxFilter(Schema: "tally"), CancellationToken.None)).ShouldBeEmpty();
        (await tower.Inspector.ListAsync(new OutboxFilter(State: "parked"), CancellationToken.None)).ShouldBeEmpty();
        (await tower.Inspector.ListAsync(new OutboxFilter(Name: "bells.cast.v1"), CancellationToken.None)).ShouldBeEmpty();

        var shown = (await tower.Inspector.ShowAsync(rest[0].Id, CancellationToken.None)).ShouldNotBeNull();
        (shown.Schema, shown.Body, shown.MessageId).ShouldBe(("bells", """{"bell": "bourdon"}""", rest[0].MessageId));
        (await tower.Inspector.ShowAsync(Guid.Empty, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_parked_message_waits_until_it_is_retried_or_purged()
    {
        var tower = Open();
        await tower.RingAsync("treble");
        var ids = (await tower.Inspector.ListAsync(new OutboxFilter(), CancellationToken.None)).Select(e => e.Id).ToList();
        (await tower.Inspector.ParkAsync(ids, CancellationToken.None)).ShouldBe(2);
        (await tower.DeliverAsync()).ShouldBe(0);
        (await tower.Inspector.PurgeAsync(Tower.Start, CancellationToken.None)).ShouldBe(0);
        (await tower.Inspector.RetryParkedAsync("tally", CancellationToken.None)).ShouldBe(0);
        (await tower.Inspector.RetryParkedAsync(null, CancellationToken.None)).ShouldBe(2);
        (await tower.DeliverAsync()).ShouldBe(2);

        await tower.RingAsync("tenor");
        await tower.Inspector.ParkAsync(
            [.. (await tower.Inspector.ListAsync(new OutboxFilter(), CancellationToken.None)).Select(e => e.Id)], CancellationToken.None);
        (await tower.Inspector.PurgeAsync(Tower.Start.AddSeconds(1), CancellationToken.None)).ShouldBe(2);
        (await tower.OutboxDepthAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task The_backlog_counts_what_is_due_and_what_is_parked()
    {
        var tower = Open();
        await tower.RingAsync("treble");
        Clock.Advance(TimeSpan.FromMinutes(3));
        await tower.RingAsync("tenor");
        var parked = (await tower.OutboxOfAsync("tally.strike_when_rang")).Select(e => e.Id).ToList();
        await tower.Inspector.ParkAsync(parked, CancellationToken.None);
        (await tower.Services.GetRequiredService<MessageBacklog>().ReadAsync(CancellationToken.None)).ShouldBe(
            [new OutboxBacklog("bells", 2, 2, TimeSpan.FromMinutes(3)), new OutboxBacklog("tally", 0, 0, TimeSpan.Zero)]);
    }

    [Fact]
    public async Task Depth_lag_and_outcomes_are_measured()
    {
        var tower = Open(["MaxAttempts=1"]);
        var measured = new Dictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Scope == tower.Services.GetRequiredService<IMeterFactory>())
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>(
            (instrument, value, _, _) => measured[instrument.Name] = measured.GetValueOrDefault(instrument.Name) + value);
        listener.SetMeasurementEventCallback<double>(
            (instrument, value, _, _) => measured[instrument.Name] = Math.Max(measured.GetValueOrDefault(instrument.Name), value));
        listener.Start();

        tower.Interference.On = (rang, _, _) => rang.Bell == "cracked" ? throw new InvalidOperationException() : Task.CompletedTask;
        await tower.RingAsync("treble", "cracked");
        _ = tower.Relay;
        listener.RecordObservableInstruments();
        Clock.Advance(TimeSpan.FromSeconds(2));
        await tower.DeliverAsync();
        measured.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => (m.Key, m.Value)).ShouldBe(
        [
            ("licensing.messages.delivered", 3), ("licensing.messages.depth", 4), ("licensing.messages.failed", 1), ("licensing.messages.lag", 2),
            ("licensing.messages.parked", 1),
        ]);
    }

    [Fact]
    public async Task Housekeeping_forgets_old_inbox_rows_but_none_of_a_message_that_may_come_again()
    {
        var tower = Open(["HousekeepingBatch=1"]);
        var housekeeping = ActivatorUtilities.CreateInstance<Housekeeping>(tower.Services);
        await tower.RingAsync("treble", "tenor");
        await tower.DeliverAsync();
        await tower.ScalarAsync<int>("""
            insert into kernel.idempotency_records (principal_id, key, request_hash, created_at)
            select gen_random_uuid(), 'k', '', $1 from generate_series(1, 3)
            """, Tower.Start);

        Clock.Advance(TimeSpan.FromHours(48));
        (await housekeeping.CleanAsync(CancellationToken.None)).ShouldBe(0);
        Clock.Advance(TimeSpan.FromSeconds(1));
        (await housekeeping.CleanAsync(CancellationToken.None)).ShouldBe(3);

        // As a process leaves it that dies after its commit and before the acknowledgement.
        await tower.ScalarAsync<int>("""
            insert into bells.outbox (id, message_id, name, subscriber, body, occurred_at, deliver_at, claimed_by)
            select gen_random_uuid(), message_id, 'bells.rang.v1', subscriber, '{"bell": "tenor"}', received_at, received_at, gen_random_uuid()
            from tally.inbox limit 1
            """);
        Clock.Advance(TimeSpan.FromDays(40));
        (await housekeeping.CleanAsync(CancellationToken.None)).ShouldBe(0);
        await tower.DeliverAsync();
        (await housekeeping.CleanAsync(CancellationToken.None)).ShouldBe(4);
        (await tower.CountAsync("tenor") + await tower.CountAsync("treble")).ShouldBe(2);
    }
}
