using Licensing.Doors.Reseller;

namespace Licensing.Identity.Reseller;

/// <summary>Keeps a user out.</summary>
internal static class DisableUser
{
    /// <summary>Which user.</summary>
    /// <param name="UserId">His number.</param>
    public sealed record DisableUserRequest(int UserId);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<DisableUserRequest, Users.DisableUser.Command, AccountUser>(
            nameof(DisableUser), "Keeps a user out and ends what he has open",
            (asked, call) => call.WithUserAsync(asked.UserId, found => new Users.DisableUser.Command(found.Id)));
}
