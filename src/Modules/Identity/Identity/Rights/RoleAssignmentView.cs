using System.Linq.Expressions;
using Licensing.Identity.Contracts;
using Licensing.Identity.Users;

namespace Licensing.Identity.Rights;

internal sealed record RoleAssignmentView(Guid Id, UserId UserId, string Role, OrganizationId OrganizationId, DateTimeOffset CreatedAt)
{
    public static Expression<Func<RoleAssignment, RoleAssignmentView>> Shape { get; } =
        x => new RoleAssignmentView(x.Id, x.UserId, x.Role, x.OrganizationId, x.CreatedAt);

    public static RoleAssignmentView Of(RoleAssignment x) => new(x.Id, x.UserId, x.Role, x.OrganizationId, x.CreatedAt);
}
