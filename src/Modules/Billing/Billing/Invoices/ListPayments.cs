using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>What was paid of one invoice.</summary>
internal static class ListPayments
{
    [Needs(BillingPermissions.InvoicesRead)]
    public sealed record Query(InvoiceId Id, int? Limit, string? After) : IQuery<Page<PaymentView>>;

    internal sealed class Handler(BillingDb db, Principal principal) : IQueryHandler<Query, Page<PaymentView>>
    {
        public async Task<Result<Page<PaymentView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            if (!await db.Invoices.AsNoTracking().Within(principal.Scope).AnyAsync(x => x.Id == query.Id, cancellationToken))
                return InvoiceRefusals.NotFound(query.Id);
            if ((await db.Payments.AsNoTracking().Where(x => x.InvoiceId == query.Id)
                .ToPageAsync(start, x => x.Id, x => x, x => x.Id, cancellationToken)).Refused(out refusal, out var page))
                return refusal;
            var ids = page.Items.Select(x => (Guid?)x.Id).ToList();
            var reversals = await db.Payments.AsNoTracking().Where(x => ids.Contains(x.Reverses))
                .ToDictionaryAsync(x => x.Reverses!.Value, cancellationToken);
            return page.Select(x => PaymentView.Of(x, reversals.GetValueOrDefault(x.Id)));
        }
    }

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapGet("/{id:guid}/payments", (Guid id, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new InvoiceId(id), limit, after), ct))
        .Slice<Query, Page<PaymentView>>(nameof(ListPayments), "Lists the payments of an invoice, newest first");
}
