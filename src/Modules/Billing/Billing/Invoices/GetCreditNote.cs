using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Billing.Documents;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>One credit note; by <c>Accept</c> also as CSV, as a page to print, or as UBL.</summary>
internal static class GetCreditNote
{
    [Needs(BillingPermissions.InvoicesRead)]
    public sealed record Query(InvoiceId InvoiceId, CreditNoteId Id) : IQuery<CreditNoteView>;

    internal sealed class Handler(BillingDb db, Principal principal) : IQueryHandler<Query, CreditNoteView>
    {
        public async Task<Result<CreditNoteView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.CreditNotes.AsNoTracking().Within(principal.Scope)
                .SingleOrDefaultAsync(x => x.Id == query.Id && x.InvoiceId == query.InvoiceId, cancellationToken) is { } note
                ? CreditNoteView.Of(note)
                : InvoiceRefusals.CreditNoteNotFound(query.Id);
    }

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapGet("/{id:guid}/credit-notes/{noteId:guid}", (Guid id, Guid noteId, HttpRequest request, ISender sender, CancellationToken ct) =>
            request.DocumentFormat is var format and not DocumentFormat.Json
                ? SentDocument.SendAsync(format, new OpenCreditNote.Query(new InvoiceId(id), new CreditNoteId(noteId)), sender, ct)
                : sender.Ok(new Query(new InvoiceId(id), new CreditNoteId(noteId)), ct))
        .Slice<Query, CreditNoteView>(
            nameof(GetCreditNote), "Shows a credit note; with Accept: text/csv, text/html or application/vnd.oasis.ubl+xml as a document");
}
