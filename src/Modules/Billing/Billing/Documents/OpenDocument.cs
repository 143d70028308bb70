using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Billing.Invoices;
using Licensing.Kernel.Http;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Documents;

/// <summary>A document with its lines, which are read while they are written.</summary>
internal sealed record OpenedDocument(BillingDocument Document, IAsyncEnumerable<DocumentLine> Lines);

/// <summary>An invoice in a form other than JSON.</summary>
internal static class OpenInvoice
{
    [Needs(BillingPermissions.InvoicesRead)]
    public sealed record Query(InvoiceId Id) : IQuery<OpenedDocument>;

    internal sealed class Handler(BillingDb db, DocumentSnapshots documents, Principal principal, TimeProvider clock)
        : IQueryHandler<Query, OpenedDocument>
    {
        public async Task<Result<OpenedDocument>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (await db.Invoices.AsNoTracking().Within(principal.Scope)
                .SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is not { } invoice)
                return InvoiceRefusals.NotFound(query.Id);
            var lines = db.Lines.AsNoTracking().Where(x => x.InvoiceId == invoice.Id && x.TenantId == invoice.TenantId);
            var hasUntaxed = await lines.AnyAsync(x => x.TaxCategory == null, cancellationToken);
            var first = await lines.MinAsync(x => x.Adjusts, cancellationToken);
            var ahead = await lines.MaxAsync(x => x.AheadOf, cancellationToken);
            var said = await documents.OfAsync(invoice, clock.GetUtcNow(), cancellationToken);
            return new OpenedDocument(
                BillingDocument.Of(invoice, said, hasUntaxed, first, ahead),
                lines.OrderBy(x => x.Position).AsAsyncEnumerable().Select(DocumentLine.Of));
        }
    }
}

/// <summary>A credit note in a form other than JSON.</summary>
internal static class OpenCreditNote
{
    [Needs(BillingPermissions.InvoicesRead)]
    public sealed record Query(InvoiceId InvoiceId, CreditNoteId Id) : IQuery<OpenedDocument>;

    internal sealed class Handler(BillingDb db, BillingCalendar calendar, Principal principal) : IQueryHandler<Query, OpenedDocument>
    {
        public async Task<Result<OpenedDocument>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (await db.CreditNotes.AsNoTracking().Within(principal.Scope)
                .SingleOrDefaultAsync(x => x.Id == query.Id && x.InvoiceId == query.InvoiceId, cancellationToken) is not { } note)
                return InvoiceRefusals.CreditNoteNotFound(query.Id);
            var invoice = await db.Invoices.AsNoTracking().Where(x => x.Id == note.InvoiceId)
                .Select(x => new { x.Number, x.IssuedAt }).SingleAsync(cancellationToken);
            var lines = db.CreditNoteLines.AsNoTracking().Where(x => x.CreditNoteId == note.Id && x.TenantId == note.TenantId);
            var hasUntaxed = await lines.AnyAsync(x => x.TaxCategory == null, cancellationToken);
            var period = new Period(note.PeriodStart, note.PeriodEnd);
            return new OpenedDocument(
                BillingDocument.Of(note, new PrecedingDocument(invoice.Number!, calendar.DayOf(invoice.IssuedAt!.Value)), hasUntaxed),
                lines.OrderBy(x => x.Position).AsAsyncEnumerable().Select(x => DocumentLine.Of(x, period)));
        }
    }
}

/// <summary>Answers a document in the form that was asked for.</summary>
internal static class SentDocument
{
    public static async Task<IResult> SendAsync(
        DocumentFormat format, IRequest<Result<OpenedDocument>> open, Kernel.ISender sender, CancellationToken ct)
    {
        if ((await sender.Send(open, ct)).Refused(out var refusal, out var opened))
            return new RefusedResult(refusal);
        return format switch
        {
            DocumentFormat.Csv => DocumentCsv.Of(opened),
            DocumentFormat.Html => new Streamed(HtmlDocument.ContentType, new HtmlDocument(opened.Document).WriteAsync, opened, "html", Inline: true),
            // It is known by its number alone.
            _ when opened.Document.Number is null => new RefusedResult(InvoiceRefusals.NotIssued),
            _ when UblTaxSubtotal.LacksTaxId(opened.Document) => new RefusedResult(InvoiceRefusals.SellerTaxIdMissing),
            _ => new Streamed(
                $"{DocumentFormats.UblContentType}; charset=utf-8", new UblDocument(opened.Document).WriteAsync, opened, "xml", Inline: false),
        };
    }

    public static string FileName(BillingDocument document, string extension) =>
        $"{(document.Kind is DocumentKind.Invoice ? "invoice" : "credit-note")}-{document.Number ?? "draft"}.{extension}";

    private sealed record Streamed(
        string ContentType, Func<Stream, IAsyncEnumerable<DocumentLine>, CancellationToken, Task> WriteAsync, OpenedDocument Opened, string Extension,
        bool Inline) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.ContentType = ContentType;
            response.Headers.Vary = "Accept";
            response.Headers.ContentDisposition = $"{(Inline ? "inline" : "attachment")}; filename=\"{FileName(Opened.Document, Extension)}\"";
            if (Inline)
                response.Headers.ContentSecurityPolicy = HtmlDocument.ContentSecurityPolicy;
            return WriteAsync(response.Body, Opened.Lines, httpContext.RequestAborted);
        }
    }
}
