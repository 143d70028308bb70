using System.Diagnostics.Metrics;

namespace Licensing.Usage.Records;

/// <summary>What comes in, what becomes of it, how much goes together and how much waits.</summary>
internal sealed class IngestMeter
{
    private readonly Counter<long> _records;
    private readonly Histogram<long> _together;

    public IngestMeter(IMeterFactory meters, Rooms rooms)
    {
        var meter = meters.Create("Licensing.Usage");
        _records = meter.CreateCounter<long>("licensing.usage.records", "{record}", "Records that were sent, by what became of them.");
        _together = meter.CreateHistogram<long>("licensing.usage.commit_records", "{record}", "Records of one transaction.");
        meter.CreateObservableGauge("licensing.usage.waiting_bytes", () => rooms.Held, "By", "Memory of requests that are read or wait.");
    }

    public void Answered(UsageBatchView view)
    {
        _records.Add(view.Accepted, new KeyValuePair<string, object?>("outcome", "accepted"));
        _records.Add(view.Duplicates, new KeyValuePair<string, object?>("outcome", "duplicate"));
        _records.Add(view.Rejected.Count, new KeyValuePair<string, object?>("outcome", "rejected"));
    }

    public void Committed(int records) => _together.Record(records);
}
