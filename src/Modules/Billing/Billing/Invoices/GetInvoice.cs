using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Billing.Documents;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>
/// One invoice; its lines are a list of their own, since there may be thousands. By <c>Accept</c> also as CSV, as a page to print, or as UBL.
/// </summary>
internal static class GetInvoice
{
    [Needs(BillingPermissions.InvoicesRead)]
    public sealed record Query(InvoiceId Id) : IQuery<InvoiceView>;

    internal sealed class Handler(BillingDb db, Principal principal) : IQueryHandler<Query, InvoiceView>
    {
        public async Task<Result<InvoiceView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Invoices.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is { } invoice
                ? InvoiceView.Of(invoice)
                : InvoiceRefusals.NotFound(query.Id);
    }

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapGet("/{id:guid}", (Guid id, HttpRequest request, ISender sender, CancellationToken ct) =>
            request.DocumentFormat is var format and not DocumentFormat.Json
                ? SentDocument.SendAsync(format, new OpenInvoice.Query(new InvoiceId(id)), sender, ct)
                : sender.Ok(new Query(new InvoiceId(id)), ct))
        .Slice<Query, InvoiceView>(
            nameof(GetInvoice), "Shows an invoice; with Accept: text/csv, text/html or application/vnd.oasis.ubl+xml as a document");
}
