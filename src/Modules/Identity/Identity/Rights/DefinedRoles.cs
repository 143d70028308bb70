using Licensing.Identity.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Rights;

internal static class DefinedRoles
{
    extension(IdentityDb db)
    {
        /// <summary>The role, when it is defined where the caller defines roles; one from above may be seen there, but not changed.</summary>
        public async Task<Result<CustomRole>> DefinedRoleAsync(CustomRoleId id, Principal principal, CancellationToken ct)
        {
            if (await db.CustomRoles.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, ct) is { } role)
                return role;
            return await db.CustomRoles.AsNoTracking().VisibleTo(principal.Access).AnyAsync(x => x.Id == id, ct)
                ? RoleRefusals.OutOfReach
                : RoleRefusals.NotFound(id.Value);
        }
    }
}
