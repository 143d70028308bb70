using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Rights;

/// <summary>Lists which organisations hold which roles, newest first.</summary>
internal static class ListAccountRoles
{
    [Needs(IdentityPermissions.UsersRead)]
    public sealed record Query(OrganizationId? OrganizationId, int? Limit, string? After) : IQuery<Page<AccountRoleView>>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, Page<AccountRoleView>>
    {
        public async Task<Result<Page<AccountRoleView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var rows = db.AccountRoles.AsNoTracking().Within(principal.Scope);
            if (query.OrganizationId is { } organization)
                rows = rows.Where(x => x.OrganizationId == organization);
            return await rows.ToPageAsync(start, x => x.Id, AccountRoleView.Shape, x => x.Id, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder roles) => roles
        .MapGet("/account-assignments", (Guid? organizationId, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId is { } id ? new OrganizationId(id) : null, limit, after), ct))
        .Slice<Query, Page<AccountRoleView>>(nameof(ListAccountRoles), "Lists organizations' roles, newest first");
}
