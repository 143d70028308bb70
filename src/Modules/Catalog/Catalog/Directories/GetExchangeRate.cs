using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Directories;

/// <summary>The rate of a pair that holds on a day: the latest on or before it. The opposite direction is a pair of its own.</summary>
internal static class GetExchangeRate
{
    [AnyCaller]
    public sealed record Query(string? From, string? To, DateOnly? On) : IQuery<ExchangeRateView>;

    internal sealed class Handler(CatalogDb db, TimeProvider clock) : IQueryHandler<Query, ExchangeRateView>
    {
        public async Task<Result<ExchangeRateView>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (CurrencyCode.Refuses("from", query.From, out var from, out var refusal)
                || CurrencyCode.Refuses("to", query.To, out var to, out refusal))
                return refusal;
            var on = query.On ?? DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
            var found = await db.ExchangeRates.AsNoTracking().Where(x => x.FromCurrency == from && x.ToCurrency == to && x.RateDate <= on)
                .OrderByDescending(x => x.RateDate)
                .Select(x => new ExchangeRateView(x.FromCurrency, x.ToCurrency, x.RateDate, x.Rate, x.RecordedAt))
                .FirstOrDefaultAsync(cancellationToken);
            return found is not null ? found : ExchangeRateRefusals.NotFound(from, to, on);
        }
    }

    public static void Map(RouteGroupBuilder directory) => directory
        .MapGet("/exchange-rates/latest",
            (string? from, string? to, DateOnly? on, ISender sender, CancellationToken ct) => sender.Ok(new Query(from, to, on), ct))
        .Slice<Query, ExchangeRateView>(nameof(GetExchangeRate), "Reads the latest rate of a pair on or before a day; today when none is named");
}
