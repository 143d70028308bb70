using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Testing;

/// <summary>What one host counts from here on, whatever others in the same process count under the same names.</summary>
public sealed class Measured : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _sums = new();
    private readonly MeterListener _listener = new();

    public Measured(IServiceProvider host)
    {
        var factory = host.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == factory)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var name = instrument.Name;
            foreach (var (_, tag) in tags)
                name += $" {tag}";
            _sums.AddOrUpdate(name, value, (_, before) => before + value);
        });
        _listener.Start();
    }

    /// <summary>The sum of what a counter counted: its name, with the values of its tags where it has any.</summary>
    public long this[string name] => _sums.GetValueOrDefault(name);

    /// <summary>The counters whose name begins so that counted something.</summary>
    public IReadOnlyList<string> Of(string prefix) =>
        [.. _sums.Where(x => x.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(x => $"{x.Key[prefix.Length..]}: {x.Value}".Trim())
            .Order(StringComparer.Ordinal)];

    public void Dispose() => _listener.Dispose();
}
