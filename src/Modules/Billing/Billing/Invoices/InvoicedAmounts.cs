using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Billing.Runs;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

internal sealed class InvoicedAmounts(BillingDb db, ICatalog catalog, IOrganizationDirectory organizations, BillingCalendar calendar)
    : IInvoicedAmounts, IBillingProgress
{
    public async Task<IReadOnlyList<InvoicedNet>> OfPeriodAsync(Period period, Scope scope, CancellationToken ct)
    {
        var invoices = await db.Invoices.AsNoTracking().Within(scope)
            .Where(x => x.PeriodStart == period.Start && x.PeriodEnd == period.End
                && (x.Status == InvoiceStatus.Issued || x.Status == InvoiceStatus.Paid))
            .OrderBy(x => x.OwnerPath).ThenBy(x => x.Id)
            .Select(x => new InvoicedNet(x.Id, x.Number!, x.TenantId, x.OwnerPath, new Money(x.Net, x.Currency)) { InvoicePeriod = period })
            .ToListAsync(ct);
        var notes = await NotesAsync(period, scope, ct);
        return notes.Count == 0 ? invoices : [.. invoices.Concat(notes).OrderBy(x => x.OwnerPath, StringComparer.Ordinal)];
    }

    public async Task<IReadOnlyList<InvoicedPart>> PartsAsync(IReadOnlyCollection<InvoicedNet> documents, CancellationToken ct)
    {
        // The lines of what is issued never change, so it does not matter when they are read.
        var (ids, noted) = (
            documents.Where(x => x.CreditNoteId is null).Select(x => x.InvoiceId).ToList(),
            documents.Select(x => x.CreditNoteId).OfType<CreditNoteId>().ToList());
        var invoices = await db.Lines.AsNoTracking().Where(x => ids.Contains(x.InvoiceId))
            .GroupBy(x => new { x.InvoiceId, x.PlanVersionId })
            .Select(x => new { Document = x.Key.InvoiceId, x.Key.PlanVersionId, Net = x.Sum(line => line.Net) })
            .ToListAsync(ct);
        var notes = await (
            from taken in db.CreditNoteLines.AsNoTracking()
            where noted.Contains(taken.CreditNoteId)
            join line in db.Lines on new { taken.InvoiceId, taken.TenantId, Position = taken.InvoicePosition }
                equals new { line.InvoiceId, line.TenantId, line.Position }
            group taken by new { taken.CreditNoteId, line.PlanVersionId } into part
            select new { Document = part.Key.CreditNoteId, part.Key.PlanVersionId, Net = -part.Sum(x => x.Net) })
            .ToListAsync(ct);
        IEnumerable<(Guid Document, PlanVersionId? Plan, decimal Net)> parts =
            [.. invoices.Select(x => (x.Document.Value, x.PlanVersionId, x.Net)), .. notes.Select(x => (x.Document.Value, x.PlanVersionId, x.Net))];
        var plans = await catalog.FindPlanVersionsAsync([.. parts.Select(x => x.Plan).OfType<PlanVersionId>().Distinct()], ct);
        // Versions of one plan are one part.
        return [.. parts
            .Select(x => (x.Document, Plan: x.Plan is { } id ? plans.GetValueOrDefault(id) : null, x.Net))
            .GroupBy(x => (x.Document, x.Plan?.PlanKey, x.Plan?.Product))
            .Select(x => new InvoicedPart(x.Key.Document, x.Key.PlanKey, x.Key.Product, x.Sum(part => part.Net)))
            .OrderBy(x => x.DocumentId).ThenBy(x => x.Plan, StringComparer.Ordinal).ThenBy(x => x.Product, StringComparer.Ordinal)];
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

    public async Task<IReadOnlyList<Period>> MonthsAsync(
        DateOnly before, IReadOnlySet<DateOnly> known, Scope scope, CancellationToken ct)
    {
        // Each is the beginning of an index.
        var invoiced = await db.Invoices.MinAsync(x => (DateOnly?)x.PeriodStart, ct);
        var noted = await db.CreditNotes.MinAsync(x => (DateTimeOffset?)x.IssuedAt, ct);
        var first = new[] { invoiced, noted is { } at ? calendar.DayOf(at) : null }.Min();
        var months = new List<Period>();
        for (var month = first is { } day ? new DateOnly(day.Year, day.Month, 1) : before; month < before; month = month.AddMonths(1))
            if (!known.Contains(month))
                months.Add(Period.Month(month.Year, month.Month));
        if (months.Count == 0)
            return [];

        var (starts, ends) = (months.Select(x => x.Start).ToArray(), months.Select(x => x.End).ToArray());
        var (from, until) = (starts.Select(calendar.StartOf).ToArray(), ends.Select(calendar.StartOf).ToArray());
        var (low, high) = scope.Ranges();
        // The first of each by the key, not any: for any one the server may well read the table until it meets it.
        var found = await db.Database.SqlQuery<DateOnly>($"""
            select m.starts_on as "Value"
            from unnest({starts}, {ends}, {from}, {until}) as m (starts_on, ends_on, starts_at, ends_at)
            where (
                    select i.period_start from billing.invoices i
                    where i.period_start >= m.starts_on and i.period_start < m.ends_on and i.issued_at is not null
                        and exists (select from unnest({low}, {high}) as r (low, high) where i.owner_path >= r.low and i.owner_path < r.high)
                    order by i.period_start limit 1) is not null
                or (
                    select n.issued_at from billing.credit_notes n where n.issued_at >= m.starts_at and n.issued_at < m.ends_at and not n.voids
                        and exists (select from unnest({low}, {high}) as r (low, high) where n.owner_path >= r.low and n.owner_path < r.high)
                    order by n.issued_at limit 1) is not null
            """).ToListAsync(ct);
        return [.. found.Order().Select(x => Period.Month(x.Year, x.Month))];
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
                note.Id,
                note.InvoiceId,
                note.Number,
                note.TenantId,
                note.OwnerPath,
                note.Net,
                note.Currency,
                note.PeriodStart,
                note.PeriodEnd,
            })
            .ToListAsync(ct);
        return [.. rows.Select(x => new InvoicedNet(x.InvoiceId, x.Number, x.TenantId, x.OwnerPath, new Money(-x.Net, x.Currency))
        {
            CreditNoteId = x.Id,
            InvoicePeriod = new Period(x.PeriodStart, x.PeriodEnd),
        })];
    }
}
