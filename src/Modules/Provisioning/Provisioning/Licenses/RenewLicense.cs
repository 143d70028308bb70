using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.CustomerArea;
using Licensing.Provisioning.Data;

namespace Licensing.Provisioning.Licenses;

/// <summary>Buys a successor of the same edition at today's price; it starts by itself when this licence ends.</summary>
internal static class RenewLicense
{
    /// <param name="Currency">Null: the one that the licence was paid in.</param>
    [Needs(ProvisioningPermissions.LicensesManage)]
    public sealed record Command(int Customer, LicenseId Id, Currency? Currency) : ICommand<LicenseView>;

    internal sealed class Handler(
        ProvisioningDb db, CustomerLicenses held, ILicenseEditions editions, IPrepaidCredit credit, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, LicenseView>
    {
        public async Task<Result<LicenseView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await held.HoldAsync(command.Customer, command.Id, cancellationToken)).Refused(out var refusal, out var found))
                return refusal;
            var (license, now) = (found.License, clock.GetUtcNow());
            var today = calendar.DayOf(now);
            if (!found.Tenant.Active)
                return TenantRefusals.NotActive;
            if (license.StatusOn(today) is not LicenseStatus.Active and var status)
                return LicenseRefusals.NotRenewable(status);
            if (await editions.FindAsync(license.Code, cancellationToken) is not { } edition)
                return LicenseRefusals.EditionGone(license.Code);
            var currency = command.Currency ?? license.Price!.Value.Currency;
            if (edition.PriceIn(currency) is not { } price)
                return LicenseRefusals.NotSoldIn(edition.Code, currency);

            if (license.Renew(Id.New<LicenseId>(now), found.Tenant, edition, price, today, now).Refused(out refusal, out var successor))
                return refusal;
            if ((await credit.SpendAsync(successor, $"renewal of license {successor.Code} for customer {found.Tenant.Code}", cancellationToken))
                .Refused(out refusal, out _))
                return refusal;
            db.Add(successor);
            db.Publish(new LicenseAssigned(successor.Id, successor.TenantId, successor.Code, false, license.Id, now));
            db.Publish(new LicenseStartDue(successor.Id), calendar.StartOf(successor.StartsOn!.Value));
            db.Publish(new LicenseEndDue(successor.Id), calendar.StartOf(successor.EndsOn!.Value));
            return LicenseView.Of(successor, today);
        }
    }

    /// <summary>Which license of which customer, and what to pay with.</summary>
    /// <param name="LicenseId">The license's id.</param>
    /// <param name="CustomerCode">The customer's number.</param>
    /// <param name="CurrencyCode">ISO 4217; the one that the license was paid in where it is not said.</param>
    /// <param name="Lang">The language of names; EN where it is not said, and where there is no name in it.</param>
    public sealed record Asked(LicenseId LicenseId, int CustomerCode, Currency? CurrencyCode = null, [Language] string Lang = "EN");

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaPost<Asked, Command, AreaLicense>("/licenses/renew", nameof(RenewLicense), "Renews a licence: a successor starts when this one ends",
            async (asked, sender, ct) =>
                (await sender.Send(new Command(asked.CustomerCode, asked.LicenseId, asked.CurrencyCode), ct)).As(x => AreaLicense.Of(x, asked.Lang)))
        .Produces(StatusCodes.Status402PaymentRequired);
}
