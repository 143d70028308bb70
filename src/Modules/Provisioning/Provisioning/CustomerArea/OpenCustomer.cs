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
                return CustomerRefusals.NotAPartner;
            var customer = command.Customer with { Partner = new OrganizationId(principal.Access.OrganizationId) };
            if ((await accounts.OpenAsync(customer, cancellationToken)).Refused(out var refusal, out var tenant))
                return CustomerRefusals.InParameters(refusal);
            db.Add(CustomerProfile.Of(tenant, command.Industry, command.Language));
            return tenant;
        }
    }

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaPost<Command, NewCustomerCode>("/customers/new", nameof(OpenCustomer), "Opens a customer with a user of his own",
            ["email", "password", "customer_name", "country_code", "industry_code", "company_name", "customer_surname", "phone", "lang"],
            async (given, sender, ct) =>
            {
                var (email, password, name) = (given.Text("email", 254), given.Password(), given.Text("customer_name", 100));
                var (country, industry, surname) = (given.Text("country_code", 2), given.Text("industry_code", 50), given.OptionalText("customer_surname", 100));
                var (phone, language) = (given.OptionalText("phone", 50), given.Language());
                if (industry.Length > 0 && !Industries.All.ContainsKey(industry))
                    given.Refuse("industry_code", "unknown_industry", "must be a code of /customerarea/directory/industries.");
                var company = industry == Industries.Family ? given.OptionalText("company_name", 200) : given.Text("company_name", 200);
                var person = surname is null ? name : $"{name} {surname}";
                var customer = new NewCustomer(default, company is { Length: > 0 } ? company : person, country.ToUpperInvariant(), email, password, person, phone);
                return given.Broken ?? (await sender.Send(new Command(customer, industry, language), ct)).As(x => new NewCustomerCode(x.Code));
            });
}

internal static class CustomerRefusals
{
    public static Refusal NotAPartner { get; } = new(RefusalKind.Forbidden, "not_a_partner", "Customers are opened with the key of a partner.");

    // What Identity calls its fields is not what this door does.
    private static readonly Dictionary<string, string> Names = new()
    {
        ["/displayName"] = "company_name",
        ["/personName"] = "customer_name",
        ["/country"] = "country_code",
        ["/email"] = "email",
        ["/phone"] = "phone",
        ["/password"] = "password",
    };

    public static Refusal InParameters(Refusal refusal) => refusal with
    {
        Fields = [.. refusal.Fields.Select(f => Names.TryGetValue(f.Pointer, out var name) ? f with { Pointer = "/" + name, Message = Renamed(f, name) } : f)],
    };

    private static string Renamed(FieldError error, string name) => error.Message.Replace(error.Pointer[1..] + " ", name + " ", StringComparison.Ordinal);
}
