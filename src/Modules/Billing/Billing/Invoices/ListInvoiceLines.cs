using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>The lines of an invoice in their order, each with how it was reached.</summary>
internal static class ListInvoiceLines
{
    [Needs(BillingPermissions.InvoicesRead)]
    public sealed record Query(InvoiceId Id, int? Limit, string? After) : IQuery<Page<InvoiceLineView>>;

    internal sealed class Handler(BillingDb db, Principal principal) : IQueryHandler<Query, Page<InvoiceLineView>>
    {
        public async Task<Result<Page<InvoiceLineView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var after = 0;
            if (start.After is not null && !int.TryParse(start.After, out after))
                return PageStart.InvalidCursor;
            if (await db.Invoices.AsNoTracking().Within(principal.Scope)
                .SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is not { } invoice)
                return InvoiceRefusals.NotFound(query.Id);

            var lines = await db.Lines.AsNoTracking()
                .Where(x => x.InvoiceId == invoice.Id && x.TenantId == invoice.TenantId && x.Position > after)
                .OrderBy(x => x.Position).Take(start.Limit + 1).ToListAsync(cancellationToken);
            return Page.Of(lines, start, x => x.Position.ToString()).Select(InvoiceLineView.Of);
        }
    }

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapGet("/{id:guid}/lines", (Guid id, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new InvoiceId(id), limit, after), ct))
        .Slice<Query, Page<InvoiceLineView>>(nameof(ListInvoiceLines), "Lists the lines of an invoice in their order");
}
