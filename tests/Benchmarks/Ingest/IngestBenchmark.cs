using System.Globalization;

namespace Licensing.Benchmarks;

/// <summary>
/// What it costs to take in usage (authenticated, checked, de-duplicated, committed) over COPY by one connection that does none of that.
/// The roll-up runs beside neither.
/// </summary>
internal static class IngestBenchmark
{
    private const string RowsVariable = "LICENSING_BENCH_ROWS";
    private const long FewRows = 1_000_000;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(3);

    public static IReadOnlyList<Benchmark> All { get; } =
    [
        Rate("ingest-100", "batches of 100 over HTTP ÷ COPY into the same tables", 100, 48, "usage.records", 0.6),
        Rate("ingest-1000", "batches of 1,000 over HTTP ÷ COPY into the same tables", 1_000, 16, "usage.records", 0.6),
        Rate("ingest-plain-100", "batches of 100 over HTTP ÷ COPY into a table without indexes", 100, 48, "bench.plain", 0.35),
        Rate("ingest-plain-1000", "batches of 1,000 over HTTP ÷ COPY into a table without indexes", 1_000, 16, "bench.plain", 0.35),
        new("ingest-latency", "99th percentile at half the rate ÷ that of a commit of one row", "ms", Goal.Under(4), LatencyAsync),
        new("ingest-duplicates", "with 20 % duplicates ÷ with none", "events/s", Goal.Over(0.75), DuplicatesAsync),
        new("ingest-full", $"at {ManyRows:#,0} rows ÷ at {FewRows:#,0}", "events/s", Goal.Over(0.9), FullAsync),
    ];

    private static long ManyRows => long.TryParse(
        Environment.GetEnvironmentVariable(RowsVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var rows) ? rows : 20_000_000;

    private static Benchmark Rate(string name, string summary, int size, int connections, string table, double goal) => new(
        name, summary, "events/s", Goal.Over(goal), async ct =>
        {
            var stand = await IngestStand.StartAsync("bench-postgres", ct);
            var load = new IngestLoad(stand, size);
            return await Pair.WarmAsync(
                stop => load.MeasureAsync(connections, Round, stop), stop => stand.CopyAsync(table, Round, long.MaxValue, stop),
                stop => stand.ProveAsync(load.Acknowledged, stop), ct, stand);
        });

    private static async Task<IPair> DuplicatesAsync(CancellationToken ct)
    {
        var stand = await IngestStand.StartAsync("bench-postgres", ct);
        var (some, none) = (new IngestLoad(stand, 100, duplicates: 20), new IngestLoad(stand, 100));
        return await Pair.WarmAsync(
            stop => some.MeasureAsync(48, Round, stop), stop => none.MeasureAsync(48, Round, stop),
            stop => stand.ProveAsync(some.Acknowledged + none.Acknowledged, stop), ct, stand);
    }

    private static async Task<IPair> LatencyAsync(CancellationToken ct)
    {
        var stand = await IngestStand.StartAsync("bench-postgres", ct);
        var load = new IngestLoad(stand, 100);
        for (var i = 0; i < 3; i++)
            await load.MeasureAsync(48, Round, ct);
        var rate = (await load.MeasureAsync(48, Round, ct)).Rate;
        await Console.Error.WriteLineAsync($"Half of {rate:#,0} events/s.");
        return await Pair.WarmAsync(
            async stop => Tail(await load.LatenciesAsync(rate / 2, 24, Round, stop)), async stop => Tail(await CommitsAsync(stand, stop)),
            stop => stand.ProveAsync(load.Acknowledged, stop), ct, stand);
    }

    private static Load Tail(List<double> taken)
    {
        taken.Sort();
        return new Load(taken.Count, taken[(int)(taken.Count * 0.99)], null);
    }

    private static async Task<List<double>> CommitsAsync(IngestStand stand, CancellationToken ct)
    {
        await using var connection = await stand.Database.OpenConnectionAsync(ct);
        await using var insert = new Npgsql.NpgsqlCommand(
            "insert into bench.plain (received_at, started_at, day, batch_id, tenant_id, subscription_id, quantity, record_id, owner_path, "
            + "meter, sku, region) values (now(), now(), now(), $1, $1, $1, 1, 'x', '', '', '', '')", connection)
        { Parameters = { new() { Value = RecordIds.Next() } } };
        await insert.PrepareAsync(ct);
        var taken = new List<double>();
        for (var start = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(start) < Round;)
        {
            var from = TimeProvider.System.GetTimestamp();
            await insert.ExecuteNonQueryAsync(ct);
            taken.Add(TimeProvider.System.GetElapsedTime(from).TotalMilliseconds);
        }

        return taken;
    }

    // Two servers, so that both are measured in turns.
    private static async Task<IPair> FullAsync(CancellationToken ct)
    {
        var few = await IngestStand.StartAsync("bench-postgres", ct);
        IngestStand? many = null;
        try
        {
            many = await IngestStand.StartAsync("bench-postgres-full", ct);
            foreach (var (stand, rows) in new[] { (few, FewRows), (many, ManyRows) })
            {
                var copied = await stand.CopyAsync("usage.records", TimeSpan.MaxValue, rows, ct);
                await Console.Error.WriteLineAsync($"Loaded {copied.Answers:#,0} rows in {copied.Answers / copied.Rate:#,0} s.");
                // As it would have happened by itself by then.
                await using var vacuum = stand.Database.CreateCommand("vacuum analyze usage.records, usage.record_keys");
                vacuum.CommandTimeout = 0;
                await vacuum.ExecuteNonQueryAsync(ct);
            }

            var (toMany, toFew) = (new IngestLoad(many, 100), new IngestLoad(few, 100));
            return await Pair.WarmAsync(
                stop => toMany.MeasureAsync(48, Round, stop), stop => toFew.MeasureAsync(48, Round, stop),
                async stop =>
                {
                    await many.ProveAsync(toMany.Acknowledged, stop);
                    await few.ProveAsync(toFew.Acknowledged, stop);
                }, ct, many, few);
        }
        catch
        {
            if (many is not null)
                await many.DisposeAsync();
            await few.DisposeAsync();
            throw;
        }
    }

    /// <summary>Two loads, and the proof afterwards that what was acknowledged is there.</summary>
    private sealed class Pair(
        Func<CancellationToken, Task<Load>> ours, Func<CancellationToken, Task<Load>> limit, Func<CancellationToken, Task> prove,
        IReadOnlyList<IngestStand> stands) : IPair
    {
        private const int WarmUps = 3;
        private readonly List<double> _oursCosts = [];
        private readonly List<double> _limitCosts = [];

        public static async Task<IPair> WarmAsync(
            Func<CancellationToken, Task<Load>> ours, Func<CancellationToken, Task<Load>> limit, Func<CancellationToken, Task> prove,
            CancellationToken ct, params IReadOnlyList<IngestStand> stands)
        {
            var pair = new Pair(ours, limit, prove, stands);
            try
            {
                for (var i = 0; i < WarmUps; i++)
                {
                    await ours(ct);
                    await limit(ct);
                }

                return pair;
            }
            catch
            {
                foreach (var stand in stands)
                    await stand.DisposeAsync();
                throw;
            }
        }

        public Task<double> OursAsync(CancellationToken ct) => MeasureAsync(ours, _oursCosts, ct);

        public Task<double> BaseAsync(CancellationToken ct) => MeasureAsync(limit, _limitCosts, ct);

        public (double Ours, double Base)? Cost =>
            _oursCosts.Count > 0 && _limitCosts.Count > 0 ? (PairRunner.Median(_oursCosts), PairRunner.Median(_limitCosts)) : null;

        private static async Task<double> MeasureAsync(Func<CancellationToken, Task<Load>> load, List<double> costs, CancellationToken ct)
        {
            var (_, rate, cost) = await load(ct);
            if (cost is { } known)
                costs.Add(known.TotalMicroseconds);
            return rate;
        }

        public async ValueTask DisposeAsync()
        {
            try
            {
                await prove(CancellationToken.None);
            }
            finally
            {
                foreach (var stand in stands)
                    await stand.DisposeAsync();
            }
        }
    }
}
