using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>The invoices that the caller may see, newest first.</summary>
internal static class ListInvoices
{
    [Needs(BillingPermissions.InvoicesRead)]
    public sealed record Query(string? Period, Guid? TenantId, Guid? PartnerId, string? Status, int? Limit, string? After)
        : IQuery<Page<InvoiceView>>;

    internal sealed class Handler(BillingDb db, IOrganizationDirectory organizations, Principal principal) : IQueryHandler<Query, Page<InvoiceView>>
    {
        public async Task<Result<Page<InvoiceView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start)
                || QueryWord.Refuses<InvoiceStatus>("status", query.Status, out var status, out refusal))
                return refusal;

            var invoices = db.Invoices.AsNoTracking().Within(principal.Scope);
            if (query.PartnerId is { } partner)
            {
                if (await organizations.FindAsync(new OrganizationId(partner), cancellationToken) is not { } found
                    || !principal.Scope.Contains(found.Path))
                    return InvoiceRefusals.PartnerNotFound(partner);
                invoices = invoices.Within(Scope.Of([found.Path]));
            }

            if (query.Period is not null)
            {
                if (!Period.TryParseMonth(query.Period, out var period))
                    return PeriodRefusals.NotAMonthIn("period");
                invoices = invoices.Where(x => x.PeriodStart == period.Start && x.PeriodEnd == period.End);
            }

            if (query.TenantId is { } tenant)
                invoices = invoices.Where(x => x.TenantId == new OrganizationId(tenant));
            if (status is not null)
                invoices = invoices.Where(x => x.Status == status);
            return await invoices.ToPageAsync(start, x => x.Id, InvoiceView.Projection, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapGet("/", (string? period, Guid? tenantId, Guid? partnerId, string? status, int? limit, string? after, ISender sender,
            CancellationToken ct) =>
            sender.Ok(new Query(period, tenantId, partnerId, status, limit, after), ct))
        .Slice<Query, Page<InvoiceView>>(nameof(ListInvoices), "Lists invoices");
}
