using Licensing.Doors.Reseller;

namespace Licensing.Identity.Reseller;

/// <summary>Lets a user in again.</summary>
internal static class EnableUser
{
    /// <summary>Which user.</summary>
    /// <param name="UserId">His number.</param>
    public sealed record EnableUserRequest(int UserId);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<EnableUserRequest, Users.EnableUser.Command, AccountUser>(
            nameof(EnableUser), "Lets a disabled user in again",
            (asked, call) => call.WithUserAsync(asked.UserId, found => new Users.EnableUser.Command(found.Id)));
}
