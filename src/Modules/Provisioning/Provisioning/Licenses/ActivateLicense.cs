using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.CustomerArea;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Subscriptions;

namespace Licensing.Provisioning.Licenses;

/// <summary>Starts a licence's clock.</summary>
internal static class ActivateLicense
{
    [Needs(ProvisioningPermissions.LicensesManage)]
    public sealed record Command(int Customer, LicenseId Id) : ICommand<LicenseView>;

    internal sealed class Handler(ProvisioningDb db, CustomerLicenses held, BillingCalendar calendar, TimeProvider clock) : ICommandHandler<Command, LicenseView>
    {
        public async Task<Result<LicenseView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await held.HoldAsync(command.Customer, command.Id, cancellationToken)).Refused(out var refusal, out var found))
                return refusal;
            if (!found.Tenant.Active)
                return SubscriptionRefusals.TenantNotActive;
            var today = calendar.DayOf(clock.GetUtcNow());
            if (found.License.Activate(today).Refused(out refusal, out var activated))
                return refusal;

            db.Publish(activated);
            db.Publish(new LicenseEndDue(activated.Id), calendar.StartOf(activated.EndsOn));
            return LicenseView.Of(found.License, today);
        }
    }

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaPost<Command, AreaLicense>("/licenses/activate", nameof(ActivateLicense), "Activates a licence; its clock starts",
            ["license_id", "customer_code", "lang"],
            async (given, sender, ct) =>
            {
                var (customer, id, language) = (given.Number("customer_code"), given.LicenseId(), given.Language());
                return given.Broken ?? (await sender.Send(new Command(customer, id), ct)).As(x => AreaLicense.Of(x, language));
            });
}
