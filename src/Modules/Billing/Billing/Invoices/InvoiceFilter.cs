using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>Which invoices; as JSON and as CSV the same.</summary>
internal sealed record InvoiceFilter(string? Period, Guid? TenantId, Guid? PartnerId, string? Status)
{
    public string? Number { get; init; }
    public string? Kind { get; init; }

    /// <summary>Issued on this billing day or later.</summary>
    public DateOnly? IssuedFrom { get; init; }

    /// <summary>Issued before this billing day.</summary>
    public DateOnly? IssuedUntil { get; init; }

    /// <summary>Whether something is open of it that was due before today.</summary>
    public bool? Overdue { get; init; }
}

/// <summary>The invoices that the caller may see and that a filter takes.</summary>
internal sealed class InvoiceSearch(
    BillingDb db, IOrganizationDirectory organizations, BillingCalendar calendar, TimeProvider clock, Principal principal)
{
    internal sealed record Found(IQueryable<Invoice> Invoices);

    public async Task<Result<Found>> RowsAsync(InvoiceFilter filter, CancellationToken ct)
    {
        if (QueryWord.Refuses<InvoiceStatus>("status", filter.Status, out var status, out var refusal)
            || QueryWord.Refuses<InvoiceKind>("kind", filter.Kind, out var kind, out refusal))
            return refusal;
        if (filter.IssuedFrom >= filter.IssuedUntil)
            return QueryWord.NotAfter("issuedFrom", "issuedUntil");
        var invoices = (filter.Overdue is { } overdue ? Due(overdue) : db.Invoices).AsNoTracking().Within(principal.Scope);
        if (filter.PartnerId is { } partner)
        {
            if (await organizations.FindAsync(new OrganizationId(partner), ct) is not { } found || !principal.Scope.Contains(found.Path))
                return InvoiceRefusals.OrganizationNotFound(partner);
            invoices = invoices.Within(Scope.Of([found.Path]));
        }

        if (filter.Period is not null)
        {
            if (!Period.TryParseMonth(filter.Period, out var period))
                return PeriodRefusals.NotAMonthIn("period");
            invoices = invoices.Where(x => x.PeriodStart == period.Start && x.PeriodEnd == period.End);
        }

        if (filter.Number is { } number)
        {
            // The index of numbers is by who sells, and that is the platform alone.
            var seller = (await organizations.PlatformAsync(ct)).Id;
            invoices = invoices.Where(x => x.SellerId == seller && x.Number == number);
        }

        if (filter.TenantId is { } tenant)
            invoices = invoices.Where(x => x.TenantId == new OrganizationId(tenant));
        if (filter.IssuedFrom is { } first && calendar.StartOf(first) is var from)
            invoices = invoices.Where(x => x.IssuedAt >= from);
        if (filter.IssuedUntil is { } end && calendar.StartOf(end) is var until)
            invoices = invoices.Where(x => x.IssuedAt < until);
        if (kind is not null)
            invoices = invoices.Where(x => x.Kind == kind);
        return new Found(status is null ? invoices : invoices.Where(x => x.Status == status));
    }

    // When it is due stands in the document alone. That it is open is said once more, alone, for the index of those that are.
    private IQueryable<Invoice> Due(bool overdue) => db.Invoices.FromSql($"""
        select id, tenant_id, owner_path, seller_id, period_start, period_end, kind, currency, net, tax, total, usage_exact, line_count, taxes,
            status, document, paid, credited, number, issued_at, voided_at, created_at, version, round
        from billing.invoices
        where (status in ('Issued', 'Paid') and total - credited - paid > 0
            and coalesce((document ->> 'dueOn')::date < {calendar.DayOf(clock.GetUtcNow())}, false)) = {overdue}
            and (not {overdue} or (status in ('Issued', 'Paid') and total - credited - paid > 0))
        """);
}
