using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Users;

internal sealed record RoleAssignmentView(Guid Id, UserId UserId, string Role, OrganizationId OrganizationId, DateTimeOffset CreatedAt)
{
    public static RoleAssignmentView Of(RoleAssignment x) => new(x.Id, x.UserId, x.Role, x.OrganizationId, x.CreatedAt);
}

internal sealed record UserView(
    UserId Id, string Email, string DisplayName, OrganizationId OrganizationId, IReadOnlyList<RoleAssignmentView> Roles, bool MustChangePassword,
    DateTimeOffset CreatedAt, [property: JsonIgnore] int Version) : IVersioned
{
    public static Expression<Func<User, UserView>> Shape(IdentityDb db) => x => new UserView(
        x.Id, x.Email, x.DisplayName, x.OrganizationId,
        db.RoleAssignments.Where(a => a.UserId == x.Id).OrderBy(a => a.Id)
            .Select(a => new RoleAssignmentView(a.Id, a.UserId, a.Role, a.OrganizationId, a.CreatedAt)).ToList(),
        x.MustChangePassword, x.CreatedAt, x.Version);
}
