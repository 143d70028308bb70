using Licensing.Doors.Reseller;
using Licensing.Identity.Users;

namespace Licensing.Identity.Reseller;

/// <summary>Changes what is said of a user; what is left out stays.</summary>
internal static class UpdateUser
{
    /// <summary>What changes.</summary>
    /// <param name="UserId">Which user.</param>
    /// <param name="Username">3 to 64 letters, digits, dots, dashes or underscores; nobody else's.</param>
    /// <param name="Firstname">His first name.</param>
    /// <param name="LastName">His last name.</param>
    /// <param name="EmailAddress">Where he is written to; told at both when it changes.</param>
    /// <param name="MobilePhoneNumber">E.164.</param>
    /// <param name="LandlinePhoneNumber">E.164.</param>
    /// <param name="Notes">At most 2,000 characters; an empty text takes them away.</param>
    public sealed record UpdateUserRequest(
        int UserId, string? Username = null, string? Firstname = null, string? LastName = null, string? EmailAddress = null,
        string? MobilePhoneNumber = null, string? LandlinePhoneNumber = null, string? Notes = null);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<UpdateUserRequest, PatchUser.Command, AccountUser>(
            nameof(UpdateUser), "Changes a user", (asked, call) => call.WithUserAsync(asked.UserId, found => new PatchUser.Command
            {
                Id = found.Id,
                Email = asked.EmailAddress is null ? default : new(asked.EmailAddress),
                Username = Changed(asked.Username),
                FirstName = Changed(asked.Firstname),
                LastName = Changed(asked.LastName),
                // What people see of him is made of both, also of the one that stays.
                DisplayName = asked.Firstname is null && asked.LastName is null
                    ? default
                    : new($"{asked.Firstname ?? found.User.Firstname} {asked.LastName ?? found.User.LastName}".Trim()),
                MobilePhone = Changed(asked.MobilePhoneNumber),
                LandlinePhone = Changed(asked.LandlinePhoneNumber),
                Notes = UpdateAccount.Said(asked.Notes),
            }), FindAccountUser.Names);

    // There is always one: an empty text is none, and refused.
    private static Optional<string?> Changed(string? text) => text is null ? default : new(text);
}
