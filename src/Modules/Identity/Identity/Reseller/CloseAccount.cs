using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;

namespace Licensing.Identity.Reseller;

/// <summary>Ends an account in which nothing lives any more, for good.</summary>
internal static class CloseAccount
{
    /// <summary>Which account.</summary>
    /// <param name="AccountId">Its number.</param>
    public sealed record CloseAccountRequest(int AccountId);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<CloseAccountRequest, CloseOrganization.Command, Account>(
            nameof(CloseAccount), "Closes an account for good",
            (asked, call) => call.WithAccountAsync(asked.AccountId, id => new CloseOrganization.Command(OrganizationKind.Tenant, id)));
}
