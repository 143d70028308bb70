using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Billing.Invoices;
using Licensing.Kernel.Http;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Documents;

/// <summary>A document with its lines, which are read while they are written.</summary>
/// <param name="Document">As it was issued.</param>
/// <param name="Lines">In their order.</param>
/// <param name="Electronic">As it is written for machines: with tax ids of now, where it is not valid with those of then.</param>
internal sealed record OpenedDocument(BillingDocument Document, IAsyncEnumerable<DocumentLine> Lines, BillingDocument Electronic);

/// <summary>An invoice in a form other than JSON.</summary>
internal static class OpenInvoice
{
    [Needs(BillingPermissions.InvoicesRead)]
    public sealed record Query(InvoiceId Id) : IQuery<OpenedDocument>;

    internal sealed class Handler(BillingDb db, DocumentSnapshots documents, PresentTaxIds taxIds, Principal principal, TimeProvider clock)
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
            var end = await lines.MaxAsync(x => (DateOnly?)x.EndsOn, cancellationToken);
            var said = await documents.OfAsync(invoice, principal.Scope, clock.GetUtcNow(), cancellationToken);
            var document = BillingDocument.Of(invoice, said, hasUntaxed, first, end);
            return new OpenedDocument(
                document, lines.OrderBy(x => x.Position).AsAsyncEnumerable().Select(DocumentLine.Of),
                await taxIds.InAsync(document, invoice.SellerId, invoice.TenantId, principal.Scope, cancellationToken));
        }
    }
}

/// <summary>A credit note in a form other than JSON.</summary>
internal static class OpenCreditNote
{
    [Needs(BillingPermissions.InvoicesRead)]
    public sealed record Query(InvoiceId InvoiceId, CreditNoteId Id) : IQuery<OpenedDocument>;

    internal sealed class Handler(BillingDb db, BillingCalendar calendar, PresentTaxIds taxIds, Principal principal)
        : IQueryHandler<Query, OpenedDocument>
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
            var document = BillingDocument.Of(note, new PrecedingDocument(invoice.Number!, calendar.DayOf(invoice.IssuedAt!.Value)), hasUntaxed);
            return new OpenedDocument(
                document, lines.OrderBy(x => x.Position).AsAsyncEnumerable().Select(x => DocumentLine.Of(x, period)),
                await taxIds.InAsync(document, note.SellerId, note.TenantId, principal.Scope, cancellationToken));
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
        var electronic = opened.Electronic;
        return format switch
        {
            DocumentFormat.Csv => DocumentCsv.Of(opened),
            DocumentFormat.Html => new Streamed(HtmlDocument.ContentType, new HtmlDocument(opened.Document).WriteAsync, opened, "html")
            {
                Policy = HtmlDocument.PolicyOf(opened.Document.Said.Look),
            },
            // It is known by its number alone.
            _ when opened.Document.Number is null => new RefusedResult(InvoiceRefusals.NotIssued),
            _ when UblTaxSubtotal.LacksSellerTaxId(electronic) => new RefusedResult(InvoiceRefusals.SellerTaxIdMissing),
            _ when UblTaxSubtotal.LacksBuyerTaxId(electronic) => new RefusedResult(InvoiceRefusals.BuyerTaxIdMissing),
            _ => new Streamed(
                $"{DocumentFormats.UblContentType}; charset=utf-8", new UblDocument(electronic).WriteAsync, opened, "xml"),
        };
    }

    public static string FileName(BillingDocument document, string extension) =>
        $"{(document.Kind is DocumentKind.Invoice ? "invoice" : "credit-note")}-{document.Number ?? "draft"}.{extension}";

    private sealed record Streamed(
        string ContentType, Func<Stream, IAsyncEnumerable<DocumentLine>, CancellationToken, Task> WriteAsync, OpenedDocument Opened, string Extension)
        : IResult
    {
        /// <summary>Of a page, what a browser may load for it; null of what no browser shows.</summary>
        public string? Policy { get; init; }

        public Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.ContentType = ContentType;
            response.Headers.Vary = "Accept";
            var shown = Policy is null ? "attachment" : "inline";
            response.Headers.ContentDisposition = $"{shown}; filename=\"{FileName(Opened.Document, Extension)}\"";
            if (Policy is not null)
                response.Headers.ContentSecurityPolicy = Policy;
            return WriteAsync(response.Body, Opened.Lines, httpContext.RequestAborted);
        }
    }
}
