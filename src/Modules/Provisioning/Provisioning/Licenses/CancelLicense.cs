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

            if (cancelled.GivenBack)
                await credit.GiveBackAsync(license.PartnerId, license.CreditKey, cancellationToken);
            if (cancelled.GivenBack && license.RenewsId is { } before)
                (await db.Licenses.SingleAsync(x => x.Id == before, cancellationToken)).NotRenewed();
            db.Publish(cancelled);
            return LicenseView.Of(license, today);
        }
    }

    /// <summary>Which license of which customer.</summary>
    /// <param name="LicenseId">The license's id.</param>
    /// <param name="CustomerCode">The customer's number.</param>
    /// <param name="Lang">The language of names; EN where it is not said, and where there is no name in it.</param>
    public sealed record Asked(LicenseId LicenseId, int CustomerCode, [Language] string Lang = "EN");

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaPost<Asked, Command, AreaLicense>(
            "/licenses/cancel", nameof(CancelLicense), "Cancels a licence; one never activated gives its credit back",
            async (asked, sender, ct) =>
                (await sender.Send(new Command(asked.CustomerCode, asked.LicenseId), ct)).As(x => AreaLicense.Of(x, asked.Lang)));
}
