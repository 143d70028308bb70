using Licensing.Billing.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Taxes;

/// <summary>The rates there are, newest first.</summary>
internal static class ListTaxRates
{
    [Needs(BillingPermissions.TaxRatesRead)]
    public sealed record Query(string? Country, int? Limit, string? After) : IQuery<Page<TaxRateView>>;

    private sealed record Row(Guid Id, TaxRateView View);

    internal sealed class Handler(BillingDb db) : IQueryHandler<Query, Page<TaxRateView>>
    {
        public async Task<Result<Page<TaxRateView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;

            var rates = db.TaxRates.AsNoTracking().Where(x => query.Country == null || x.Country == query.Country);
            var page = await rates.ToPageAsync(
                start, x => x.Id, x => new Row(x.Id, new TaxRateView(x.Country, x.Category, x.Percent, x.ValidFrom, x.Version)), x => x.Id,
                cancellationToken);
            return page.Refused(out refusal, out var rows) ? refusal : rows.Select(x => x.View);
        }
    }

    public static void Map(IEndpointRouteBuilder rates) => rates
        .MapGet("/", (string? country, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(country, limit, after), ct))
        .Slice<Query, Page<TaxRateView>>(nameof(ListTaxRates), "Lists tax rates");
}
