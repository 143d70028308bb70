using Licensing.Doors.Reseller;
using Licensing.Identity.Users;

namespace Licensing.Identity.Reseller;

/// <summary>Gives a user another password.</summary>
internal static class ResetUserPassword
{
    /// <summary>Which user, and his new password.</summary>
    /// <param name="UserId">His number.</param>
    /// <param name="Password">More than 8 characters, of three kinds.</param>
    /// <param name="ChangePasswordAtNextLogon">Whether it is good for its change alone.</param>
    public sealed record ResetUserPasswordRequest(int UserId, string Password, bool ChangePasswordAtNextLogon = false)
    {
        public override string ToString() => nameof(ResetUserPasswordRequest);
    }

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<ResetUserPasswordRequest, GivePassword.Command, AccountUser>(
            nameof(ResetUserPassword), "Gives a user another password and ends what he has open",
            (asked, call) => call.WithUserAsync(
                asked.UserId, found => new GivePassword.Command(found.Id, asked.Password, asked.ChangePasswordAtNextLogon)),
            FindAccountUser.Names);
}
