using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

internal sealed class InvoicedAmounts(BillingDb db, IOrganizationDirectory organizations) : IInvoicedAmounts, IBillingProgress
{
    public async Task<IReadOnlyList<InvoicedNet>> OfPeriodAsync(Period period, Scope scope, CancellationToken ct)
    {
        var rows = await db.Invoices.AsNoTracking().Within(scope)
            .Where(x => x.PeriodStart == period.Start && x.PeriodEnd == period.End
                && (x.Status == InvoiceStatus.Issued || x.Status == InvoiceStatus.Paid))
            .OrderBy(x => x.OwnerPath).ThenBy(x => x.Id)
            .Select(x => new { x.Id, x.Number, x.TenantId, x.OwnerPath, x.Net, x.Currency })
            .ToListAsync(ct);
        return [.. rows.Select(x => new InvoicedNet(x.Id, x.Number!, x.TenantId, x.OwnerPath, new Money(x.Net, x.Currency)))];
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
}
