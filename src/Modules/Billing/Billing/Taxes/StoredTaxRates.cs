using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Taxes;

internal static class StoredTaxRates
{
    extension(BillingDb db)
    {
        /// <summary>
        /// The rates of the month's last day and of the first after it, on which is taxed what is billed in advance: one read, and of what is of
        /// single tenants that of these alone.
        /// </summary>
        public Task<List<CountryTaxRate>> TaxRatesOfAsync(Period period, IReadOnlyCollection<OrganizationId>? tenants, CancellationToken ct)
        {
            var last = period.End.AddDays(-1);
            var rates = db.TaxRates.AsNoTracking().Where(x => x.ValidFrom <= period.End && (x.ValidUntil == null || x.ValidUntil > last));
            if (tenants is not null)
                rates = rates.Where(x => x.OrganizationKind != OrganizationKind.Tenant || tenants.Contains(x.OrganizationId!.Value));
            return rates.OrderBy(x => x.Id).ToListAsync(ct);
        }
    }
}
