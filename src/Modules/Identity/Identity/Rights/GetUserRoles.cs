using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Identity.Rights;

/// <summary>Shows what counts for a user: the roles he was given and those that his organisation holds, each with what it allows now.</summary>
internal static class GetUserRoles
{
    [Needs(IdentityPermissions.UsersRead)]
    public sealed record Query(UserId Id) : IQuery<UserRolesView>;

    public sealed record UserRolesView(UserId UserId, IReadOnlyList<EffectiveRoleView> Items);

    /// <param name="Role">Its name.</param>
    /// <param name="OrganizationId">It reaches this organisation and all below.</param>
    /// <param name="Source">Given to the user himself, or to his organisation (account).</param>
    /// <param name="AssignmentId">What to delete to take it away.</param>
    /// <param name="Branch">In a suspended branch only reading is left of it, in a closed one nothing.</param>
    /// <param name="Permissions">What it allows now.</param>
    public sealed record EffectiveRoleView(
        string Role, OrganizationId OrganizationId, RoleSource Source, Guid AssignmentId, string Branch, IReadOnlyList<string> Permissions);

    internal sealed class Handler(IdentityDb db, DbSession session, RolePermissions roles, Principal principal) : IQueryHandler<Query, UserRolesView>
    {
        public async Task<Result<UserRolesView>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (!await db.Users.AsNoTracking().Within(principal.Scope).AnyAsync(x => x.Id == query.Id, cancellationToken))
                return UserRefusals.NotFound(query.Id.Value);

            var held = new List<EffectiveRoleView>();
            await using var command = new NpgsqlCommand(HeldRole.OfUser, await session.OpenAsync(cancellationToken), session.Transaction)
            { Parameters = { new() { Value = query.Id.Value } } };
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                held.Add(View(HeldRole.Read(reader)));
            return new UserRolesView(query.Id, [.. held.OrderBy(x => x.AssignmentId)]);
        }

        private EffectiveRoleView View(HeldRole role) => new(
            role.Role, new OrganizationId(role.OrganizationId), role.Source, role.AssignmentId, role.Branch,
            role.Branch == "Closed" ? [] : [.. roles.Of(role.Role, role.Custom, role.Branch == "Suspended", []).Order(StringComparer.Ordinal)]);
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapGet("/{id:guid}/roles", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new UserId(id)), ct))
        .Slice<Query, UserRolesView>(nameof(GetUserRoles), "Shows the roles that count for a user, and where each comes from");
}
