using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>The invoices that the caller may see and that a filter takes.</summary>
internal sealed class InvoiceSearch(
    BillingDb db, IOrganizationDirectory organizations, BillingCalendar calendar, InvoiceSettings terms, TimeProvider clock, Principal principal)
{
    private const string Columns = """
        select id, tenant_id, owner_path, seller_id, period_start, period_end, kind, currency, net, tax, total, usage_exact, line_count, taxes,
            status, document, paid, credited, number, issued_at, voided_at, created_at, version, round
        from billing.invoices
        """;

    // The index of what is open (invoices_open) is used where this stands as it is there.
    private const string Open = "status in ('Issued', 'Paid') and total - credited - paid > 0";

    private const string WasDue = "coalesce((document ->> 'dueOn')::date < {0}, issued_at < {1}, false)";

    private const string Overdue = $"{Columns} where {Open} and {WasDue}";

    private const string NotOverdue = $"{Columns} where not ({Open} and {WasDue})";

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
        if (filter.IssuedFrom is { } first && StartOf(first) is var from)
            invoices = invoices.Where(x => x.IssuedAt >= from);
        if (filter.IssuedUntil is { } end && StartOf(end) is var until)
            invoices = invoices.Where(x => x.IssuedAt < until);
        if (kind is not null)
            invoices = invoices.Where(x => x.Kind == kind);
        return new Found(status is null ? invoices : invoices.Where(x => x.Status == status));
    }

    // East of Greenwich the first day of all begins before there are instants. Nothing was issued on it.
    private DateTimeOffset StartOf(DateOnly day) => calendar.StartOf(day > DateOnly.MinValue ? day : day.AddDays(1));

    // When it is due stands in the document alone; what was issued before one was kept is due as one of then would be by the settings.
    private IQueryable<Invoice> Due(bool overdue)
    {
        var today = calendar.DayOf(clock.GetUtcNow());
        return db.Invoices.FromSqlRaw(overdue ? Overdue : NotOverdue, today, calendar.StartOf(today.AddDays(-terms.PaymentDays)));
    }
}
