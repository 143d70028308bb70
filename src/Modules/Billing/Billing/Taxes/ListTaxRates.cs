using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Taxes;

/// <summary>The rates there are, newest first: everyone's, and those of organisations in the caller's branch.</summary>
internal static class ListTaxRates
{
    /// <param name="On">Only what is in force on this day, of the same rate what began last.</param>
    [Needs(BillingPermissions.TaxRatesRead)]
    public sealed record Query(Guid? OrganizationId, string? Country, string? Category, DateOnly? On, int? Limit, string? After)
        : IQuery<Page<TaxRateView>>;

    private sealed record Row(Guid Id, TaxRateView View);

    internal sealed class Handler(BillingDb db, Principal principal) : IQueryHandler<Query, Page<TaxRateView>>
    {
        public async Task<Result<Page<TaxRateView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;

            // Everyone's have no place that a scope could be asked of, so the scope is a query of its own.
            var own = db.TaxRates.Within(principal.Scope).Select(x => x.Id);
            var rates = db.TaxRates.AsNoTracking().Where(x => x.OrganizationId == null || own.Contains(x.Id));
            if (query.OrganizationId is { } organization)
                rates = rates.Where(x => x.OrganizationId == new OrganizationId(organization));
            if (query.Country is not null)
                rates = rates.Where(x => x.Country == query.Country);
            if (query.Category is not null)
                rates = rates.Where(x => x.Category == query.Category);
            if (query.On is { } on)
                rates = rates.Where(x => x.ValidFrom <= on && (x.ValidUntil == null || x.ValidUntil > on) && !db.TaxRates.Any(y =>
                    y.OrganizationId == x.OrganizationId && y.Country == x.Country && y.Category == x.Category
                    && y.ValidFrom > x.ValidFrom && y.ValidFrom <= on && (y.ValidUntil == null || y.ValidUntil > on)));
            var page = await rates.ToPageAsync(start, x => x.Id, x => new Row(x.Id, TaxRateView.Of(x)), x => x.Id, cancellationToken);
            return page.Refused(out refusal, out var rows) ? refusal : rows.Select(x => x.View);
        }
    }

    public static void Map(IEndpointRouteBuilder rates) => rates
        .MapGet("/", (
            Guid? organizationId, string? country, string? category, DateOnly? on, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId, country, category, on, limit, after), ct))
        .Slice<Query, Page<TaxRateView>>(nameof(ListTaxRates), "Lists tax rates");
}
