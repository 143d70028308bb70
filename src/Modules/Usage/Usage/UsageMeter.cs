using System.Diagnostics.Metrics;
using Licensing.Usage.Records;

namespace Licensing.Usage;

/// <summary>What comes in, what becomes of it, how much goes together, how much waits, and whose usage cannot be merged.</summary>
internal sealed class UsageMeter
{
    private readonly Meter _meter;
    private readonly Counter<long> _records;
    private readonly Histogram<long> _together;
    private readonly Counter<long> _unmerged;

    public UsageMeter(IMeterFactory meters, Rooms rooms)
    {
        _meter = meters.Create("Licensing.Usage");
        _records = _meter.CreateCounter<long>("licensing.usage.records", "{record}", "Records that were sent, by what became of them.");
        _together = _meter.CreateHistogram<long>("licensing.usage.commit_records", "{record}", "Records of one transaction.");
        _unmerged = _meter.CreateCounter<long>(
            "licensing.usage.tenants_unmerged", "{tenant}", "Tenants whose usage the database refused to merge, each time it was tried.");
        _meter.CreateObservableGauge("licensing.usage.waiting_bytes", () => rooms.Held, "By", "Memory of requests that are read or wait.");
    }

    public void Watch(Func<int> waiting) =>
        _meter.CreateObservableGauge("licensing.usage.waiting_batches", waiting, "{batch}", "Batches that wait for others to be stored.");

    public void Answered(UsageBatchView view)
    {
        _records.Add(view.Accepted, new KeyValuePair<string, object?>("outcome", "accepted"));
        _records.Add(view.Duplicates, new KeyValuePair<string, object?>("outcome", "duplicate"));
        _records.Add(view.Rejected.Count, new KeyValuePair<string, object?>("outcome", "rejected"));
    }

    public void Unmerged() => _unmerged.Add(1);

    public void Committed(int records) => _together.Record(records);
}
