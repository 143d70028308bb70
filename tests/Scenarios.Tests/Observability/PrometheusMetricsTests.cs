using System.Diagnostics.Metrics;
using Licensing.Host.Observability;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Scenarios.Observability;

public sealed class PrometheusMetricsTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly PrometheusMetrics _metrics;
    private readonly Meter _meter;

    public PrometheusMetricsTests()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _metrics = new PrometheusMetrics(meters);
        _meter = meters.Create("Licensing.Test");
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void A_counter_is_a_sum_per_label_set_and_ends_in_total()
    {
        var counter = _meter.CreateCounter<long>("licensing.things.done", "{thing}", "Things\ndone.");
        counter.Add(2, new KeyValuePair<string, object?>("kind.of", "a"));
        counter.Add(3, new KeyValuePair<string, object?>("kind.of", "a"));
        counter.Add(1, new("kind.of", "b"), new("ok", true));
        Own().ShouldBe("""
            # HELP licensing_things_done_total Things\ndone.
            # TYPE licensing_things_done_total counter
            licensing_things_done_total{kind_of="a"} 5
            licensing_things_done_total{kind_of="b",ok="true"} 1

            """);
    }

    [Fact]
    public void A_histogram_counts_up_to_each_bound()
    {
        var histogram = _meter.CreateHistogram(
            "licensing.wait", "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        foreach (var value in new[] { 0.05, 0.1, 0.5, 7 })
            histogram.Record(value);
        Own().ShouldBe("""
            # TYPE licensing_wait_seconds histogram
            licensing_wait_seconds_bucket{le="0.1"} 2
            licensing_wait_seconds_bucket{le="1"} 3
            licensing_wait_seconds_bucket{le="+Inf"} 4
            licensing_wait_seconds_sum 7.65
            licensing_wait_seconds_count 4

            """);
    }

    [Fact]
    public void Gauges_tell_what_is_now_and_forget_what_is_gone()
    {
        IEnumerable<Measurement<long>> now = [new(4, new KeyValuePair<string, object?>("schema", "usage"))];
        _meter.CreateObservableGauge("licensing.depth", () => now);
        var upDown = _meter.CreateUpDownCounter<int>("licensing.open", "By");
        upDown.Add(5);
        upDown.Add(-2);
        Own().ShouldContain("licensing_depth{schema=\"usage\"} 4\n");
        Own().ShouldContain("# TYPE licensing_open_bytes gauge\nlicensing_open_bytes 3\n");
        now = [new(1, new KeyValuePair<string, object?>("schema", "billing"))];
        Own().ShouldContain("# TYPE licensing_depth gauge\nlicensing_depth{schema=\"billing\"} 1\n#");
        Own().ShouldNotContain("usage");
    }

    [Fact]
    public void Label_values_are_escaped()
    {
        _meter.CreateCounter<int>("licensing.odd").Add(1, new KeyValuePair<string, object?>("text", "a\"b\\c\nd"));
        Own().ShouldContain("""licensing_odd_total{text="a\"b\\c\nd"} 1""");
    }

    [Fact]
    public void More_label_sets_than_are_kept_become_one()
    {
        var counter = _meter.CreateCounter<int>("licensing.many");
        for (var i = 0; i < PrometheusMetrics.MostSeries + 25; i++)
            counter.Add(1, new KeyValuePair<string, object?>("id", i));
        Own().ShouldContain("licensing_many_total{overflow=\"true\"} 25\n");
        Own().Split('\n').Count(l => l.StartsWith("licensing_many_total{", StringComparison.Ordinal)).ShouldBe(PrometheusMetrics.MostSeries + 1);
    }

    [Fact]
    public void The_process_tells_of_itself()
    {
        var text = _metrics.Write();
        text.ShouldContain("# TYPE dotnet_process_cpu_time_seconds_total counter");
        text.ShouldContain("dotnet_process_memory_working_set_bytes ");
        text.ShouldContain("dotnet_gc_collections_total{");
    }

    // Beside what the runtime tells of this process.
    private string Own()
    {
        var lines = _metrics.Write().Split('\n').Where(l => l.Contains("licensing_"));
        return string.Concat(lines.Select(l => l + "\n"));
    }
}
