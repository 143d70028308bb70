using Licensing.Kernel;

namespace Licensing.Catalog.Contracts;

/// <summary>What one unit of a currency was worth in another.</summary>
/// <param name="From">One unit of it …</param>
/// <param name="To">… in this currency …</param>
/// <param name="Date">… from this day until the pair's next rate …</param>
/// <param name="Rate">… is this much, above 0. It never changes.</param>
public sealed record ExchangeRateRef(Currency From, Currency To, DateOnly Date, decimal Rate);

/// <summary>Reads the recorded exchange rates. The opposite direction is a pair of its own and never assumed.</summary>
public interface IExchangeRates
{
    /// <summary>The rates in force on a day, the latest on or before it, in one read; pairs without one are absent.</summary>
    /// <param name="from">What is converted.</param>
    /// <param name="to">Into what.</param>
    /// <param name="on">The day in the billing time zone.</param>
    Task<IReadOnlyList<ExchangeRateRef>> InForceAsync(
        IReadOnlyCollection<Currency> from, IReadOnlyCollection<Currency> to, DateOnly on, CancellationToken ct);
}
