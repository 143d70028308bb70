using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Directories;

/// <inheritdoc cref="IExchangeRates"/>
internal sealed class RecordedRates(CatalogDb db) : IExchangeRates
{
    public async Task<IReadOnlyList<ExchangeRateRef>> InForceAsync(
        IReadOnlyCollection<Currency> from, IReadOnlyCollection<Currency> to, DateOnly on, CancellationToken ct)
    {
        var (sources, targets) = (from.Select(x => x.Code).ToList(), to.Select(x => x.Code).ToList());
        var rows = await db.ExchangeRates.AsNoTracking()
            .Where(x => sources.Contains(x.FromCurrency) && targets.Contains(x.ToCurrency) && x.RateDate <= on)
            .GroupBy(x => new { x.FromCurrency, x.ToCurrency })
            .Select(pair => pair.OrderByDescending(x => x.RateDate).First())
            .ToListAsync(ct);
        return [.. rows.Select(x => new ExchangeRateRef(Currency.Parse(x.FromCurrency), Currency.Parse(x.ToCurrency), x.RateDate, x.Rate))];
    }
}
