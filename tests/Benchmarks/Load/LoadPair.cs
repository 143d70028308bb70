namespace Licensing.Benchmarks;

/// <summary>Two loads measured in turns, and beside their rates what one operation of each costs.</summary>
/// <param name="ours">Measures the product once.</param>
/// <param name="limit">Measures its limit once.</param>
/// <param name="dispose">Proves what is left to prove, and ends the servers.</param>
internal sealed class LoadPair(Func<CancellationToken, Task<Load>> ours, Func<CancellationToken, Task<Load>> limit, Func<ValueTask> dispose) : IPair
{
    private readonly List<double> _ours = [];
    private readonly List<double> _limit = [];

    public string Cost => _ours.Count > 0 && _limit.Count > 0 ? Told(PairRunner.Median(_ours), PairRunner.Median(_limit)) : "none";

    public Task<double> OursAsync(CancellationToken ct) => MeasureAsync(ours, _ours, ct);

    public Task<double> BaseAsync(CancellationToken ct) => MeasureAsync(limit, _limit, ct);

    private static async Task<double> MeasureAsync(Func<CancellationToken, Task<Load>> load, List<double> costs, CancellationToken ct)
    {
        var (_, rate, cost) = await load(ct);
        if (cost is { } known)
            costs.Add(known.TotalMicroseconds);
        return rate;
    }

    private static string Told(double ours, double limit) =>
        $"{BenchmarkRun.Short(Math.Round(ours, 1))} ÷ {BenchmarkRun.Short(Math.Round(limit, 1))} µs = {ours / limit:0.00}";

    public ValueTask DisposeAsync() => dispose();
}
