namespace Licensing.Benchmarks;

/// <summary>
/// How something grows: every size is measured once a round, one after the other, and each round has an exponent of its own. There is nothing to
/// divide it by, so the other side is 1.
/// </summary>
/// <param name="round">Measures every size once: how large it is, and what it came to.</param>
/// <param name="dispose">Proves what is left to prove, and ends the servers.</param>
internal sealed class ExponentPair(Func<CancellationToken, Task<IReadOnlyList<(double Size, Load Load)>>> round, Func<ValueTask> dispose) : IPair
{
    private readonly List<double> _costs = [];

    public string Cost => _costs.Count > 0 ? $"exponent {PairRunner.Median(_costs):0.000}" : "none";

    public async Task<double> OursAsync(CancellationToken ct)
    {
        var points = await round(ct);
        await Console.Error.WriteLineAsync(string.Join(", ", points.Select(p =>
            $"{p.Size:#,0}: {BenchmarkRun.Short(p.Load.Rate)} (CPU {BenchmarkRun.Short(p.Load.Cost?.TotalMicroseconds ?? 0)} µs)")));
        // Of next to nothing the clock of the processors shows none.
        if (Slope([.. points.Select(p => (p.Size, p.Load.Cost?.TotalMicroseconds ?? 0))]) is var cost && double.IsFinite(cost))
            _costs.Add(cost);
        // A slope may be at or below nothing; what is measured must be above.
        return Math.Max(Slope([.. points.Select(p => (p.Size, p.Load.Rate))]), 0.001);
    }

    public Task<double> BaseAsync(CancellationToken ct) => Task.FromResult(1d);

    // Of a straight line through the logarithms.
    private static double Slope(IReadOnlyCollection<(double X, double Y)> points)
    {
        var logs = points.Select(p => (X: Math.Log(p.X), Y: Math.Log(p.Y))).ToList();
        var (x, y) = (logs.Average(p => p.X), logs.Average(p => p.Y));
        return logs.Sum(p => (p.X - x) * (p.Y - y)) / logs.Sum(p => (p.X - x) * (p.X - x));
    }

    public ValueTask DisposeAsync() => dispose();
}
