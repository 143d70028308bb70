using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Licensing.Host.Observability;

/// <summary>
/// What this process measures, in the Prometheus text format 0.0.4. Sums and buckets grow from the start of the process; gauges are
/// read when asked for. Of one instrument at most <see cref="MostSeries"/> label sets are kept, the rest is one series
/// <c>overflow="true"</c>, so that no caller can fill the memory.
/// </summary>
internal sealed class PrometheusMetrics : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";
    public const int MostSeries = 1_000;

    private static readonly string[] Meters = ["Licensing", "Microsoft.AspNetCore", "System.Runtime", "Npgsql"];
    private static readonly double[] Seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private static readonly double[] Other = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

    private readonly ConcurrentDictionary<Instrument, Family> _families = new();
    private readonly MeterListener _listener = new();
    private readonly Lock _collecting = new();

    public PrometheusMetrics(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // A meter with a scope belongs to one host; tests run several in one process.
            if (instrument.Meter.Scope is { } scope && !ReferenceEquals(scope, meters))
                return;
            if (Array.Exists(Meters, m => instrument.Meter.Name == m || instrument.Meter.Name.StartsWith(m + '.', StringComparison.Ordinal)))
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument, i => new Family(i)));
        };
        _listener.SetMeasurementEventCallback<byte>(static (_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<short>(static (_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, family) => Record(family, (double)value, tags));
        _listener.Start();
    }

    public string Write()
    {
        // One at a time: a gauge's former series are forgotten before it is read again.
        lock (_collecting)
        {
            foreach (var family in _families.Values.Where(f => f.IsObserved))
                family.Forget();
            _listener.RecordObservableInstruments();
            var text = new StringBuilder();
            // Two meters may name an instrument alike, and a name may have one TYPE line only.
            foreach (var family in _families.Values.OrderBy(f => f.Name, StringComparer.Ordinal).DistinctBy(f => f.Name))
                family.Write(text);
            return text.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    private static void Record(object? family, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        ((Family)family!).Record(value, tags);

    private enum Kind { Counter, Gauge, Histogram }

    private sealed class Family
    {
        private readonly ConcurrentDictionary<string, Series> _series = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<string, Series>.AlternateLookup<ReadOnlySpan<char>> _byText;
        private readonly Instrument _instrument;
        private readonly Kind _kind;
        private readonly bool _adds;
        private readonly double[] _bounds;
        private int _count;

        public Family(Instrument instrument)
        {
            _instrument = instrument;
            _byText = _series.GetAlternateLookup<ReadOnlySpan<char>>();
            var type = instrument.GetType().Name;
            _kind = type.StartsWith("Histogram", StringComparison.Ordinal) ? Kind.Histogram
                : type.Contains("Counter", StringComparison.Ordinal) && !type.Contains("UpDown", StringComparison.Ordinal) ? Kind.Counter
                : Kind.Gauge;
            // Observed instruments and gauges tell the value itself, the others what to add to it.
            _adds = !instrument.IsObservable && !type.StartsWith("Gauge", StringComparison.Ordinal);
            _bounds = _kind is not Kind.Histogram ? [] : Advised(instrument) ?? (instrument.Unit == "s" ? Seconds : Other);
            Name = NameOf(instrument, _kind);
        }

        public string Name { get; }

        public bool IsObserved => _instrument.IsObservable;

        public void Forget()
        {
            _series.Clear();
            _count = 0;
        }

        public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var labels = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[512]);
            for (var i = 0; i < tags.Length; i++)
                Append(ref labels, i > 0, tags[i]);
            if (!_byText.TryGetValue(labels.Text, out var series))
                series = _count < MostSeries ? Add(labels.Text.ToString()) : _series.GetOrAdd("overflow=\"true\"", _ => new Series(_bounds.Length));
            labels.Clear();
            series.Record(value, _bounds, _adds);
        }

        public void Write(StringBuilder text)
        {
            if (_series.IsEmpty)
                return;
            if (_instrument.Description is { Length: > 0 } description)
                text.Append("# HELP ").Append(Name).Append(' ').Append(description.Replace("\\", @"\\").Replace("\n", @"\n")).Append('\n');
            text.Append("# TYPE ").Append(Name).Append(' ')
                .Append(_kind switch { Kind.Counter => "counter", Kind.Gauge => "gauge", _ => "histogram" }).Append('\n');
            foreach (var (labels, series) in _series.OrderBy(s => s.Key, StringComparer.Ordinal))
                series.Write(text, Name, labels, _kind is Kind.Histogram ? _bounds : null);
        }

        private Series Add(string labels)
        {
            var added = new Series(_bounds.Length);
            var kept = _series.GetOrAdd(labels, added);
            if (ReferenceEquals(kept, added))
                Interlocked.Increment(ref _count);
            return kept;
        }

        private static void Append(ref DefaultInterpolatedStringHandler labels, bool more, KeyValuePair<string, object?> tag)
        {
            if (more)
                labels.AppendLiteral(",");
            labels.AppendLiteral(Plain(tag.Key, colon: false));
            labels.AppendLiteral("=\"");
            if (tag.Value is string text && text.AsSpan().IndexOfAny('\\', '"', '\n') >= 0)
                labels.AppendLiteral(text.Replace("\\", @"\\").Replace("\"", "\\\"").Replace("\n", @"\n"));
            else if (tag.Value is bool flag)
                labels.AppendLiteral(flag ? "true" : "false");
            else
                labels.AppendFormatted(tag.Value);
            labels.AppendLiteral("\"");
        }

        private static double[]? Advised(Instrument instrument) => instrument switch
        {
            Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
            Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(b => (double)b)],
            Histogram<int> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(b => (double)b)],
            _ => null,
        };

        // OpenTelemetry's translation: dots to underscores, the unit spelled out, counters end in _total.
        private static string NameOf(Instrument instrument, Kind kind)
        {
            var name = Plain(instrument.Name, colon: true);
            var unit = instrument.Unit switch { "s" => "_seconds", "ms" => "_milliseconds", "By" => "_bytes", "%" => "_percent", _ => "" };
            if (!name.EndsWith(unit, StringComparison.Ordinal))
                name += unit;
            return kind is Kind.Counter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
        }

        private static string Plain(string name, bool colon)
        {
            bool Fits(char c, int at) => c == '_' || char.IsAsciiLetter(c) || (c == ':' && colon) || (at > 0 && char.IsAsciiDigit(c));
            for (var i = 0; i < name.Length; i++)
                if (!Fits(name[i], i))
                    return string.Create(name.Length, name, (span, from) =>
                    {
                        for (var j = 0; j < span.Length; j++)
                            span[j] = Fits(from[j], j) ? from[j] : '_';
                    });
            return name;
        }
    }

    private sealed class Series(int bounds)
    {
        private readonly long[] _buckets = new long[bounds];
        private readonly Lock _writing = new();
        private double _sum;
        private long _count;

        public void Record(double value, double[] bounds, bool adds)
        {
            lock (_writing)
            {
                _sum = adds ? _sum + value : value;
                _count++;
                // The first bound that is not below the value; beyond the last one only the total counts.
                var at = Array.FindIndex(bounds, b => value <= b);
                if (at >= 0)
                    _buckets[at]++;
            }
        }

        public void Write(StringBuilder text, string name, string labels, double[]? bounds)
        {
            lock (_writing)
            {
                if (bounds is null)
                {
                    Line(text, name, labels, _sum);
                    return;
                }

                var below = 0L;
                var separator = labels.Length == 0 ? "" : ",";
                for (var i = 0; i < bounds.Length; i++)
                    Line(text, name + "_bucket", $"{labels}{separator}le=\"{Number(bounds[i])}\"", below += _buckets[i]);
                Line(text, name + "_bucket", $"{labels}{separator}le=\"+Inf\"", _count);
                Line(text, name + "_sum", labels, _sum);
                Line(text, name + "_count", labels, _count);
            }
        }

        private static void Line(StringBuilder text, string name, string labels, double value)
        {
            text.Append(name);
            if (labels.Length > 0)
                text.Append('{').Append(labels).Append('}');
            text.Append(' ').Append(Number(value)).Append('\n');
        }

        private static string Number(double value) => value switch
        {
            double.PositiveInfinity => "+Inf",
            double.NegativeInfinity => "-Inf",
            _ => value.ToString(CultureInfo.InvariantCulture),
        };
    }
}
