using Licensing.Kernel.Http;

namespace Licensing.Kernel;

/// <summary>What every module says of a period that cannot be read.</summary>
public static class PeriodRefusals
{
    /// <summary>Of a month in the path, which no pointer names.</summary>
    public static Refusal NotAMonth { get; } = new(RefusalKind.Malformed, "invalid_period", "The period must be a month, yyyy-MM.");

    /// <summary>Of the month that the query parameter <paramref name="parameter"/> should be.</summary>
    public static Refusal NotAMonthIn(string parameter) => QueryWord.Of("invalid_period", $"{parameter} must be a month, yyyy-MM.", parameter);

    /// <summary>Of the month or the days that the query parameter <paramref name="parameter"/> should be.</summary>
    public static Refusal NotAPeriodIn(string parameter) =>
        QueryWord.Of("invalid_period", $"{parameter} must be a month yyyy-MM, or days yyyy-MM-dd/yyyy-MM-dd.", parameter);
}
