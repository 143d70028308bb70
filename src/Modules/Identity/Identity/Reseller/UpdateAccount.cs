using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;

namespace Licensing.Identity.Reseller;

/// <summary>Changes what is said of an account; what is left out stays, and an empty text takes away.</summary>
internal static class UpdateAccount
{
    /// <summary>What changes.</summary>
    /// <param name="AccountId">Which account.</param>
    /// <param name="Name">What it is called.</param>
    /// <param name="CompanyName">Its legal name.</param>
    /// <param name="CountryCode">ISO 3166-1 alpha-2.</param>
    /// <param name="ContactEmail">Whom to reach there.</param>
    /// <param name="Notes">For the reseller alone, at most 2,000 characters.</param>
    public sealed record UpdateAccountRequest(
        int AccountId, string? Name = null, string? CompanyName = null, string? CountryCode = null, string? ContactEmail = null,
        string? Notes = null);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<UpdateAccountRequest, PatchOrganization.Command, Account>(
            nameof(UpdateAccount), "Changes an account",
            (asked, call) => call.WithAccountAsync(asked.AccountId, id => new PatchOrganization.Command
            {
                Kind = OrganizationKind.Tenant,
                Id = id,
                DisplayName = asked.Name is null ? default : new(asked.Name),
                LegalName = Said(asked.CompanyName),
                Country = asked.CountryCode is null ? default : new(asked.CountryCode),
                ContactEmail = Said(asked.ContactEmail),
                Notes = Said(asked.Notes),
            }),
            FindAccount.Names);

    internal static Optional<string?> Said(string? text) => text switch { null => default, "" => new(null), _ => new(text) };
}
