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
            async (_, load, ct) => (await load.MeasureAsync(48, Round, ct)).Cost is { } cost
                ? cost.TotalMicroseconds
                : throw new InvalidOperationException("There is no /proc here.")),
        Of("read-growth", "exponent of the middle time of reading a page in the records stored, 1 to 16 times as many ÷ 1",
            (stand, _, ct) => ReadAsync(stand, ct)),
    ];

    private static Benchmark Of(string name, string summary, Func<IngestStand, IngestLoad, CancellationToken, Task<double>> measure) => new(
        name, summary, "", Goal.Under(0.03), async ct =>
        {
            var sizes = new Sizes(measure);
            try
            {
                foreach (var times in Times)
                    await sizes.AddAsync(times * IngestBenchmark.ManyRows / 20, ct);
                // Compiled on all of them.
                for (var i = 0; i < 3; i++)
                    await sizes.OursAsync(ct);
                return sizes;
            }
            catch
            {
                await sizes.DisposeAsync();
                throw;
            }
        });

    // The middle one of reads one after the other: the tenant's newest, by who may read all.
    private static async Task<double> ReadAsync(IngestStand stand, CancellationToken ct)
    {
        using var client = new HttpClient { BaseAddress = stand.Host.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await stand.Host.LoginAsync(client, ct));
        var taken = new List<double>();
        for (var i = 0; i < Reads; i++)
        {
            var start = Stopwatch.GetTimestamp();
            using var answer = await client.GetAsync(
                $"/api/v1/usage?tenantId={stand.TenantOf(i)}&subscriptionId={stand.Subscriptions[i % stand.Subscriptions.Count]}&limit=20", ct);
            if (!(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(ct)).Contains("\"id\"", StringComparison.Ordinal))
                throw new InvalidOperationException("Nothing was read.");
            taken.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        return PairRunner.Median(taken);
    }

    private sealed class Sizes(Func<IngestStand, IngestLoad, CancellationToken, Task<double>> measure) : IPair
    {
        private readonly List<(long Rows, IngestStand Stand, IngestLoad Load)> _sizes = [];

        public async Task AddAsync(long rows, CancellationToken ct)
        {
            var stand = await IngestStand.StartAsync($"bench-postgres-{_sizes.Count}", ct);
            _sizes.Add((rows, stand, new IngestLoad(stand, 100)));
            await stand.FillAsync(rows, ct);
            await stand.RollUpAsync(ct);
        }

        public async Task<double> OursAsync(CancellationToken ct)
        {
            var points = new List<(double, double)>();
            foreach (var (rows, stand, load) in _sizes)
                // What is measured adds to it.
                points.Add((rows + load.Acknowledged, await measure(stand, load, ct)));
            await Console.Error.WriteLineAsync(string.Join(", ", points.Select(p => $"{p.Item1:#,0}: {p.Item2:0.00} µs")));
            // A slope may be at or below nothing; what is measured must be above.
            return Math.Max(BillingBenchmark.Slope(points), 0.001);
        }

        public Task<double> BaseAsync(CancellationToken ct) => Task.FromResult(1d);

        public async ValueTask DisposeAsync()
        {
            foreach (var (_, stand, load) in _sizes)
                try
                {
                    await stand.ProveAsync(load.Acknowledged, CancellationToken.None);
                }
                finally
                {
                    await stand.DisposeAsync();
                }
        }
    }
}
