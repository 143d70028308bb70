using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;

namespace Licensing.Identity.Users;

internal static class UserQueries
{
    extension(IQueryable<User> users)
    {
        /// <summary>Nobody enters who is not active, or through an organisation that is closed.</summary>
        public IQueryable<User> WhereMayEnter(IdentityDb db) => users.Where(
            u => u.Status == UserStatus.Active && db.Organizations.Any(o => o.Id == u.OrganizationId && o.Status != OrganizationStatus.Closed));

        /// <summary>A tenant's own administrators, the first of them first.</summary>
        public IQueryable<User> WhoAdministers(OrganizationId tenant, IdentityDb db) => users
            .Where(u => u.OrganizationId == tenant && db.RoleAssignments.Any(
                a => a.UserId == u.Id && a.OrganizationId == tenant && a.Role == Roles.TenantAdministrator))
            .OrderBy(u => u.Id);
    }
}
