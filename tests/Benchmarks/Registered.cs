namespace Licensing.Benchmarks;

/// <summary>Every benchmark there is, in the order in which they run.</summary>
internal static class Registered
{
    public static IReadOnlyList<Benchmark> All { get; } =
    [
        AuthBenchmark.Token, AuthBenchmark.Key,
        ProvisionBenchmark.SignedUpdate, ProvisionBenchmark.EntitlementCheck,
        OracleBenchmark.Agreement,
    ];
}
