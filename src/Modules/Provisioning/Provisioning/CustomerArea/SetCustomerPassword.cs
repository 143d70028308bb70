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

    /// <summary>Whose password, and which.</summary>
    /// <param name="CustomerCode">The customer's number.</param>
    /// <param name="Password">The new password.</param>
    /// <param name="Lang">Taken as everywhere in this door, and without effect: no names are answered.</param>
    public sealed record Asked(int CustomerCode, [Password] string Password, [Language] string Lang = "EN")
    {
        public override string ToString() => $"{nameof(SetCustomerPassword)} {CustomerCode}";
    }

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaPost<Asked, Command, PasswordSet>("/customers/password", nameof(SetCustomerPassword), "Sets the password of a customer's user",
            async (asked, sender, ct) =>
                (await sender.Send(new Command(asked.CustomerCode, asked.Password), ct)).As(_ => new PasswordSet(asked.CustomerCode)));
}
