using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.CustomerArea;
using Licensing.Provisioning.Data;

namespace Licensing.Provisioning.Licenses;

/// <summary>Starts a licence's clock.</summary>
internal static class ActivateLicense
{
    [Needs(ProvisioningPermissions.LicensesManage)]
    public sealed record Command(int Customer, LicenseId Id) : ICommand<LicenseView>;

    internal sealed class Handler(ProvisioningDb db, CustomerLicenses held, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, LicenseView>
    {
        public async Task<Result<LicenseView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await held.HoldAsync(command.Customer, command.Id, cancellationToken)).Refused(out var refusal, out var found))
                return refusal;
            if (!found.Tenant.Active)
                return TenantRefusals.NotActive;
            var today = calendar.DayOf(clock.GetUtcNow());
            if (found.License.Activate(today).Refused(out refusal, out var activated))
                return refusal;

            db.Publish(activated);
            db.Publish(new LicenseEndDue(activated.Id), calendar.StartOf(activated.EndsOn));
            return LicenseView.Of(found.License, today);
        }
    }

    /// <summary>Which license of which customer.</summary>
    /// <param name="LicenseId">The license's id.</param>
    /// <param name="CustomerCode">The customer's number.</param>
    /// <param name="Lang">The language of names; EN where it is not said, and where there is no name in it.</param>
    public sealed record Asked(LicenseId LicenseId, int CustomerCode, [Language] string Lang = "EN");

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaPost<Asked, Command, AreaLicense>("/licenses/activate", nameof(ActivateLicense), "Activates a licence; its clock starts",
            async (asked, sender, ct) =>
                (await sender.Send(new Command(asked.CustomerCode, asked.LicenseId), ct)).As(x => AreaLicense.Of(x, asked.Lang)));
}
