using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;

namespace Licensing.Identity.Reseller;

/// <summary>Takes the right to write from an account.</summary>
internal static class SuspendAccount
{
    private const string Reason = "Suspended by the reseller.";

    /// <summary>Which account, and why.</summary>
    /// <param name="AccountId">Which account.</param>
    /// <param name="Reason">At most 500 characters.</param>
    public sealed record SuspendAccountRequest(int AccountId, string? Reason = null);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<SuspendAccountRequest, SuspendOrganization.Command, Account>(
            nameof(SuspendAccount), "Suspends an account: its users read and change nothing",
            (asked, call) => call.WithAccountAsync(
                asked.AccountId, id => new SuspendOrganization.Command(OrganizationKind.Tenant, id, asked.Reason ?? Reason)));
}
