namespace Licensing.Kernel;

/// <summary>What every module says of a period that cannot be read.</summary>
public static class PeriodRefusals
{
    /// <summary>Of a month in the path, which no pointer names.</summary>
    public static Refusal NotAMonth { get; } = new(RefusalKind.Malformed, "invalid_period", "The period must be a month, yyyy-MM.");

    /// <summary>Of the month that the query parameter <paramref name="parameter"/> should be.</summary>
    public static Refusal NotAMonthIn(string parameter) => Of(parameter, $"{parameter} must be a month, yyyy-MM.");

    /// <summary>Of the month or the days that the query parameter <paramref name="parameter"/> should be.</summary>
    public static Refusal NotAPeriodIn(string parameter) => Of(parameter, $"{parameter} must be a month yyyy-MM, or days yyyy-MM-dd/yyyy-MM-dd.");

    private static Refusal Of(string parameter, string message) =>
        new(RefusalKind.Malformed, "invalid_period", message) { Fields = [new FieldError("?" + parameter, "invalid_period", message)] };
}
