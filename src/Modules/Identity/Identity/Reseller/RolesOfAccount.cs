using Licensing.Doors.Reseller;
using Licensing.Identity.Rights;

namespace Licensing.Identity.Reseller;

/// <summary>Gives an account a role, and so to each of its users, and takes it away.</summary>
internal static class RolesOfAccount
{
    /// <summary>Which account gets what.</summary>
    /// <param name="AccountId">Which account.</param>
    /// <param name="RoleId">A number of GetRoles.</param>
    public sealed record AddRoleToAccountRequest(int AccountId, int RoleId);

    /// <summary>Which account loses what.</summary>
    /// <param name="AccountId">Which account.</param>
    /// <param name="RoleId">A number of GetRoles.</param>
    public sealed record RemoveRoleFromAccountRequest(int AccountId, int RoleId);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReseller<AddRoleToAccountRequest, AssignRoleToAccount.Command, AccountRoles>(
            "AddRoleToAccount", "Gives a role to an account and all its users", async (asked, call) =>
            {
                if ((await call.SendAsync(new FindAccount.Query(asked.AccountId))).Refused(out var refusal, out var account))
                    return refusal;
                if (PredefinedRoles.Find(asked.RoleId) is not { } role)
                    return AccountRefusals.RoleNotFound(asked.RoleId);
                return (await call.SendAsync(new AssignRoleToAccount.Command(account.Id, role))).Refused(out refusal, out _)
                    ? refusal
                    : await call.RolesOfAccountAsync(account);
            }, RolesOfUser.Names);
        routes.MapReseller<RemoveRoleFromAccountRequest, RemoveRoleFromAccount.Command, AccountRoles>(
            "RemoveRoleFromAccount", "Takes a role from an account; its users keep what they were given themselves", async (asked, call) =>
            {
                if ((await call.SendAsync(new FindAccount.Query(asked.AccountId))).Refused(out var refusal, out var account))
                    return refusal;
                if (PredefinedRoles.Find(asked.RoleId) is not { } role)
                    return AccountRefusals.RoleNotFound(asked.RoleId);
                if ((await call.HeldByAccountAsync(account.Id)).Refused(out refusal, out var held))
                    return refusal;
                if (held.Find(x => x.Role == role) is not { } given)
                    return AccountRefusals.RoleNotHeld(asked.RoleId);
                return (await call.SendAsync(new RemoveRoleFromAccount.Command(given.Id))).Refused(out refusal, out _)
                    ? refusal
                    : await call.RolesOfAccountAsync(account);
            });
    }
}
