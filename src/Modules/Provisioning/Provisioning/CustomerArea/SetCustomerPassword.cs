using Licensing.Identity.Contracts;
using Licensing.Provisioning.Licenses;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>Gives a customer's user another password; whatever he had open ends.</summary>
internal static class SetCustomerPassword
{
    [Needs(ProvisioningPermissions.CustomersManage), InPerson]
    public sealed record Command(int Customer, string Password) : ICommand<Done>
    {
        public override string ToString() => $"{nameof(SetCustomerPassword)} {Customer}";
    }

    /// <summary>Done.</summary>
    public sealed record PasswordSet(int CustomerCode);

    internal sealed class Handler(CustomerLicenses held, ICustomerAccounts accounts) : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken) =>
            (await held.HoldCustomerAsync(command.Customer, cancellationToken)).Refused(out var refusal, out var tenant)
                ? refusal
                : await accounts.SetPasswordAsync(tenant.Id, command.Password, cancellationToken);
    }

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaPost<Command, PasswordSet>("/customers/password", nameof(SetCustomerPassword), "Sets the password of a customer's user",
            ["customer_code", "password", "lang"],
            async (given, sender, ct) =>
            {
                var (customer, password, _) = (given.Number("customer_code"), given.Password(), given.Language());
                return given.Broken ?? (await sender.Send(new Command(customer, password), ct)).As(_ => new PasswordSet(customer));
            });
}
