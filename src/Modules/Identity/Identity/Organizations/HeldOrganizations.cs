using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Organizations;

/// <summary>
/// The organisation at which something is made or given. Whoever copies its path to a row reads it here: it is neither transferred nor
/// closed until the transaction ends, and who waited for a transfer sees where it stands now, or that it is no longer his.
/// </summary>
internal sealed class HeldOrganizations(IdentityDb db, DbSession session, Principal principal)
{
    public Task<Result<Organization>> FindAsync(OrganizationId id, CancellationToken ct) => FindAsync(id, "key share", ct);

    /// <summary>The same with another lock, for who must be alone.</summary>
    public async Task<Result<Organization>> FindAsync(OrganizationId id, string strength, CancellationToken ct) =>
        await session.LockOrganizationAsync("$1", id.Value, strength, principal.Scope, ct)
        && await db.Organizations.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, ct) is { } found
            ? found
            : OrganizationRefusals.UnknownInField("organizationId", id.Value);

    /// <summary>Holds the one to which a row belongs, before the row itself is read.</summary>
    /// <param name="table">One of Identity's that has an <c>organization_id</c>.</param>
    /// <param name="row">The row's id.</param>
    /// <param name="strength">Which lock.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>False, and nothing is held, where there is no such row within the caller's scope.</returns>
    public Task<bool> HoldOwnerAsync(string table, Guid row, string strength, CancellationToken ct) =>
        session.LockOrganizationAsync($"(select organization_id from identity.{table} where id = $1)", row, strength, principal.Scope, ct);
}
