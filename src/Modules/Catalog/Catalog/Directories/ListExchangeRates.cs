using System.Globalization;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Directories;

/// <summary>The rates that were recorded, the latest day first.</summary>
internal static class ListExchangeRates
{
    [AnyCaller]
    public sealed record Query(string? From, string? To, DateOnly? Since, DateOnly? Until, int? Limit, string? After)
        : IQuery<Page<ExchangeRateView>>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, Page<ExchangeRateView>>
    {
        public async Task<Result<Page<ExchangeRateView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            Refusal? refusal = null;
            if (PageStart.Read(query.Limit, query.After).Refused(out refusal, out var start)
                || (query.From is not null && CurrencyCode.Refuses("from", query.From, out _, out refusal))
                || (query.To is not null && CurrencyCode.Refuses("to", query.To, out _, out refusal)))
                return refusal;
            if (query.Since >= query.Until)
                return QueryWord.NotAfter("since", "until");

            var rates = db.ExchangeRates.AsNoTracking().Where(x =>
                (query.From == null || x.FromCurrency == query.From) && (query.To == null || x.ToCurrency == query.To)
                && (query.Since == null || x.RateDate >= query.Since) && (query.Until == null || x.RateDate < query.Until));
            if (start.After is { } after)
            {
                if (after.Split(' ') is not [var day, var from, var to]
                    || !DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
                    return PageStart.InvalidCursor;
                rates = rates.Where(x => x.RateDate < date
                    || (x.RateDate == date
                        && (string.Compare(x.FromCurrency, from) > 0 || (x.FromCurrency == from && string.Compare(x.ToCurrency, to) > 0))));
            }

            var page = await rates.OrderByDescending(x => x.RateDate).ThenBy(x => x.FromCurrency).ThenBy(x => x.ToCurrency)
                .Select(x => new ExchangeRateView(x.FromCurrency, x.ToCurrency, x.RateDate, x.Rate, x.RecordedAt))
                .Take(start.Limit + 1).ToListAsync(cancellationToken);
            return Page.Of(page, start, x => $"{x.Date:yyyy-MM-dd} {x.From} {x.To}");
        }
    }

    public static void Map(RouteGroupBuilder directory) => directory
        .MapGet("/exchange-rates",
            (string? from, string? to, DateOnly? since, DateOnly? until, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(from, to, since, until, limit, after), ct))
        .Slice<Query, Page<ExchangeRateView>>(nameof(ListExchangeRates), "Lists exchange rates, the latest day first");
}
