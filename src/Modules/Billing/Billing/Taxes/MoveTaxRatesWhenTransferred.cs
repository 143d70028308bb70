using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Messaging;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Taxes;

/// <summary>
/// Takes the rates of a transferred tenant along that it still has; those that ended before stay with whom they were of. By which one a month is
/// billed follows from the tenant itself and does not change.
/// </summary>
internal sealed class MoveTaxRatesWhenTransferred(BillingDb db, IOrganizationDirectory organizations) : IHandle<TenantTransferred>
{
    public async Task HandleAsync(TenantTransferred message, CancellationToken ct)
    {
        var tenant = await organizations.WhereItStandsAsync(message, ct);
        await db.TaxRates.Where(x => x.OrganizationId == message.Id && (x.ValidUntil == null || x.ValidUntil > message.On))
            .ExecuteUpdateAsync(set => set.SetProperty(x => x.OwnerPath, tenant.Path).SetProperty(x => x.Version, x => x.Version + 1), ct);
    }
}
