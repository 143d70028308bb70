using Licensing.Doors.Reseller;
using Licensing.Identity.Rights;

namespace Licensing.Identity.Reseller;

/// <summary>Gives a user a role at his account, and takes it away.</summary>
internal static class RolesOfUser
{
    /// <summary>Who gets what.</summary>
    /// <param name="UserId">Who.</param>
    /// <param name="RoleId">A number of GetRoles.</param>
    public sealed record AddRoleToUserRequest(int UserId, int RoleId);

    /// <summary>Who loses what.</summary>
    /// <param name="UserId">Who.</param>
    /// <param name="RoleId">A number of GetRoles.</param>
    public sealed record RemoveRoleFromUserRequest(int UserId, int RoleId);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReseller<AddRoleToUserRequest, AssignRole.Command, UserRoles>(
            "AddRoleToUser", "Gives a user a role", async (asked, call) =>
            {
                if ((await call.SendAsync(new FindAccountUser.Query(asked.UserId))).Refused(out var refusal, out var user))
                    return refusal;
                if (PredefinedRoles.Find(asked.RoleId) is not { } role)
                    return AccountRefusals.RoleNotFound(asked.RoleId);
                return (await call.SendAsync(new AssignRole.Command(user.Id, role, user.AccountId))).Refused(out refusal, out _)
                    ? refusal
                    : await call.RolesOfUserAsync(user);
            }, Names);
        routes.MapReseller<RemoveRoleFromUserRequest, RemoveRole.Command, UserRoles>(
            "RemoveRoleFromUser", "Takes a role from a user", async (asked, call) =>
            {
                if ((await call.SendAsync(new FindAccountUser.Query(asked.UserId))).Refused(out var refusal, out var user))
                    return refusal;
                if (PredefinedRoles.Find(asked.RoleId) is not { } role)
                    return AccountRefusals.RoleNotFound(asked.RoleId);
                if ((await call.SendAsync(new ListRoleAssignments.Query(user.Id, user.AccountId, role, 1, null))).Refused(out refusal, out var held))
                    return refusal;
                if (held.Items is not [var assignment])
                    return AccountRefusals.RoleNotHeld(asked.RoleId);
                return (await call.SendAsync(new RemoveRole.Command(assignment.Id))).Refused(out refusal, out _)
                    ? refusal
                    : await call.RolesOfUserAsync(user);
            });
    }

    internal static IReadOnlyDictionary<string, string> Names { get; } = new Dictionary<string, string> { ["role"] = "RoleId" };
}
