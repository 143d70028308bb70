using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Benchmarks;

/// <summary>Two loads on one host.</summary>
internal sealed class HostPair : IPair
{
    private const int WarmUps = 3;

    private readonly BenchHost _host;
    private readonly Func<CancellationToken, Task<double>> _ours;
    private readonly Func<CancellationToken, Task<double>> _limit;

    private HostPair(BenchHost host, Func<CancellationToken, Task<double>> ours, Func<CancellationToken, Task<double>> limit) =>
        (_host, _ours, _limit) = (host, ours, limit);

    /// <param name="configure">Handlers beside those of the modules.</param>
    /// <param name="map">Endpoints beside those of the modules.</param>
    /// <param name="loads">Makes what the loads need, and tells how each is measured.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<IPair> PrepareAsync(
        Action<IServiceCollection> configure, Action<WebApplication> map,
        Func<BenchHost, HttpClient, Task<(Func<CancellationToken, Task<double>> Ours, Func<CancellationToken, Task<double>> Base)>> loads, CancellationToken ct)
    {
        var host = await BenchHost.StartAsync(BenchmarkRun.FolderOf("bench-postgres"), configure, map, ct);
        try
        {
            using var client = new HttpClient { BaseAddress = host.Address };
            var (ours, limit) = await loads(host, client);
            var pair = new HostPair(host, ours, limit);
            // Both are compiled to the end before the first pair is measured.
            for (var i = 0; i < WarmUps; i++)
            {
                await pair.OursAsync(ct);
                await pair.BaseAsync(ct);
            }

            return pair;
        }
        catch
        {
            // Its PostgreSQL would outlive this process.
            await host.DisposeAsync();
            throw;
        }
    }

    public Task<double> OursAsync(CancellationToken ct) => _ours(ct);

    public Task<double> BaseAsync(CancellationToken ct) => _limit(ct);

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
