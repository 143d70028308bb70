using System.Diagnostics.Metrics;

namespace Licensing.Billing.Runs;

/// <summary>The meter <c>Licensing.Billing</c>.</summary>
internal sealed class RunMeter
{
    private readonly Counter<long> _parked;
    private readonly Counter<long> _held;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _undone;

    public RunMeter(IMeterFactory meters)
    {
        var meter = meters.Create("Licensing.Billing");
        _parked = meter.CreateCounter<long>("licensing.billing.tenants_parked", "{tenant}", "Tenants left out of a run, by the reason.");
        _held = meter.CreateCounter<long>("licensing.billing.runs_held", "{run}", "Runs that wait for a second person.");
        _lost = meter.CreateCounter<long>(
            "licensing.billing.chunks_lost", "{chunk}", "Chunks that a worker finished after another had taken them over.");
        _undone = meter.CreateCounter<long>("licensing.billing.steps_undone", "{step}", "Steps that the server undid, and that were done again.");
    }

    public void Parked(string code) => _parked.Add(1, new KeyValuePair<string, object?>("code", code));

    public void Held() => _held.Add(1);

    public void Lost() => _lost.Add(1);

    public void Undone() => _undone.Add(1);
}
