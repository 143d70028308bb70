using Licensing.Commissions.Data;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Payouts;

/// <summary>Keeps an organisation from being closed while something is to be paid to it, or to one below it.</summary>
internal sealed class OpenPayouts(CommissionsDb db) : IHoldsOrganization
{
    public async Task<Holding?> HeldAsync(OrganizationId id, string path, CancellationToken ct) =>
        await db.Payouts.AsNoTracking().Within(Scope.Of([path])).CountAsync(x => x.PaidOn == null, ct) is > 0 and var open
            ? new Holding("payouts", open)
            : null;
}
