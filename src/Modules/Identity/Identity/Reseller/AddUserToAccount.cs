using Licensing.Doors.Reseller;
using Licensing.Identity.Users;

namespace Licensing.Identity.Reseller;

/// <summary>Adds a user who may log in at once, with the roles that his account has.</summary>
internal static class AddUserToAccount
{
    /// <summary>The new user.</summary>
    /// <param name="AccountId">Whose user.</param>
    /// <param name="Username">3 to 64 letters, digits, dots, dashes or underscores; nobody else's.</param>
    /// <param name="Password">More than 8 characters, of three kinds.</param>
    /// <param name="Firstname">His first name.</param>
    /// <param name="LastName">His last name.</param>
    /// <param name="EmailAddress">Where he is written to; nobody else's.</param>
    /// <param name="MobilePhoneNumber">E.164.</param>
    /// <param name="LandlinePhoneNumber">E.164.</param>
    /// <param name="Notes">At most 2,000 characters.</param>
    /// <param name="ChangePasswordAtNextLogon">Whether the password is good for its change alone.</param>
    public sealed record AddUserToAccountRequest(
        int AccountId, string Username, string Password, string Firstname, string LastName, string EmailAddress, string MobilePhoneNumber,
        string LandlinePhoneNumber, string? Notes = null, bool ChangePasswordAtNextLogon = false)
    {
        public override string ToString() => nameof(AddUserToAccountRequest);
    }

    /// <summary>The number of who was added.</summary>
    public sealed record AddedUser(int UserId);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<AddUserToAccountRequest, CreateUser.Command, AddedUser>(
            nameof(AddUserToAccount), "Adds a user to an account", async (asked, call) =>
            {
                if (asked.Firstname.Length == 0)
                    return ResellerRefusals.Field("Firstname", "not_empty", "must not be empty.");
                if (asked.LastName.Length == 0)
                    return ResellerRefusals.Field("LastName", "not_empty", "must not be empty.");
                if ((await call.SendAsync(new FindAccount.Query(asked.AccountId))).Refused(out var refusal, out var account))
                    return refusal;
                var command = new CreateUser.Command(
                    asked.EmailAddress, $"{asked.Firstname} {asked.LastName}", account.Id, Password: asked.Password,
                    MustChangePassword: asked.ChangePasswordAtNextLogon)
                {
                    OfResellerService = true,
                    Username = asked.Username,
                    FirstName = asked.Firstname,
                    LastName = asked.LastName,
                    MobilePhone = asked.MobilePhoneNumber,
                    LandlinePhone = asked.LandlinePhoneNumber,
                    Notes = asked.Notes,
                };
                return (await call.SendAsync(command)).Refused(out refusal, out var added) ? refusal : new AddedUser(added.Code);
            }, FindAccountUser.Names);
}
