using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Users;

/// <summary>Tells which roles there are and what each allows.</summary>
internal static class ListRoles
{
    [AnyCaller]
    public sealed record Query : IQuery<RolesView>;

    public sealed record RolesView(IReadOnlyList<RoleView> Items);

    public sealed record RoleView(string Name, OrganizationKind Level, IReadOnlyList<string> Permissions);

    internal sealed class Handler(RolePermissions roles) : IQueryHandler<Query, RolesView>
    {
        public Task<Result<RolesView>> Handle(Query query, CancellationToken cancellationToken) => Task.FromResult<Result<RolesView>>(new RolesView(
            [.. Roles.All.Select(role => new RoleView(role, RoleLevels.LevelOf(role), [.. roles.Of(role).Order(StringComparer.Ordinal)]))]));
    }

    public static void Map(RouteGroupBuilder roles) => roles
        .MapGet("/", (ISender sender, CancellationToken ct) => sender.Ok(new Query(), ct))
        .Slice<Query, RolesView>(nameof(ListRoles), "Lists the predefined roles and their permissions");
}
