using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Organizations;

/// <summary>
/// Finds what the caller may change: organisations below the node where he holds the permission, not that node itself, so nobody
/// suspends, resumes or closes his own.
/// </summary>
internal sealed class ManagedOrganizations(IdentityDb db, DbSession session, Principal principal)
{
    /// <summary>
    /// For a change after which it still stands where it does: does not wait for what is just opened there, which may never end.
    /// </summary>
    public Task<Result<Organization>> FindAsync(OrganizationKind kind, OrganizationId id, CancellationToken ct) =>
        FindAsync(kind, id, "no key update", ct);

    /// <summary>To close or to move it, when nothing may be opened there meanwhile.</summary>
    public Task<Result<Organization>> FindAloneAsync(OrganizationKind kind, OrganizationId id, CancellationToken ct) =>
        FindAsync(kind, id, "update", ct);

    private async Task<Result<Organization>> FindAsync(OrganizationKind kind, OrganizationId id, string strength, CancellationToken ct)
    {
        // Locked before it is read: closing must not miss a child that another request is just opening.
        var locked = await session.LockOrganizationAsync("$1", id.Value, strength, principal.Scope, ct);
        var found = await db.Organizations.SingleOrDefaultAsync(x => x.Id == id && x.Kind == kind, ct);
        if (locked && found is not null && principal.Scope.Contains(found.OwnerPath) && !principal.Scope.Roots.Contains(found.OwnerPath))
            return found;
        return found is not null && principal.May(IdentityPermissions.OrganizationsRead, found.OwnerPath)
            ? OrganizationRefusals.OutOfReach
            : OrganizationRefusals.NotFound(kind, id.Value);
    }
}
