namespace Licensing.Catalog.Directories;

/// <param name="From">One unit of it …</param>
/// <param name="To">… in this currency …</param>
/// <param name="Date">… from this day until the pair's next rate …</param>
/// <param name="Rate">… is this much.</param>
/// <param name="RecordedAt">When it became known here.</param>
internal sealed record ExchangeRateView(string From, string To, DateOnly Date, decimal Rate, DateTimeOffset RecordedAt);
