using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>The lines of one credit note, each naming the invoice line that it takes back.</summary>
internal static class ListCreditNoteLines
{
    [Needs(BillingPermissions.InvoicesRead)]
    public sealed record Query(InvoiceId InvoiceId, CreditNoteId Id, int? Limit, string? After) : IQuery<Page<CreditNoteLineView>>;

    internal sealed class Handler(BillingDb db, Principal principal) : IQueryHandler<Query, Page<CreditNoteLineView>>
    {
        public async Task<Result<Page<CreditNoteLineView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var after = 0;
            if (start.After is not null && !int.TryParse(start.After, out after))
                return PageStart.InvalidCursor;
            if (await db.CreditNotes.AsNoTracking().Within(principal.Scope)
                .SingleOrDefaultAsync(x => x.Id == query.Id && x.InvoiceId == query.InvoiceId, cancellationToken) is not { } note)
                return InvoiceRefusals.CreditNoteNotFound(query.Id);

            var lines = await db.CreditNoteLines.AsNoTracking()
                .Where(x => x.CreditNoteId == note.Id && x.TenantId == note.TenantId && x.Position > after)
                .OrderBy(x => x.Position).Take(start.Limit + 1).ToListAsync(cancellationToken);
            return Page.Of(lines, start, x => x.Position.ToString()).Select(CreditNoteLineView.Of);
        }
    }

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapGet("/{id:guid}/credit-notes/{noteId:guid}/lines",
            (Guid id, Guid noteId, int? limit, string? after, ISender sender, CancellationToken ct) =>
                sender.Ok(new Query(new InvoiceId(id), new CreditNoteId(noteId), limit, after), ct))
        .Slice<Query, Page<CreditNoteLineView>>(nameof(ListCreditNoteLines), "Lists the lines of a credit note in their order");
}
