using Licensing.Identity.Contracts;
using Licensing.Provisioning.Data;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>Opens a customer of the key's partner with a user who may log in at once.</summary>
internal static class OpenCustomer
{
    [Needs(ProvisioningPermissions.CustomersManage), InPerson]
    public sealed record Command(NewCustomer Customer, string Industry, string Language) : ICommand<OrganizationRef>
    {
        // The password is in there.
        public override string ToString() => nameof(OpenCustomer);
    }

    /// <summary>The new customer's number.</summary>
    public sealed record NewCustomerCode(int CustomerCode);

    internal sealed class Handler(ProvisioningDb db, ICustomerAccounts accounts, Principal principal) : ICommandHandler<Command, OrganizationRef>
    {
        public async Task<Result<OrganizationRef>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (OrganizationPath.LevelOf(principal.Access.Path) is not OrganizationKind.Partner)
                return CustomerRefusals.PartnerKeyRequired;
            var customer = command.Customer with { Partner = new OrganizationId(principal.Access.OrganizationId) };
            if ((await accounts.OpenAsync(customer, cancellationToken)).Refused(out var refusal, out var tenant))
                return CustomerRefusals.InParameters(refusal);
            db.Add(CustomerProfile.Of(tenant, command.Industry, command.Language));
            return tenant;
        }
    }

    /// <summary>The customer and his user.</summary>
    /// <param name="Email">The user's address, by which he logs in.</param>
    /// <param name="Password">The user's password.</param>
    /// <param name="CustomerName">The user's name.</param>
    /// <param name="CountryCode">ISO 3166-1, two letters.</param>
    /// <param name="IndustryCode">A code of <c>/customerarea/directory/industries</c>.</param>
    /// <param name="CompanyName">Needed unless the industry is <c>family</c>.</param>
    /// <param name="CustomerSurname">The user's surname.</param>
    /// <param name="Phone">The user's telephone number.</param>
    /// <param name="Lang">The customer's language; EN where it is not said.</param>
    public sealed record Asked(
        [Text(254)] string Email, [Password] string Password, [Text(100)] string CustomerName, [Text(2)] string CountryCode,
        [Text(50)] string IndustryCode, [Text(200)] string? CompanyName = null, [Text(100)] string? CustomerSurname = null,
        [Text(50)] string? Phone = null, [Language] string Lang = "EN") : IHaveRules
    {
        IEnumerable<FieldError> IHaveRules.Errors
        {
            get
            {
                if (!Industries.All.ContainsKey(IndustryCode))
                    yield return new("/industry_code", "unknown_industry", "industry_code must be a code of /customerarea/directory/industries.");
                if (IndustryCode != Industries.Family && CompanyName is null)
                    yield return new("/company_name", "required", "company_name is required.");
            }
        }

        public Command AsCommand()
        {
            var person = CustomerSurname is null ? CustomerName : $"{CustomerName} {CustomerSurname}";
            return new(
                new NewCustomer(default, CompanyName ?? person, CountryCode.ToUpperInvariant(), Email, Password, person, Phone), IndustryCode,
                Lang.ToUpperInvariant());
        }

        public override string ToString() => nameof(OpenCustomer);
    }

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaPost<Asked, Command, NewCustomerCode>("/customers/new", nameof(OpenCustomer), "Opens a customer with a user of his own",
            async (asked, sender, ct) => (await sender.Send(asked.AsCommand(), ct)).As(x => new NewCustomerCode(x.Code)));
}
