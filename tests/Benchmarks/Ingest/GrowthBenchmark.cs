using System.Diagnostics;
using System.Net.Http.Headers;

namespace Licensing.Benchmarks;

/// <summary>
/// R10: how what a record costs to take in, and how long a page of records takes to read, grow with how many are stored. A server for each size, so
/// that all sizes are measured in turns.
/// </summary>
internal static class GrowthBenchmark
{
    private const int Reads = 300;
    private static readonly int[] Times = [1, 4, 16];
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    public static IReadOnlyList<Benchmark> All { get; } =
    [
        Of("ingest-growth", "exponent of a record's processor time in the records stored, 1 to 16 times as many ÷ 1",
            async (_, load, ct) => await load.MeasureAsync(48, Round, ct) is { Cost: { } cost } measured
                ? measured with { Rate = cost.TotalMicroseconds }
                : throw new InvalidOperationException("There is no /proc here.")),
        Of("read-growth", "exponent of the middle time of reading a page in the records stored, 1 to 16 times as many ÷ 1",
            (stand, _, ct) => ReadAsync(stand, ct)),
    ];

    private static Benchmark Of(string name, string summary, Func<IngestStand, IngestLoad, CancellationToken, Task<Load>> measure) => new(
        name, summary, "", Goal.Under(0.03), async ct =>
        {
            var sizes = new List<(long Rows, IngestStand Stand, IngestLoad Load)>();
            try
            {
                foreach (var times in Times)
                {
                    var stand = await IngestStand.StartAsync($"bench-postgres-{sizes.Count}", ct);
                    var rows = times * IngestBenchmark.FewRows;
                    sizes.Add((rows, stand, new IngestLoad(stand, 100)));
                    await stand.FillAsync(rows, ct);
                    await stand.RollUpAsync(ct);
                }

                // Compiled on all of them.
                for (var i = 0; i < 3; i++)
                    await RoundAsync(ct);
                return new ExponentPair(RoundAsync, EndAsync);
            }
            catch
            {
                await EndAsync();
                throw;
            }

            async Task<IReadOnlyList<(double, Load)>> RoundAsync(CancellationToken stop)
            {
                var points = new List<(double, Load)>();
                foreach (var (rows, stand, load) in sizes)
                    // What is measured adds to it.
                    points.Add((rows + load.Acknowledged, await measure(stand, load, stop)));
                return points;
            }

            async ValueTask EndAsync()
            {
                foreach (var (_, stand, load) in sizes)
                    try
                    {
                        await stand.ProveAsync(load.Acknowledged, CancellationToken.None);
                    }
                    finally
                    {
                        await stand.DisposeAsync();
                    }
            }
        });

    // The middle one of reads one after the other: the tenant's newest, by who may read all.
    private static async Task<Load> ReadAsync(IngestStand stand, CancellationToken ct)
    {
        using var client = new HttpClient { BaseAddress = stand.Host.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await stand.Host.LoginAsync(client, ct));
        var taken = new List<double>();
        var used = stand.Host.Processor.Used();
        for (var i = 0; i < Reads; i++)
        {
            var start = Stopwatch.GetTimestamp();
            using var answer = await client.GetAsync(
                $"/api/v1/usage?tenantId={stand.TenantOf(i)}&subscriptionId={stand.Subscriptions[i % stand.Subscriptions.Count]}&limit=20", ct);
            if (!(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(ct)).Contains("\"id\"", StringComparison.Ordinal))
                throw new InvalidOperationException("Nothing was read.");
            taken.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        return new Load(Reads, PairRunner.Median(taken), (stand.Host.Processor.Used() - used) / Reads);
    }
}
