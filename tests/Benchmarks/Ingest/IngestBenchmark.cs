namespace Licensing.Benchmarks;

/// <summary>
/// What it costs to take in usage (authenticated, checked, de-duplicated, committed) over COPY by one connection that does none of that.
/// The roll-up runs beside neither.
/// </summary>
internal static class IngestBenchmark
{
    private const int Senders = 24;
    private const int WarmUps = 3;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(3);

    public static IReadOnlyList<Benchmark> All { get; } =
    [
        Rate("ingest-100", "batches of 100 over HTTP ÷ COPY into the same tables", 100, 48, "usage.records", 0.6),
        Rate("ingest-1000", "batches of 1,000 over HTTP ÷ COPY into the same tables", 1_000, 16, "usage.records", 0.6),
        Rate("ingest-plain-100", "batches of 100 over HTTP ÷ COPY into a table without indexes", 100, 48, "bench.plain", 0.35),
        Rate("ingest-plain-1000", "batches of 1,000 over HTTP ÷ COPY into a table without indexes", 1_000, 16, "bench.plain", 0.35),
        new("ingest-latency", "99th percentile of a batch at half the rate ÷ that of a commit of one row", "ms", Goal.Under(4),
            ct => LatencyAsync(paced: false, ct)),
        new("ingest-latency-paced", "99th percentile of a batch at half the rate ÷ that of a commit of one row by the same senders", "ms",
            Goal.Under(4), ct => LatencyAsync(paced: true, ct)),
        new("ingest-noise", "a sender's rate beside one who sends all he can, twenty times as much and more ÷ without him", "events/s",
            Goal.Over(0.9), NoiseAsync),
        new("ingest-duplicates", "with 20 % duplicates ÷ with none", "events/s", Goal.Over(0.75), DuplicatesAsync),
        new("ingest-full", $"at {ManyRows:#,0} rows ÷ at {FewRows:#,0}", "events/s", Goal.Over(0.9), FullAsync),
    ];

    internal static long ManyRows => BenchSize.Rows.Value;

    internal static long FewRows => ManyRows / 20;

    private static Benchmark Rate(string name, string summary, int size, int connections, string table, double goal) => new(
        name, summary, "events/s", Goal.Over(goal), async ct =>
        {
            var stand = await IngestStand.StartAsync("bench-postgres", ct);
            var load = new IngestLoad(stand, size);
            return await WarmAsync(
                stop => load.MeasureAsync(connections, Round, stop), stop => stand.CopyAsync(table, Round, long.MaxValue, stop),
                stop => stand.ProveAsync(load.Acknowledged, stop), ct, stand);
        })
    {
        Others = table != "usage.records" ? null : o => $"{name}: {o.Ours:#,0} events/s; peers publish about 10,000 events/s on a single PostgreSQL, "
            + "and 1,000 to 110,000 as hosted services.",
    };

    private static async Task<IPair> DuplicatesAsync(CancellationToken ct)
    {
        var stand = await IngestStand.StartAsync("bench-postgres", ct);
        var (some, none) = (new IngestLoad(stand, 100, duplicates: 20), new IngestLoad(stand, 100));
        return await WarmAsync(
            stop => some.MeasureAsync(48, Round, stop), stop => none.MeasureAsync(48, Round, stop),
            stop => stand.ProveAsync(some.Acknowledged + none.Acknowledged, stop), ct, stand);
    }

    // Commits by one connection in a circle meet processors that never sleep and nobody beside them. Paced, both sides have the same senders at
    // the same instants, here with a batch and there with a row of their own to commit.
    private static async Task<IPair> LatencyAsync(bool paced, CancellationToken ct)
    {
        var stand = await IngestStand.StartAsync("bench-postgres", ct);
        var load = new IngestLoad(stand, 100);
        for (var i = 0; i < 3; i++)
            await load.MeasureAsync(48, Round, ct);
        var rate = (await load.MeasureAsync(48, Round, ct)).Rate;
        await Console.Error.WriteLineAsync($"Half of {rate:#,0} events/s.");
        await stand.AgeLogAsync(ct);
        Task<List<double>> CommitsAsync(CancellationToken stop) => paced
            ? Paced.LatenciesAsync(Senders, rate / 2 / 100, Round, (_, each) => CommitAsync(stand, each, stop), stop)
            : InCircleAsync(stand, stop);
        return await WarmAsync(
            stop => TailAsync("batches", () => load.LatenciesAsync(rate / 2, Senders, Round, stop)),
            stop => TailAsync("commits", () => CommitsAsync(stop)),
            stop => stand.ProveAsync(load.Acknowledged, stop), ct, stand);
    }

    // F53: the sender keeps to a fortieth of what there is to be had, on two connections, so that late answers cost him his rate.
    private static async Task<IPair> NoiseAsync(CancellationToken ct)
    {
        var stand = await IngestStand.StartAsync("bench-postgres", ct);
        var (noisy, quiet) = (new IngestLoad(stand, 100), new IngestLoad(stand, 100, key: stand.OtherKey));
        var rate = (await noisy.MeasureAsync(48, Round, ct)).Rate / 40;
        async Task<Load> QuietAsync(CancellationToken stop)
        {
            var start = TimeProvider.System.GetTimestamp();
            var sent = (await quiet.LatenciesAsync(rate, 2, Round, stop)).Count * 100;
            return new Load(sent, sent / TimeProvider.System.GetElapsedTime(start).TotalSeconds, null);
        }

        return await WarmAsync(
            async stop =>
            {
                var noise = noisy.MeasureAsync(48, Round, stop);
                var kept = await QuietAsync(stop);
                return (await noise).Rate >= 20 * kept.Rate ? kept : throw new InvalidOperationException("There was too little noise.");
            },
            QuietAsync, stop => stand.ProveAsync(noisy.Acknowledged + quiet.Acknowledged, stop), ct, stand);
    }

    private static async Task<Load> TailAsync(string what, Func<Task<List<double>>> measure)
    {
        var paused = GC.GetTotalPauseDuration();
        var taken = await measure();
        paused = GC.GetTotalPauseDuration() - paused;
        taken.Sort();
        double At(double part) => taken[(int)(taken.Count * part)];
        await Console.Error.WriteLineAsync(
            $"{taken.Count:#,0} {what}: half within {At(0.5):0.00} ms, 90 % {At(0.9):0.00}, 99 % {At(0.99):0.00}, all {taken[^1]:0.00}; "
            + $"{paused.TotalMilliseconds:0.0} ms of pauses to collect.");
        return new Load(taken.Count, At(0.99), null);
    }

    private static async Task CommitAsync(IngestStand stand, Func<Func<Task>, Task> each, CancellationToken ct)
    {
        await using var connection = await stand.Database.OpenConnectionAsync(ct);
        await using var insert = new Npgsql.NpgsqlCommand(
            "insert into bench.plain (received_at, started_at, day, batch_id, tenant_id, subscription_id, quantity, record_id, owner_path, "
            + "meter, sku, region) values (now(), now(), now(), $1, $1, $1, 1, 'x', '', '', '', '')", connection)
        { Parameters = { new() { Value = RecordIds.Next() } } };
        await insert.PrepareAsync(ct);
        await each(() => insert.ExecuteNonQueryAsync(ct));
    }

    private static async Task<List<double>> InCircleAsync(IngestStand stand, CancellationToken ct)
    {
        var taken = new List<double>();
        await CommitAsync(stand, async one =>
        {
            for (var start = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(start) < Round;)
            {
                var from = TimeProvider.System.GetTimestamp();
                await one();
                taken.Add(TimeProvider.System.GetElapsedTime(from).TotalMilliseconds);
            }
        }, ct);
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
            await few.FillAsync(FewRows, ct);
            await many.FillAsync(ManyRows, ct);
            var (toMany, toFew) = (new IngestLoad(many, 100), new IngestLoad(few, 100));
            return await WarmAsync(
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

    // With the proof afterwards that what was acknowledged is there.
    private static async Task<IPair> WarmAsync(
        Func<CancellationToken, Task<Load>> ours, Func<CancellationToken, Task<Load>> limit, Func<CancellationToken, Task> prove,
        CancellationToken ct, params IReadOnlyList<IngestStand> stands)
    {
        try
        {
            for (var i = 0; i < WarmUps; i++)
            {
                await ours(ct);
                await limit(ct);
            }

            return new LoadPair(ours, limit, async () =>
            {
                try
                {
                    await prove(CancellationToken.None);
                }
                finally
                {
                    await EndAsync();
                }
            });
        }
        catch
        {
            await EndAsync();
            throw;
        }

        async Task EndAsync()
        {
            foreach (var stand in stands)
                await stand.DisposeAsync();
        }
    }
}
