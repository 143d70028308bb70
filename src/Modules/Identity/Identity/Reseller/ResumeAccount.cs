using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;

namespace Licensing.Identity.Reseller;

/// <summary>Gives the right to write back to an account.</summary>
internal static class ResumeAccount
{
    /// <summary>Which account.</summary>
    /// <param name="AccountId">Its number.</param>
    public sealed record ResumeAccountRequest(int AccountId);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<ResumeAccountRequest, ResumeOrganization.Command, Account>(
            nameof(ResumeAccount), "Ends the suspension of an account",
            (asked, call) => call.WithAccountAsync(asked.AccountId, id => new ResumeOrganization.Command(OrganizationKind.Tenant, id)));
}
