namespace Licensing.Benchmarks;

/// <summary>What a billing run costs: over the least that must be read (R7), again (R9), as it grows (R10, R15), and over
/// the usual way (R17).</summary>
internal static class BillingBenchmark
{
    // Of all customers; so that eight times as many are all of them.
    private const int Eighth = 8;

    public static Benchmark Run { get; } = new(
        "billing", "the billing run of a month from rollups ÷ one GROUP BY over its raw records", "ms", Goal.Under(0.60),
        ct => PrepareAsync((stage, stop) => stage.BillAsync(All(stage), stop), (stage, stop) => stage.GroupAsync(stop), ct));

    /// <summary>Without what makes drafts invoices: numbers, what they say of the parties, the journal.</summary>
    public static Benchmark Drafts { get; } = new(
        "billed-drafts", "the same as far as drafts ÷ one GROUP BY over its raw records", "ms", Goal.Under(0.60),
        ct => PrepareAsync((stage, stop) => stage.BillAsync(All(stage), stop, issue: false), (stage, stop) => stage.GroupAsync(stop), ct));

    public static Benchmark Again { get; } = new(
        "billed-again", "a finished month billed again ÷ its first run", "ms", Goal.Under(0.10),
        ct => PrepareAsync(
            async (stage, stop) =>
            {
                await stage.BillAsync(All(stage), stop);
                return await stage.BillAsync(All(stage), stop, again: true);
            },
            (stage, stop) => stage.BillAsync(All(stage), stop), ct));

    public static Benchmark Customers { get; } = new(
        "billed-customers", "exponent of the time in customers, 0.25 to 8 times as many ÷ 1", "", Goal.Under(1.05),
        ct => PrepareAsync(async (stage, stop) =>
        {
            var points = new List<(double, double)>();
            foreach (var customers in Enumerable.Range(0, 6).Select(i => All(stage) >> i))
            {
                await stage.Data.LimitAsync(customers, stop);
                points.Add((customers, await stage.BillAsync(customers, stop)));
            }

            await stage.Data.LimitAsync(All(stage), stop);
            return Slope(points);
        }, One, ct));

    public static Benchmark Events { get; } = new(
        "billed-events", "exponent of the time in records of the same customers, 1 to 4 times as many ÷ 1", "", Goal.Under(0.10),
        async ct =>
        {
            // Each size has a month of its own making, so they are measured once each and not in turns.
            var points = new List<(double, double)>();
            await using (var stage = await BillingStage.StartAsync(ct))
            {
                var records = stage.Data.Size.Records;
                await stage.BillAsync(All(stage), ct);
                foreach (var times in (int[])[1, 2, 4])
                {
                    await stage.MoreRecordsAsync(records * times, ct);
                    var measured = new List<double>();
                    for (var i = 0; i < PairRunner.FewestPairs; i++)
                        measured.Add(await stage.BillAsync(All(stage), ct));
                    points.Add((times, PairRunner.Median(measured)));
                }
            }

            // A slope may be at or below nothing; what is measured must be above.
            return new Told(Math.Max(Slope(points), 0.001));
        });

    public static Benchmark Memory { get; } = new(
        "billed-memory", "peak memory of the run of eight times the customers ÷ of once", "MB", Goal.Under(1.3),
        ct => PrepareAsync(
            async (stage, stop) => await PeakAsync(stage, All(stage), stop),
            async (stage, stop) => await PeakAsync(stage, All(stage) / Eighth, stop), ct));

    public static Benchmark Foil { get; } = new(
        "billed-foil", "a loop that bills one customer after the other ÷ the billing run", "µs/customer", Goal.Over(15),
        ct => PrepareAsync(
            (stage, stop) => new NaiveBiller(stage.Data).BillAsync(Math.Min(300, All(stage)), stop),
            async (stage, stop) => await stage.BillAsync(All(stage), stop) * 1_000 / All(stage), ct));

    private static int All(BillingStage stage) => stage.Data.Size.Subscriptions;

    private static Task<double> One(BillingStage stage, CancellationToken ct) => Task.FromResult(1d);

    // Of a straight line through the logarithms.
    internal static double Slope(IReadOnlyCollection<(double X, double Y)> points)
    {
        var logs = points.Select(p => (X: Math.Log(p.X), Y: Math.Log(p.Y))).ToList();
        var (x, y) = (logs.Average(p => p.X), logs.Average(p => p.Y));
        return logs.Sum(p => (p.X - x) * (p.Y - y)) / logs.Sum(p => (p.X - x) * (p.X - x));
    }

    private static async Task<double> PeakAsync(BillingStage stage, int customers, CancellationToken ct)
    {
        await stage.Data.LimitAsync(customers, ct);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var watching = Task.Run(async () =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
            for (var peak = 0L; ;)
            {
                peak = Math.Max(peak, Environment.WorkingSet);
                try
                {
                    await timer.WaitForNextTickAsync(stop.Token);
                }
                catch (OperationCanceledException)
                {
                    return peak;
                }
            }
        }, ct);
        await stage.BillAsync(customers, ct);
        await stop.CancelAsync();
        return await watching / (1024d * 1024);
    }

    private static async Task<IPair> PrepareAsync(
        Func<BillingStage, CancellationToken, Task<double>> ours, Func<BillingStage, CancellationToken, Task<double>> limit, CancellationToken ct)
    {
        var stage = await BillingStage.StartAsync(ct);
        try
        {
            // Compiled and cached on both sides.
            for (var i = 0; i < 2; i++)
            {
                await stage.BillAsync(All(stage), ct);
                await stage.GroupAsync(ct);
            }

            return new Pair(stage, ours, limit);
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    private sealed class Pair(
        BillingStage stage, Func<BillingStage, CancellationToken, Task<double>> ours, Func<BillingStage, CancellationToken, Task<double>> limit)
        : IPair
    {
        private readonly List<double> _ours = [];
        private readonly List<double> _limit = [];

        public Task<double> OursAsync(CancellationToken ct) => MeasureAsync(ours, _ours, ct);

        public Task<double> BaseAsync(CancellationToken ct) => MeasureAsync(limit, _limit, ct);

        public (double Ours, double Base)? Cost =>
            _ours.Count > 0 && _limit.Count > 0 ? (PairRunner.Median(_ours), PairRunner.Median(_limit)) : null;

        // With the checks that follow a run, so it is of the benchmark as a whole.
        private async Task<double> MeasureAsync(
            Func<BillingStage, CancellationToken, Task<double>> what, List<double> costs, CancellationToken ct)
        {
            var used = stage.Processor.Used();
            var measured = await what(stage, ct);
            if (stage.Processor.Used() - used is { } cost)
                costs.Add(cost.TotalMicroseconds);
            return measured;
        }

        public ValueTask DisposeAsync() => stage.DisposeAsync();
    }

    private sealed class Told(double value) : IPair
    {
        public Task<double> OursAsync(CancellationToken ct) => Task.FromResult(value);

        public Task<double> BaseAsync(CancellationToken ct) => Task.FromResult(1d);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
