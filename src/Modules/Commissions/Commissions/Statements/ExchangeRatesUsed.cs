namespace Licensing.Commissions.Statements;

/// <summary>What one unit of a currency was worth in another on the last day of a month.</summary>
internal sealed record ExchangeRatesUsed(IReadOnlyDictionary<(DateOnly Day, Currency From, Currency To), decimal> Known)
{
    public static ExchangeRatesUsed None { get; } = new(new Dictionary<(DateOnly, Currency, Currency), decimal>());

    /// <summary>The day whose rate converts what belongs to the month.</summary>
    public static DateOnly DayOf(Period month) => month.End.AddDays(-1);

    /// <summary>1 within one currency; null where no rate is recorded.</summary>
    public decimal? Find(Currency from, Currency to, Period month) =>
        from == to ? 1m : Known.TryGetValue((DayOf(month), from, to), out var rate) ? rate : null;
}
