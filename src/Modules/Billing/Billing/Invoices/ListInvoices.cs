using Licensing.Kernel.Http;

namespace Licensing.Billing.Invoices;

/// <summary>The invoices that the caller may see, newest first.</summary>
internal static class ListInvoices
{
    [Needs(BillingPermissions.InvoicesRead)]
    public sealed record Query(InvoiceFilter Filter, int? Limit, string? After) : IQuery<Page<InvoiceView>>;

    internal sealed class Handler(InvoiceSearch search) : IQueryHandler<Query, Page<InvoiceView>>
    {
        public async Task<Result<Page<InvoiceView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start)
                || (await search.RowsAsync(query.Filter, cancellationToken)).Refused(out refusal, out var found))
                return refusal;
            return await found.Invoices.ToPageAsync(start, x => x.Id, InvoiceView.Projection, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapGet("/", async (string? period, Guid? tenantId, Guid? partnerId, string? status, string? number, string? kind, DateOnly? issuedFrom,
            DateOnly? issuedUntil, bool? overdue, int? limit, string? after, HttpRequest request, ISender sender, CancellationToken ct) =>
        {
            var filter = new InvoiceFilter(period, tenantId, partnerId, status)
            {
                Number = number,
                Kind = kind,
                IssuedFrom = issuedFrom,
                IssuedUntil = issuedUntil,
                Overdue = overdue,
            };
            return request.WantsCsv ? await ExportInvoices.SendAsync(filter, sender, ct) : await sender.Ok(new Query(filter, limit, after), ct);
        })
        .Slice<Query, Page<InvoiceView>>(nameof(ListInvoices), "Lists invoices; all of them as CSV with Accept: text/csv");
}
