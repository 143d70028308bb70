using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;
using Licensing.Identity.Rights;

namespace Licensing.Identity.Reseller;

/// <summary>
/// The predefined roles by number: their places in <see cref="Roles.All"/>, from 1, which never change. Custom roles have names alone, and are given
/// and taken at the other door.
/// </summary>
internal static class PredefinedRoles
{
    public static string? Find(int roleId) => roleId >= 1 && roleId <= Roles.All.Count ? Roles.All[roleId - 1] : null;

    /// <summary>Null where it is a custom role.</summary>
    public static int? IdOf(string role) => Roles.All.ToList().IndexOf(role) is >= 0 and var place ? place + 1 : null;
}

/// <summary>Something that a role allows.</summary>
/// <param name="Name">The permission's code.</param>
internal sealed record RoleAction(string Name);

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
