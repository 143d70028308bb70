using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;

namespace Licensing.Identity.Reseller;

/// <summary>Opens an account of the caller's reseller.</summary>
internal static class CreateAccount
{
    /// <summary>The new account.</summary>
    /// <param name="Name">What it is called.</param>
    /// <param name="CountryCode">ISO 3166-1 alpha-2.</param>
    /// <param name="CurrencyCode">ISO 4217; it stays.</param>
    /// <param name="ContactEmail">Whom to reach there.</param>
    /// <param name="CompanyName">Its legal name.</param>
    /// <param name="Notes">For the reseller alone, at most 2,000 characters.</param>
    public sealed record CreateAccountRequest(
        string Name, string CountryCode, string CurrencyCode, string ContactEmail, string? CompanyName = null, string? Notes = null);

    /// <summary>The number of what was created.</summary>
    public sealed record CreatedAccount(int AccountId);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<CreateAccountRequest, CreateTenant.Command, CreatedAccount>(
            nameof(CreateAccount), "Opens an account of the reseller", async (asked, call) =>
            {
                if (OrganizationPath.LevelOf(call.Principal.Access.Path) is not OrganizationKind.Partner)
                    return AccountRefusals.ResellerRequired;
                if (!Currency.TryParse(asked.CurrencyCode, out var currency))
                    return AccountRefusals.UnknownCurrency;
                // The reseller knows it by its number; what it is called below him only has to be its own.
                var externalId = $"account-{Id.NewGuid(call.Of<TimeProvider>().GetUtcNow()):N}";
                var command = new CreateTenant.Command(
                    new OrganizationId(call.Principal.Access.OrganizationId), externalId, asked.Name, asked.CompanyName,
                    asked.CountryCode, currency, new Contact(Email: asked.ContactEmail))
                { Notes = asked.Notes };
                return (await call.SendAsync(command)).Refused(out var refusal, out var opened) ? refusal : new CreatedAccount(opened.Code);
            }, FindAccount.Names);
}
