using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>One invoice; its lines are a list of their own, since there may be thousands.</summary>
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
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new InvoiceId(id)), ct))
        .Slice<Query, InvoiceView>(nameof(GetInvoice), "Shows an invoice");
}
