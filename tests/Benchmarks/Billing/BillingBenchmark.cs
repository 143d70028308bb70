namespace Licensing.Benchmarks;

/// <summary>What a billing run costs: over the least that must be read (R7), again (R9), as it grows (R10, R15), and over
/// the usual way (R17).</summary>
internal static class BillingBenchmark
{
    // Of all customers; so that eight times as many are all of them.
    private const int Eighth = 8;
    private const int WarmUps = 2;

    public static Benchmark Run { get; } = new(
        "billing", "the billing run of a month from rollups ÷ one GROUP BY over its raw records", "ms", Goal.Under(0.60),
        ct => PrepareAsync((stage, stop) => stage.BillAsync(All(stage), stop), (stage, stop) => stage.GroupAsync(stop), ct))
    {
        Others = Invoices,
    };

    /// <summary>Without what makes drafts invoices: numbers, what they say of the parties, the journal.</summary>
    public static Benchmark Drafts { get; } = new(
        "billed-drafts", "the same as far as drafts ÷ one GROUP BY over its raw records", "ms", Goal.Under(0.60),
        ct => PrepareAsync((stage, stop) => stage.BillAsync(All(stage), stop, issue: false), (stage, stop) => stage.GroupAsync(stop), ct))
    {
        Others = Invoices,
    };

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
        "billed-customers", "exponent of the time in customers, 0.25 to 8 times as many ÷ 1", "", Goal.Under(1.05), async ct =>
        {
            var stage = await WarmAsync(ct);
            return new ExponentPair(async stop =>
            {
                var points = new List<(double, Load)>();
                foreach (var customers in Enumerable.Range(0, 6).Select(i => All(stage) >> i))
                {
                    await stage.Data.LimitAsync(customers, stop);
                    points.Add((customers, await stage.BillAsync(customers, stop)));
                }

                return points;
            }, stage.DisposeAsync);
        });

    // A server for each size, so that all are measured in turns; the largest is the month of the other rows.
    public static Benchmark Events { get; } = new(
        "billed-events", "exponent of the time in records of the same customers, 1, 2 and 4 times as many ÷ 1", "", Goal.Under(0.10), async ct =>
        {
            var stages = new List<BillingStage>();
            try
            {
                foreach (var times in (int[])[1, 2, 4])
                {
                    var size = BillingSize.Own with { Records = Math.Max(BillingSize.Own.Records / 4, 1) * times };
                    stages.Add(await BillingStage.StartAsync(ct, size, $"bench-postgres-{stages.Count}"));
                }

                // Compiled and cached on all of them.
                for (var i = 0; i < WarmUps; i++)
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
                foreach (var stage in stages)
                    points.Add((stage.Data.Size.Records, await stage.BillAsync(All(stage), stop)));
                return points;
            }

            async ValueTask EndAsync()
            {
                foreach (var stage in stages)
                    await stage.DisposeAsync();
            }
        });

    public static Benchmark Memory { get; } = new(
        "billed-memory", "peak memory of a process of its own that starts, bills and checks: eight times the customers ÷ once", "MB", Goal.Under(1.3),
        async ct =>
        {
            var stage = await BillingStage.StartAsync(ct);
            return new LoadPair(
                stop => BillingPeak.MeasureAsync(stage, All(stage), stop), stop => BillingPeak.MeasureAsync(stage, All(stage) / Eighth, stop),
                stage.DisposeAsync);
        });

    public static Benchmark Foil { get; } = new(
        "billed-foil", "a loop that bills one customer after the other ÷ the billing run", "µs/customer", Goal.Over(15),
        ct => PrepareAsync(
            (stage, stop) => new NaiveBiller(stage.Data, stage.Processor).BillAsync(Math.Min(300, All(stage)), stop),
            async (stage, stop) =>
            {
                var (customers, took, used) = await stage.BillAsync(All(stage), stop);
                return new Load(customers, took * 1_000 / customers, used / customers);
            }, ct));

    private static int All(BillingStage stage) => stage.Data.Size.Subscriptions;

    private static string Invoices(Outcome outcome) =>
        $"{outcome.Name}: {BillingSize.Own.Subscriptions * 1_000 / outcome.Ours:#,0} invoices/s; 23 invoices/s on PostgreSQL is on record.";

    private static async Task<BillingStage> WarmAsync(CancellationToken ct)
    {
        var stage = await BillingStage.StartAsync(ct);
        try
        {
            // Compiled and cached on both sides.
            for (var i = 0; i < WarmUps; i++)
            {
                await stage.BillAsync(All(stage), ct);
                await stage.GroupAsync(ct);
            }

            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    private static async Task<IPair> PrepareAsync(
        Func<BillingStage, CancellationToken, Task<Load>> ours, Func<BillingStage, CancellationToken, Task<Load>> limit, CancellationToken ct)
    {
        var stage = await WarmAsync(ct);
        return new LoadPair(stop => ours(stage, stop), stop => limit(stage, stop), stage.DisposeAsync);
    }
}
