using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>What was credited of one invoice.</summary>
internal static class ListCreditNotes
{
    [Needs(BillingPermissions.InvoicesRead)]
    public sealed record Query(InvoiceId Id, int? Limit, string? After) : IQuery<Page<CreditNoteView>>;

    internal sealed class Handler(BillingDb db, Principal principal) : IQueryHandler<Query, Page<CreditNoteView>>
    {
        public async Task<Result<Page<CreditNoteView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            if (!await db.Invoices.AsNoTracking().Within(principal.Scope).AnyAsync(x => x.Id == query.Id, cancellationToken))
                return InvoiceRefusals.NotFound(query.Id);
            return await db.CreditNotes.AsNoTracking().Where(x => x.InvoiceId == query.Id)
                .ToPageAsync(start, x => x.Id, x => CreditNoteView.Of(x), x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapGet("/{id:guid}/credit-notes", (Guid id, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new InvoiceId(id), limit, after), ct))
        .Slice<Query, Page<CreditNoteView>>(nameof(ListCreditNotes), "Lists the credit notes of an invoice, newest first");
}
