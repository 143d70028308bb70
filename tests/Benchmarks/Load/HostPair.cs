using System.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Benchmarks;

/// <summary>Two loads on one host.</summary>
internal static class HostPair
{
    // A load during which the runtime compiles less than this has all that it needs in its last form; a slow machine may stop before.
    private const int FewCompiled = 25;
    private const int FewestWarmUps = 3;
    private const int MostWarmUps = 25;

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
            await WarmUpAsync(ours, ct);
            await WarmUpAsync(limit, ct);
            return new LoadPair(ours, limit, host.DisposeAsync);
        }
        catch
        {
            // Its PostgreSQL would outlive this process.
            await host.DisposeAsync();
            throw;
        }
    }

    // A server runs for weeks and this one for seconds: both loads are compiled to the end before the first pair is measured. The runtime does
    // that in the background while a load runs, so it is counted with each.
    private static async Task WarmUpAsync(Func<CancellationToken, Task<Load>> load, CancellationToken ct)
    {
        for (var i = 0; i < MostWarmUps; i++)
        {
            var before = JitInfo.GetCompiledMethodCount();
            await load(ct);
            if (i >= FewestWarmUps && JitInfo.GetCompiledMethodCount() - before < FewCompiled)
                return;
        }
    }
}
