using System.Globalization;

namespace Licensing.Benchmarks;

/// <summary>How large something is that is measured; an environment variable makes it smaller for a short look.</summary>
internal sealed record BenchSize(string Variable, long Full)
{
    /// <summary>Records that are stored where there are many.</summary>
    public static BenchSize Rows { get; } = new("LICENSING_BENCH_ROWS", 20_000_000);

    /// <summary>Customers of the month that is billed.</summary>
    public static BenchSize Subscriptions { get; } = new("LICENSING_BENCH_SUBSCRIPTIONS", 20_000);

    /// <summary>Records behind each line of it.</summary>
    public static BenchSize Records { get; } = new("LICENSING_BENCH_RECORDS", 100);

    /// <summary>Days on which they lie.</summary>
    public static BenchSize Days { get; } = new("LICENSING_BENCH_DAYS", 3);

    /// <summary>What the two billers bill.</summary>
    public static BenchSize Contracts { get; } = new("LICENSING_ORACLE_CONTRACTS", 1_000_000);

    public long Value { get; } =
        long.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given > 0
            ? given
            : Full;

    /// <summary>All as they took effect.</summary>
    public static string Told => $"Sizes: {string.Join(", ", ((BenchSize[])[Rows, Subscriptions, Records, Days, Contracts]).Select(size =>
        $"{size.Variable}={BenchmarkRun.Short(size.Value)}{size.Marked}"))}.";

    private string Marked =>
        Value == Full ? "" : $" ({(Value < Full ? "SHORTER" : "longer")} than the full {BenchmarkRun.Short(Full)})";
}
