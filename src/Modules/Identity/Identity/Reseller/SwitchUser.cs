using Licensing.Doors.Reseller;
using Licensing.Identity.Users;

namespace Licensing.Identity.Reseller;

/// <summary>Keeps a user out, lets him in again, and gives him another password.</summary>
internal static class SwitchUser
{
    /// <summary>Which user.</summary>
    /// <param name="UserId">His number.</param>
    public sealed record DisableUserRequest(int UserId);

    /// <summary>Which user.</summary>
    /// <param name="UserId">His number.</param>
    public sealed record EnableUserRequest(int UserId);

    /// <summary>Which user, and his new password.</summary>
    /// <param name="UserId">His number.</param>
    /// <param name="Password">More than 8 characters, of three kinds.</param>
    /// <param name="ChangePasswordAtNextLogon">Whether it is good for its change alone.</param>
    public sealed record ResetUserPasswordRequest(int UserId, string Password, bool ChangePasswordAtNextLogon = false)
    {
        public override string ToString() => nameof(ResetUserPasswordRequest);
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReseller<DisableUserRequest, DisableUser.Command, AccountUser>(
            nameof(DisableUser), "Keeps a user out and ends what he has open",
            (asked, call) => call.WithUserAsync(asked.UserId, found => new DisableUser.Command(found.Id)));
        routes.MapReseller<EnableUserRequest, EnableUser.Command, AccountUser>(
            nameof(EnableUser), "Lets a disabled user in again",
            (asked, call) => call.WithUserAsync(asked.UserId, found => new EnableUser.Command(found.Id)));
        routes.MapReseller<ResetUserPasswordRequest, GivePassword.Command, AccountUser>(
            "ResetUserPassword", "Gives a user another password and ends what he has open",
            (asked, call) => call.WithUserAsync(
                asked.UserId, found => new GivePassword.Command(found.Id, asked.Password, asked.ChangePasswordAtNextLogon)),
            FindAccountUser.Names);
    }
}
