using System.Text.Json.Serialization;

namespace Licensing.Benchmarks;

/// <summary>
/// One ratio: what the product does, over what plain PostgreSQL (or whatever its limit is) does in the same run. Ratios carry from
/// machine to machine; the numbers beside them do not.
/// </summary>
/// <param name="Name">What is typed to run it.</param>
/// <param name="Summary">One line: ours ÷ base.</param>
/// <param name="Unit">Of the numbers beside the ratio, e.g. <c>events/s</c>.</param>
/// <param name="Goal">What the ratio should reach.</param>
/// <param name="PrepareAsync">Makes the two sides ready, warm and alike; called once, before the first pair.</param>
internal sealed record Benchmark(string Name, string Summary, string Unit, Goal Goal, Func<CancellationToken, Task<IPair>> PrepareAsync)
{
    /// <summary>Our numbers beside what others publish of theirs.</summary>
    public Func<Outcome, string>? Others { get; init; }
}

/// <summary>Two things measured in turns, in the same unit.</summary>
internal interface IPair : IAsyncDisposable
{
    Task<double> OursAsync(CancellationToken ct);

    Task<double> BaseAsync(CancellationToken ct);

    /// <summary>Processor time of one operation on each side, or how it grows: host and database together; "none" where it has no meaning.</summary>
    string Cost => "";
}

/// <param name="AtLeast">Whether more is better.</param>
/// <param name="Ratio">The bound, inclusive.</param>
internal readonly record struct Goal(bool AtLeast, double Ratio)
{
    public static Goal Over(double ratio) => new(true, ratio);

    public static Goal Under(double ratio) => new(false, ratio);

    public bool MetBy(double ratio) => AtLeast ? ratio >= Ratio : ratio <= Ratio;

    public override string ToString() => $"{(AtLeast ? "≥" : "≤")} {Ratio:0.###}";
}

/// <summary>A row of the table and of <c>bench.json</c>.</summary>
internal sealed record Outcome(string Name, double Ours, double Base, double Ratio, string Unit, string Goal, bool Met)
{
    /// <summary>Processor time, as the table tells it.</summary>
    [JsonIgnore]
    public string Cost { get; init; } = "";
}
