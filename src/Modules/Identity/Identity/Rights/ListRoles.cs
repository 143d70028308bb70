using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Rights;

/// <summary>
/// Tells which roles there are and what each allows: the predefined ones on the first page, then the custom ones that the caller can meet.
/// </summary>
internal static class ListRoles
{
    [AnyCaller]
    public sealed record Query(OrganizationId? OrganizationId, int? Limit, string? After) : IQuery<Page<RoleView>>;

    /// <summary>A predefined role has neither an id nor an organisation.</summary>
    public sealed record RoleView(
        string Name, OrganizationKind Level, IReadOnlyList<string> Permissions, CustomRoleId? Id, OrganizationId? OrganizationId);

    internal sealed class Handler(IdentityDb db, RolePermissions roles, Principal principal) : IQueryHandler<Query, Page<RoleView>>
    {
        public async Task<Result<Page<RoleView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var rows = db.CustomRoles.AsNoTracking().VisibleTo(principal.Access);
            if (query.OrganizationId is { } organization)
                rows = rows.Where(x => x.OrganizationId == organization);
            var custom = await rows.ToPageAsync(
                start, x => x.Id, x => new RoleView(x.Name, x.Level, x.Permissions, x.Id, x.OrganizationId), x => x.Id!.Value.Value,
                cancellationToken);
            return query.After is not null || query.OrganizationId is not null || custom.Refused(out _, out var page)
                ? custom
                : page with { Items = [.. Predefined(), .. page.Items] };
        }

        private IEnumerable<RoleView> Predefined() =>
            Roles.All.Select(role => new RoleView(role, RoleLevels.LevelOf(role), [.. roles.Of(role).Order(StringComparer.Ordinal)], null, null));
    }

    public static void Map(RouteGroupBuilder roles) => roles
        .MapGet("/", (Guid? organizationId, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId is { } id ? new OrganizationId(id) : null, limit, after), ct))
        .Slice<Query, Page<RoleView>>(nameof(ListRoles), "Lists the predefined roles, then the custom ones, newest first, and what each allows");
}
