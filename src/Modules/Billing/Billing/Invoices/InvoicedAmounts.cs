using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

internal sealed class InvoicedAmounts(BillingDb db, IOrganizationDirectory organizations, BillingCalendar calendar)
    : IInvoicedAmounts, IBillingProgress
{
    public async Task<IReadOnlyList<InvoicedNet>> OfPeriodAsync(Period period, Scope scope, CancellationToken ct)
    {
        var rows = await db.Invoices.AsNoTracking().Within(scope)
            .Where(x => x.PeriodStart == period.Start && x.PeriodEnd == period.End
                && (x.Status == InvoiceStatus.Issued || x.Status == InvoiceStatus.Paid))
            .OrderBy(x => x.OwnerPath).ThenBy(x => x.Id)
            .Select(x => new { x.Id, x.Number, x.TenantId, x.OwnerPath, x.Net, x.Currency })
            .ToListAsync(ct);
        var notes = await NotesAsync(period, scope, ct);
        IEnumerable<InvoicedNet> invoices = rows.Select(x =>
            new InvoicedNet(x.Id, x.Number!, x.TenantId, x.OwnerPath, new Money(x.Net, x.Currency)) { InvoicePeriod = period });
        return notes.Count == 0 ? [.. invoices] : [.. invoices.Concat(notes).OrderBy(x => x.OwnerPath, StringComparer.Ordinal)];
    }

    public async Task<IReadOnlyList<Period>> ChangedMonthsAsync(DateTimeOffset? since, DateOnly before, Scope scope, CancellationToken ct)
    {
        var asked = since ?? DateTimeOffset.MinValue;
        var invoices = await db.Invoices.AsNoTracking().Within(scope)
            .Where(x => x.PeriodStart < before && (x.IssuedAt >= asked || x.VoidedAt >= asked)).Select(x => x.PeriodStart).Distinct().ToListAsync(ct);
        // Of those whose invoice is void by now, too: they count no longer.
        var end = calendar.StartOf(before);
        var ordinary = db.CreditNotes.AsNoTracking().Within(scope).Where(x => !x.Voids && x.IssuedAt < end);
        var notes = await ordinary.Where(x => x.IssuedAt >= asked).Select(x => x.IssuedAt)
            .Union(
                from invoice in db.Invoices
                where invoice.VoidedAt >= asked
                join note in ordinary on invoice.Id equals note.InvoiceId
                select note.IssuedAt)
            .ToListAsync(ct);
        return [.. invoices.Concat(notes.Select(calendar.DayOf)).Select(x => Period.Month(x.Year, x.Month)).Distinct().OrderBy(x => x.Start)];
    }

    public async Task<bool> IsFinishedAsync(Period period, CancellationToken ct)
    {
        var seller = (await organizations.PlatformAsync(ct)).Id;
        var runs = await db.Runs.FromSql($"""
            select * from billing.runs where seller_id = {seller.Value} and period_start = {period.Start} and period_end = {period.End} for share
            """).AsNoTracking().OrderBy(x => x.Id).ToListAsync(ct);
        return runs.Exists(x => x.State == RunState.Finished && x.OperationId != null)
            && !await db.Invoices.AnyAsync(
                x => x.SellerId == seller && x.PeriodStart == period.Start && x.PeriodEnd == period.End && x.Status == InvoiceStatus.Draft, ct);
    }

    private async Task<List<InvoicedNet>> NotesAsync(Period period, Scope scope, CancellationToken ct)
    {
        var (start, end) = (calendar.StartOf(period.Start), calendar.StartOf(period.End));
        var rows = await (
            from note in db.CreditNotes.AsNoTracking().Within(scope)
            join invoice in db.Invoices on note.InvoiceId equals invoice.Id
            where note.IssuedAt >= start && note.IssuedAt < end && !note.Voids && invoice.Status != InvoiceStatus.Void
            orderby note.OwnerPath, note.Id
            select new
            {
                note.Id, note.InvoiceId, note.Number, note.TenantId, note.OwnerPath, note.Net, note.Currency, note.PeriodStart, note.PeriodEnd,
            })
            .ToListAsync(ct);
        return [.. rows.Select(x => new InvoicedNet(x.InvoiceId, x.Number, x.TenantId, x.OwnerPath, new Money(-x.Net, x.Currency))
        {
            CreditNoteId = x.Id,
            InvoicePeriod = new Period(x.PeriodStart, x.PeriodEnd),
        })];
    }
}
