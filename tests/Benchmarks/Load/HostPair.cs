using System.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Benchmarks;

/// <summary>Two loads on one host.</summary>
internal sealed class HostPair : IPair
{
    // A load during which the runtime compiles less than this has all that it needs in its last form; a slow machine may stop before.
    private const int FewCompiled = 25;
    private const int FewestWarmUps = 3;
    private const int MostWarmUps = 25;
    private const int MostPauses = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    private readonly BenchHost _host;
    private readonly Func<CancellationToken, Task<Load>> _ours;
    private readonly Func<CancellationToken, Task<Load>> _limit;

    private readonly List<double> _oursCosts = [];
    private readonly List<double> _limitCosts = [];

    private HostPair(BenchHost host, Func<CancellationToken, Task<Load>> ours, Func<CancellationToken, Task<Load>> limit) =>
        (_host, _ours, _limit) = (host, ours, limit);

    /// <param name="configure">Handlers beside those of the modules.</param>
    /// <param name="map">Endpoints beside those of the modules.</param>
    /// <param name="loads">Makes what the loads need, and tells how each is measured.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<IPair> PrepareAsync(
        Action<IServiceCollection> configure, Action<WebApplication> map,
        Func<BenchHost, HttpClient, Task<(Func<CancellationToken, Task<Load>> Ours, Func<CancellationToken, Task<Load>> Base)>> loads,
        CancellationToken ct)
    {
        var host = await BenchHost.StartAsync(BenchmarkRun.FolderOf("bench-postgres"), configure, map, ct);
        try
        {
            using var client = new HttpClient { BaseAddress = host.Address };
            var (ours, limit) = await loads(host, client);
            var pair = new HostPair(host, ours, limit);
            await WarmUpAsync(ours, ct);
            await WarmUpAsync(limit, ct);
            return pair;
        }
        catch
        {
            // Its PostgreSQL would outlive this process.
            await host.DisposeAsync();
            throw;
        }
    }

    // A server runs for weeks and this one for seconds: both loads are compiled to the end before the first pair is measured. The runtime does
    // that in the background, late and with whatever the load leaves of the processors, so it is given time between the loads.
    private static async Task WarmUpAsync(Func<CancellationToken, Task<Load>> load, CancellationToken ct)
    {
        for (var i = 0; i < MostWarmUps; i++)
        {
            var before = JitInfo.GetCompiledMethodCount();
            await load(ct);
            var after = await CompiledAsync(ct);
            if (i >= FewestWarmUps && after - before < FewCompiled)
                return;
        }
    }

    // How many methods there are when no more come. What the host does by itself may make some at any time, so it is not waited for long: the
    // next load shows whether these were the last.
    private static async Task<long> CompiledAsync(CancellationToken ct)
    {
        var count = JitInfo.GetCompiledMethodCount();
        for (var pause = 0; pause < MostPauses; pause++)
        {
            await Task.Delay(Pause, ct);
            var before = count;
            count = JitInfo.GetCompiledMethodCount();
            if (count == before)
                break;
        }

        return count;
    }

    public Task<double> OursAsync(CancellationToken ct) => MeasureAsync(_ours, _oursCosts, ct);

    public Task<double> BaseAsync(CancellationToken ct) => MeasureAsync(_limit, _limitCosts, ct);

    public (double Ours, double Base)? Cost =>
        _oursCosts.Count > 0 && _limitCosts.Count > 0 ? (PairRunner.Median(_oursCosts), PairRunner.Median(_limitCosts)) : null;

    private static async Task<double> MeasureAsync(Func<CancellationToken, Task<Load>> load, List<double> costs, CancellationToken ct)
    {
        var (_, rate, cost) = await load(ct);
        if (cost is { } known)
            costs.Add(known.TotalMicroseconds);
        return rate;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
