using System.Collections.Concurrent;
using System.Diagnostics;
using Licensing.Billing.Tests.Oracle;
using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Currency = Licensing.Kernel.Currency;
using Period = Licensing.Kernel.Period;

namespace Licensing.Benchmarks;

/// <summary>
/// <c>bench oracle</c>: a million contracts of chance are billed twice, by the product and by a second biller that shares no code with it. One
/// difference fails it. Then it measures what the product rates: the bills of a month as large as that of the billing run, on one core.
/// </summary>
internal static class OracleBenchmark
{
    private const int FirstSeed = 20_261_122;
    private const int Shown = 50_000;
    private const int MeasuredTenants = 20_000;
    private const int LinesPerTenant = 8;

    /// <summary>A million, unless a shorter (or longer) look is asked for.</summary>
    private static readonly int Contracts = (int)BenchSize.Contracts.Value;

    public static Benchmark Agreement { get; } = new(
        "oracle", $"{Contracts:#,0} contracts billed alike by two billers; lines rated per second ÷ 160,000 (R7's lines within a second)", "lines/s",
        Goal.Over(1), ct =>
        {
            Agree(ct);
            return Task.FromResult<IPair>(new Rated());
        });

    private static void Agree(CancellationToken ct)
    {
        var (differences, done, watch) = (new ConcurrentQueue<string>(), 0, Stopwatch.StartNew());
        Parallel.For(0, Contracts, new ParallelOptions { CancellationToken = ct }, (i, state) =>
        {
            if (Oracle.CompareAll(FirstSeed + i) is { } difference)
            {
                differences.Enqueue(difference);
                Console.Error.WriteLine($"oracle: {difference}");
                if (differences.Count >= 3)
                    state.Stop();
            }

            var now = Interlocked.Increment(ref done);
            if (now % Shown == 0)
                Console.Error.WriteLine($"oracle: {now:#,0} of {Contracts:#,0} contracts, {differences.Count} different, "
                    + $"{watch.Elapsed.TotalSeconds:0} s");
        });
        if (!differences.IsEmpty)
            throw new InvalidOperationException(string.Join("\n", differences));
    }

    /// <summary>The lines of R7: twenty thousand subscriptions with eight meters each.</summary>
    private sealed class Rated : IPair
    {
        private readonly Contract _contract = Sample();

        public string Cost => "none";

        public Task<double> OursAsync(CancellationToken ct)
        {
            var watch = Stopwatch.StartNew();
            var lines = 0;
            for (var i = 0; i < MeasuredTenants; i++)
                lines += Oracle.Product(_contract).Refused(out var refusal, out var bill)
                    ? throw new InvalidOperationException(refusal.Message)
                    : bill.Charges.Count;
            return Task.FromResult(lines / watch.Elapsed.TotalSeconds);
        }

        public Task<double> BaseAsync(CancellationToken ct) => Task.FromResult(MeasuredTenants * (double)LinesPerTenant);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static Contract Sample()
        {
            static Guid Of(int number) => new($"01890000-0000-7000-8000-{number:x12}");
            var period = Period.Parse("2026-10");
            var subscription = new SubscriptionId(Of(1));
            var tiers = new PriceTier[] { new(1_000, 0.004m), new(10_000, 0.003m), new(null, 0.0000004m, 2) };
            var plan = new PlanVersionRef(
                new(Of(2)), new(Of(3)), "plan", 1, "Plan", "product", Currency.Parse("EUR"),
                [
                    .. Enumerable.Range(0, LinesPerTenant).Select(i => new PlanCharge($"c{i}", $"Charge {i}", null, $"m{i}",
                        i % 2 == 0 ? new Price(PriceModel.PerUnit, UnitPrice: 0.0125m + i) : new Price(PriceModel.Graduated, Tiers: tiers))),
                ],
                false, 0, new PlanTermsRef());
            return new Contract(plan.Currency, "AT", period)
            {
                Plans = new Dictionary<PlanVersionId, PlanVersionRef> { [plan.Id] = plan },
                Meters = Enumerable.Range(0, LinesPerTenant).Select(i => new MeterRef(new(Of(100 + i)), $"m{i}", "units", MeterAggregation.Sum))
                    .ToDictionary(meter => meter.Key),
                Subscriptions =
                [
                    new BillableSubscription(
                        subscription, new(Of(4)), "1.2.3.4.", period.Start, period.Start,
                        [new SubscriptionSpan(period, plan.Id, new Dictionary<string, int>())]),
                ],
                Usage =
                [
                    .. Enumerable.Range(0, LinesPerTenant).Select(i =>
                        new DailyUsage(period.Start, new(new(Of(4)), subscription, $"m{i}", "", "", 1_234.567891m * (i + 1), 900))),
                ],
                Rates = new Dictionary<string, decimal>(),
                Listed = new Dictionary<(string, string, string), Price>(),
                Taxes = [new() { Country = "AT", Category = "S", Percent = 20, ValidFrom = new(2020, 1, 1) }],
                Reductions = [],
            };
        }
    }
}
