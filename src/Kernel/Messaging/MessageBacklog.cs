using System.Diagnostics.Metrics;
using Npgsql;

namespace Licensing.Kernel.Messaging;

/// <summary>What waits in one module's outbox.</summary>
/// <param name="Schema">The publisher.</param>
/// <param name="Depth">Messages due now and not delivered yet.</param>
/// <param name="Parked">Messages that wait for a person.</param>
/// <param name="OldestDueAge">How late the oldest due message is; zero when none is.</param>
public sealed record OutboxBacklog(string Schema, long Depth, long Parked, TimeSpan OldestDueAge);

/// <summary>How far delivery is behind, for readiness and the depth metric.</summary>
public sealed class MessageBacklog(NpgsqlDataSource database, IEnumerable<ModuleDefinition> modules, TimeProvider clock)
{
    // Each number comes from a partial index, also when a million messages are scheduled for later.
    private readonly string _sql = string.Join("\nunion all\n", modules.Select(m => $"""
        select '{m.Schema}', (select count(*) from {m.Schema}.outbox where state = 'waiting' and deliver_at <= $1),
            (select count(*) from {m.Schema}.outbox where state = 'parked'),
            (select min(deliver_at) from {m.Schema}.outbox where state = 'waiting' and deliver_at <= $1)
        """));

    public async Task<IReadOnlyList<OutboxBacklog>> ReadAsync(CancellationToken ct)
    {
        var backlog = new List<OutboxBacklog>();
        if (_sql.Length == 0)
            return backlog;

        var now = clock.GetUtcNow();
        await using var command = database.CreateCommand(_sql);
        command.Parameters.Add(new() { Value = now });
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            backlog.Add(new OutboxBacklog(
                rows.GetString(0), rows.GetInt64(1), rows.GetInt64(2),
                rows.IsDBNull(3) ? TimeSpan.Zero : now - rows.GetFieldValue<DateTimeOffset>(3)));
        return backlog;
    }
}

/// <summary>The meter <c>Licensing.Messaging</c>.</summary>
public sealed class MessageMeter
{
    public const string MeterName = "Licensing.Messaging";
    private static readonly TimeSpan DepthIsFresh = TimeSpan.FromSeconds(5);

    private readonly Counter<long> _delivered;
    private readonly Counter<long> _failed;
    private readonly Counter<long> _parked;
    private readonly Histogram<double> _lag;
    private readonly MessageBacklog _backlog;
    private readonly TimeProvider _clock;
    private readonly Lock _reading = new();
    private IReadOnlyList<OutboxBacklog> _known = [];
    private DateTimeOffset _knownAt = DateTimeOffset.MinValue;

    public MessageMeter(IMeterFactory meters, MessageBacklog backlog, TimeProvider clock)
    {
        (_backlog, _clock) = (backlog, clock);
        var meter = meters.Create(MeterName);
        _delivered = meter.CreateCounter<long>("licensing.messages.delivered", "{message}", "Messages delivered to a subscriber.");
        _failed = meter.CreateCounter<long>("licensing.messages.failed", "{attempt}", "Attempts that failed.");
        _parked = meter.CreateCounter<long>("licensing.messages.parked", "{message}", "Messages given up until a person retries them.");
        _lag = meter.CreateHistogram<double>("licensing.messages.lag", "s", "From the time a message was due to its delivery.");
        meter.CreateObservableGauge("licensing.messages.depth", Depth, "{message}", "Messages due and not delivered, by publisher.");
    }

    internal void Delivered(ClaimedMessage message, TimeSpan lag)
    {
        _delivered.Add(1, Subscriber(message));
        _lag.Record(lag.TotalSeconds, Subscriber(message));
    }

    internal void Failed(ClaimedMessage message, bool parked)
    {
        _failed.Add(1, Subscriber(message));
        if (parked)
            _parked.Add(1, Subscriber(message));
    }

    private static KeyValuePair<string, object?> Subscriber(ClaimedMessage message) => new("subscriber", message.Subscriber);

    private IEnumerable<Measurement<long>> Depth()
    {
        lock (_reading)
        {
            if (_clock.GetUtcNow() - _knownAt > DepthIsFresh)
            {
                _knownAt = _clock.GetUtcNow();
                try
                {
                    // Observing is synchronous and happens on the exporter's own thread.
                    _known = _backlog.ReadAsync(CancellationToken.None).GetAwaiter().GetResult();
                }
                catch (NpgsqlException)
                {
                    _known = [];
                }
            }

            return _known.Select(b => new Measurement<long>(b.Depth, new KeyValuePair<string, object?>("schema", b.Schema)));
        }
    }
}
