using Licensing.Doors.Reseller;
using Licensing.Identity.Rights;

namespace Licensing.Identity.Reseller;

/// <summary>The predefined roles and what each allows.</summary>
internal static class GetRoles
{
    /// <summary>Nothing is asked.</summary>
    public sealed record GetRolesRequest;

    /// <summary>A role.</summary>
    /// <param name="RoleId">Its number.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Level">Of which organisations; an account is a <c>Tenant</c>.</param>
    /// <param name="Actions">What it allows.</param>
    public sealed record Role(int RoleId, string Name, string Level, IReadOnlyList<RoleAction> Actions);

    /// <summary>All predefined roles.</summary>
    public sealed record PredefinedRoleList(IReadOnlyList<Role> Roles);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<GetRolesRequest, ListRoles.Query, PredefinedRoleList>(
            nameof(GetRoles), "Lists the predefined roles and what each allows", async (_, call) =>
                (await call.SendAsync(new ListRoles.Query(null, 1, null))).Refused(out var refusal, out var page)
                    ? refusal
                    : new PredefinedRoleList([.. page.Items.Where(x => x.Id is null).Select(x => new Role(
                        PredefinedRoles.IdOf(x.Name)!.Value, x.Name, x.Level.ToString(), [.. x.Permissions.Select(p => new RoleAction(p))]))]));
}
