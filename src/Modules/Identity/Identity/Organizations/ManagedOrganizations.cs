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
    public async Task<Result<Organization>> FindAsync(OrganizationKind kind, OrganizationId id, CancellationToken ct)
    {
        // Locked before it is read: closing must not miss a child that another request is just opening.
        var locked = await session.LockOrganizationAsync("$1", id.Value, "update", principal.Scope, ct);
        var found = await db.Organizations.SingleOrDefaultAsync(x => x.Id == id && x.Kind == kind, ct);
        if (locked && found is not null && principal.Scope.Contains(found.OwnerPath) && !principal.Scope.Roots.Contains(found.OwnerPath))
            return found;
        return found is not null && principal.May(IdentityPermissions.OrganizationsRead, found.OwnerPath)
            ? OrganizationRefusals.OutOfReach
            : OrganizationRefusals.NotFound(kind, id.Value);
    }
}
