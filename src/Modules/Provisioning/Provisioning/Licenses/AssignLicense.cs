using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.CustomerArea;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Subscriptions;

namespace Licensing.Provisioning.Licenses;

/// <summary>Assigns a paid licence to a customer. It and the deduction from the partner's credit appear together or not at all.</summary>
internal static class AssignLicense
{
    [Needs(ProvisioningPermissions.LicensesManage)]
    public sealed record Command(int Customer, string Code, string Info, Currency Currency, bool Notify) : ICommand<LicenseView>;

    internal sealed class Handler(
        ProvisioningDb db, CustomerLicenses held, ILicenseEditions editions, IPrepaidCredit credit, Notices notices, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, LicenseView>
    {
        public async Task<Result<LicenseView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await held.HoldCustomerAsync(command.Customer, cancellationToken)).Refused(out var refusal, out var tenant))
                return refusal;
            if (!tenant.Active)
                return SubscriptionRefusals.TenantNotActive;
            if (await editions.FindAsync(command.Code, cancellationToken) is not { } edition)
                return LicenseRefusals.UnknownEdition(command.Code);
            if (edition.PriceIn(command.Currency) is not { } price)
                return LicenseRefusals.NotSoldIn(edition.Code, command.Currency);

            var now = clock.GetUtcNow();
            var license = License.Assign(Id.New<LicenseId>(now), tenant, edition, price, command.Info, now);
            if ((await credit.SpendAsync(license, $"license {license.Code} for customer {tenant.Code}", cancellationToken)).Refused(out refusal, out _))
                return refusal;
            db.Add(license);
            db.Publish(new LicenseAssigned(license.Id, license.TenantId, license.Code, false, null, now));
            if (command.Notify)
                await notices.AssignedAsync(tenant, license, "EN", cancellationToken);
            return LicenseView.Of(license, calendar.DayOf(now));
        }
    }

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaPost<Command, AreaLicense>("/licenses/bulk", nameof(AssignLicense), "Assigns a paid licence, deducting its price from the partner's credit",
            ["customer_code", "license_code", "license_info", "accept_notifications", "currency_code", "lang"],
            async (given, sender, ct) =>
            {
                var (customer, code, info) = (given.Number("customer_code"), given.Text("license_code", 50), given.Text("license_info", 200, lines: true));
                var (notify, currency, language) = (given.Flag("accept_notifications"), given.Currency(), given.Language());
                return given.Broken ?? (await sender.Send(new Command(customer, code, info, currency, notify), ct)).As(x => AreaLicense.Of(x, language));
            });
}

internal static class LicensePayment
{
    extension(IPrepaidCredit credit)
    {
        /// <summary>Takes a licence's amount and points from its partner's credit.</summary>
        public Task<Result<Done>> SpendAsync(License license, string reference, CancellationToken ct) => credit.SpendAsync(
            license.PartnerId, license.CreditKey, reference,
            [new CreditAmount(license.Currency!, license.Amount), new CreditAmount(CreditAmount.Points, license.Points)], ct);
    }
}
