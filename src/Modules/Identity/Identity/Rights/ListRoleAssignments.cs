using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Rights;

/// <summary>Lists who was given which role where, newest first.</summary>
internal static class ListRoleAssignments
{
    [Needs(IdentityPermissions.UsersRead)]
    public sealed record Query(UserId? UserId, OrganizationId? OrganizationId, string? Role, int? Limit, string? After)
        : IQuery<Page<RoleAssignmentView>>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, Page<RoleAssignmentView>>
    {
        public async Task<Result<Page<RoleAssignmentView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var rows = db.RoleAssignments.AsNoTracking().Within(principal.Scope);
            if (query.UserId is { } user)
                rows = rows.Where(x => x.UserId == user);
            if (query.OrganizationId is { } organization)
                rows = rows.Where(x => x.OrganizationId == organization);
            if (query.Role is { } role)
                rows = rows.Where(x => x.Role == role);
            return await rows.ToPageAsync(start, x => x.Id, RoleAssignmentView.Shape, x => x.Id, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder roles) => roles
        .MapGet("/assignments", (Guid? userId, Guid? organizationId, string? role, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(
                userId is { } user ? new UserId(user) : null, organizationId is { } id ? new OrganizationId(id) : null, role, limit, after), ct))
        .Slice<Query, Page<RoleAssignmentView>>(nameof(ListRoleAssignments), "Lists users' roles, newest first");
}
