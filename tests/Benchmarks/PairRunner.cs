namespace Licensing.Benchmarks;

/// <summary>
/// Measures in pairs, ours and base in turns, so that a machine that slows down slows both. The ratio is the median of the pairs'
/// ratios, not the ratio of the medians.
/// </summary>
internal static class PairRunner
{
    public const int FewestPairs = 7;

    public static async Task<Outcome> RunAsync(Benchmark benchmark, int pairs, Action<string> say, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pairs, FewestPairs);
        await using var pair = await benchmark.PrepareAsync(ct);
        List<double> ours = [], limit = [], ratios = [];
        for (var i = 0; i < pairs; i++)
        {
            // Who goes second finds warmer caches or more dirty pages, so the sides change places.
            var baseFirst = i % 2 == 1;
            var first = await Measure(baseFirst);
            var second = await Measure(!baseFirst);
            var (a, b) = baseFirst ? (second, first) : (first, second);
            ours.Add(a);
            limit.Add(b);
            ratios.Add(a / b);
            say($"{benchmark.Name} {i + 1}/{pairs}: {a:0.##} ÷ {b:0.##} {benchmark.Unit} = {a / b:0.000}");
        }

        var ratio = Median(ratios);
        return new Outcome(
            benchmark.Name, Median(ours), Median(limit), ratio, benchmark.Unit, benchmark.Goal.ToString(), benchmark.Goal.MetBy(ratio))
        { Cost = pair.Cost };

        async Task<double> Measure(bool isBase)
        {
            // What one side left to collect is not to be paid by the other.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var value = await (isBase ? pair.BaseAsync(ct) : pair.OursAsync(ct));
            return double.IsFinite(value) && value > 0
                ? value
                : throw new InvalidOperationException($"{benchmark.Name} measured {value} {benchmark.Unit}, which is no measurement.");
        }
    }

    public static double Median(IReadOnlyCollection<double> values)
    {
        if (values.Count == 0)
            throw new ArgumentException("Nothing was measured.", nameof(values));
        var sorted = values.Order().ToList();
        var middle = sorted.Count / 2;
        return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
