using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.CustomerArea;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Licenses;

/// <summary>Ends a licence. One whose clock never started gives its credit back in full, any other none.</summary>
internal static class CancelLicense
{
    [Needs(ProvisioningPermissions.LicensesManage)]
    public sealed record Command(int Customer, LicenseId Id) : ICommand<LicenseView>;

    internal sealed class Handler(ProvisioningDb db, CustomerLicenses held, IPrepaidCredit credit, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, LicenseView>
    {
        public async Task<Result<LicenseView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await held.HoldAsync(command.Customer, command.Id, cancellationToken)).Refused(out var refusal, out var found))
                return refusal;
            var (license, now) = (found.License, clock.GetUtcNow());
            var today = calendar.DayOf(now);
            if (license.Cancel(today, now).Refused(out refusal, out var cancelled))
                return refusal;

            if (cancelled.GivenBack && (await credit.GiveBackAsync(license.PartnerId, license.CreditKey, cancellationToken)).Refused(out refusal, out _))
                return refusal;
            if (cancelled.GivenBack && license.RenewsId is { } before)
                (await db.Licenses.SingleAsync(x => x.Id == before, cancellationToken)).NotRenewed();
            db.Publish(cancelled);
            return LicenseView.Of(license, today);
        }
    }

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaPost<Command, AreaLicense>("/licenses/cancel", nameof(CancelLicense), "Cancels a licence; one never activated gives its credit back",
            ["license_id", "customer_code", "lang"],
            async (given, sender, ct) =>
            {
                var (customer, id, language) = (given.Number("customer_code"), given.LicenseId(), given.Language());
                return given.Broken ?? (await sender.Send(new Command(customer, id), ct)).As(x => AreaLicense.Of(x, language));
            });
}
