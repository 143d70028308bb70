namespace Licensing.Benchmarks;

/// <summary>Every benchmark there is, in the order in which they run.</summary>
internal static class Registered
{
    public static IReadOnlyList<Benchmark> All { get; } =
    [
        AuthBenchmark.Token, AuthBenchmark.Key,
        ProvisionBenchmark.SignedUpdate, ProvisionBenchmark.EntitlementCheck,
        .. IngestBenchmark.All, .. GrowthBenchmark.All,
        BillingBenchmark.Run, BillingBenchmark.Drafts, BillingBenchmark.Again, BillingBenchmark.Customers, BillingBenchmark.Events,
        BillingBenchmark.Memory, BillingBenchmark.Foil,
        CommissionBenchmark.Close,
        .. CreditBenchmark.All, IdempotencyBenchmark.First, IdempotencyBenchmark.Replay, IdempotencyBenchmark.ReplayOfTenant,
        OracleBenchmark.Agreement,
    ];
}
