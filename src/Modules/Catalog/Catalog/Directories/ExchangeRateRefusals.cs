namespace Licensing.Catalog.Directories;

internal static class ExchangeRateRefusals
{
    public static Refusal NotFound(string from, string to, DateOnly on) => new(
        RefusalKind.NotFound, "exchange_rate_not_found",
        $"There is no rate from {from} to {to} on or before {on:yyyy-MM-dd}; the opposite direction is not turned round.");

    /// <param name="fixedOnes">Each rate of the request that has another value already.</param>
    public static Refusal Fixed(IReadOnlyList<FieldError> fixedOnes) =>
        new(RefusalKind.Conflict, "exchange_rate_fixed",
            "A rate that is recorded never changes; nothing of this request was recorded.")
        { Fields = fixedOnes };
}
