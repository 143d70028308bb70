using Licensing.Identity.Contracts;
using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Numbers;

/// <summary>
/// A transferred tenant's numbers go with it, to where it stands by now. Its time with them under the old partner ends and stays there; what is in
/// quarantine after it stays as well.
/// </summary>
internal sealed class MoveNumbersWhenTransferred(ProvisioningDb db, IOrganizationDirectory organizations, TimeProvider clock)
    : IHandle<TenantTransferred>
{
    public async Task HandleAsync(TenantTransferred message, CancellationToken ct)
    {
        var tenant = await organizations.WhereItStandsAsync(message, ct);
        // Held, so that a release at the same moment comes wholly before or after.
        var numbers = await db.InboundNumbers.FromSql($"""
            select * from provisioning.inbound_numbers where tenant_id = {message.Id.Value} and owner_path <> {tenant.Path}
            order by length(pool_path) desc, type, number for update
            """)
            .OrderBy(x => x.Number).ToListAsync(ct);
        var open = await db.NumberHoldings.Where(x => x.TenantId == message.Id && x.UntilAt == null).ToDictionaryAsync(x => x.NumberId, ct);
        var now = clock.GetUtcNow();
        foreach (var number in numbers)
        {
            open[number.Id].End(Access.System.Name, "transferred", now);
            number.MoveTo(tenant.Path);
        }

        // The next begin only when the former are ended: one holder at a time is a key of the database.
        await db.SaveChangesAsync(ct);
        foreach (var number in numbers)
            db.Add(NumberHolding.Begin(number.Id, tenant.Id, tenant.Path, Access.System.Name, now));
    }
}
