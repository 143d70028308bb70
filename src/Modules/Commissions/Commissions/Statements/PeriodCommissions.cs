using Licensing.Billing.Contracts;
using Licensing.Commissions.Data;
using Licensing.Commissions.Schemes;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Statements;

/// <summary>Reads what the commissions of a period depend on, in a fixed number of reads, and works them out.</summary>
internal sealed class PeriodCommissions(CommissionsDb db, IInvoicedAmounts invoiced, IOrganizationDirectory organizations)
{
    public async Task<EarnedCommissions> WithinAsync(Period period, Scope scope, CancellationToken ct)
    {
        var distributors = await organizations.ListAsync(OrganizationKind.Distributor, scope, ct);
        var partners = await organizations.ListAsync(OrganizationKind.Partner, scope, ct);
        // A partner may earn by the scheme of its distributor, which the caller may not see.
        var earners = distributors.Select(x => x.Id).Concat(partners.Select(x => x.Id)).Concat(partners.Select(x => x.ParentId!.Value)).Distinct()
            .ToList();
        var schemes = await db.Schemes.AsNoTracking()
            .Where(x => x.ValidFrom <= period.Start && earners.Contains(x.OrganizationId))
            .OrderBy(x => x.ValidFrom).ToListAsync(ct);
        var inForce = new Dictionary<OrganizationId, CommissionScheme>();
        foreach (var scheme in schemes)
            inForce[scheme.OrganizationId] = scheme;
        return new CommissionRun(inForce).Of(distributors, partners, await invoiced.OfPeriodAsync(period, scope, ct));
    }
}
