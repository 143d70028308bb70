using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;

namespace Licensing.Billing.Invoices;

/// <summary>Which invoices; as JSON and as CSV the same.</summary>
internal sealed record InvoiceFilter(string? Period, Guid? TenantId, Guid? PartnerId, string? Status)
{
    internal sealed record Found(IQueryable<Invoice> Invoices);

    public async Task<Result<Found>> RowsAsync(IQueryable<Invoice> all, IOrganizationDirectory organizations, Scope scope, CancellationToken ct)
    {
        if (QueryWord.Refuses<InvoiceStatus>("status", Status, out var status, out var refusal))
            return refusal;
        var invoices = all.Within(scope);
        if (PartnerId is { } partner)
        {
            if (await organizations.FindAsync(new OrganizationId(partner), ct) is not { } found || !scope.Contains(found.Path))
                return InvoiceRefusals.OrganizationNotFound(partner);
            invoices = invoices.Within(Scope.Of([found.Path]));
        }

        if (Period is not null)
        {
            if (!Kernel.Period.TryParseMonth(Period, out var period))
                return PeriodRefusals.NotAMonthIn("period");
            invoices = invoices.Where(x => x.PeriodStart == period.Start && x.PeriodEnd == period.End);
        }

        if (TenantId is { } tenant)
            invoices = invoices.Where(x => x.TenantId == new OrganizationId(tenant));
        return new Found(status is null ? invoices : invoices.Where(x => x.Status == status));
    }
}
