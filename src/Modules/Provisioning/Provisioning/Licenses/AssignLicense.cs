using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.CustomerArea;
using Licensing.Provisioning.Data;

namespace Licensing.Provisioning.Licenses;

/// <summary>Assigns a paid licence to a customer. It and the deduction from the partner's credit appear together or not at all.</summary>
internal static class AssignLicense
{
    [Needs(ProvisioningPermissions.LicensesManage)]
    public sealed record Command(int Customer, string Code, string Info, Currency Currency, bool Notify, string Language) : ICommand<LicenseView>;

    internal sealed class Handler(
        ProvisioningDb db, CustomerLicenses held, ILicenseEditions editions, IPrepaidCredit credit, Notices notices, BillingCalendar calendar,
        TimeProvider clock) : ICommandHandler<Command, LicenseView>
    {
        public async Task<Result<LicenseView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await held.HoldCustomerAsync(command.Customer, cancellationToken)).Refused(out var refusal, out var tenant))
                return refusal;
            if (!tenant.Active)
                return TenantRefusals.NotActive;
            if (await editions.FindAsync(command.Code, cancellationToken) is not { } edition)
                return LicenseRefusals.UnknownEdition(command.Code);
            if (edition.PriceIn(command.Currency) is not { } price)
                return LicenseRefusals.NotSoldIn(edition.Code, command.Currency);

            var now = clock.GetUtcNow();
            var license = License.Assign(Id.New<LicenseId>(now), tenant, edition, price, command.Info, now);
            if ((await credit.SpendAsync(license, $"license {license.Code} for customer {tenant.Code}", cancellationToken))
                .Refused(out refusal, out _))
                return refusal;
            db.Add(license);
            db.Publish(new LicenseAssigned(license.Id, license.TenantId, license.Code, false, null, now));
            if (command.Notify)
            {
                var language = await notices.LanguageOfAsync(tenant.Id, cancellationToken) ?? command.Language;
                await notices.AssignedAsync(tenant, license, language, cancellationToken);
            }

            return LicenseView.Of(license, calendar.DayOf(now));
        }
    }

    /// <summary>What to assign to whom, and what to pay with.</summary>
    /// <param name="CustomerCode">The customer's number.</param>
    /// <param name="LicenseCode">The edition's code.</param>
    /// <param name="LicenseInfo">What the license is for, in the partner's words.</param>
    /// <param name="AcceptNotifications">Whether the customer is told by mail; true where it is not said.</param>
    /// <param name="CurrencyCode">ISO 4217; EUR where it is not said.</param>
    /// <param name="Lang">The language of names; EN where it is not said, and where there is no name in it.</param>
    public sealed record Asked(
        int CustomerCode, [Text(50)] string LicenseCode, [Text(200, HasLines = true)] string LicenseInfo, bool AcceptNotifications = true,
        Currency? CurrencyCode = null, [Language] string Lang = "EN")
    {
        public Command AsCommand() => new(CustomerCode, LicenseCode, LicenseInfo, CurrencyCode ?? Area.Currency, AcceptNotifications, Lang);
    }

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaPost<Asked, Command, AreaLicense>(
            "/licenses/bulk", nameof(AssignLicense), "Assigns a paid licence, deducting its price from the partner's credit",
            async (asked, sender, ct) => (await sender.Send(asked.AsCommand(), ct)).As(x => AreaLicense.Of(x, asked.Lang)))
        .Produces(StatusCodes.Status402PaymentRequired);
}
