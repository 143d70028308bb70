using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.CustomerArea;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Subscriptions;
using Npgsql;

namespace Licensing.Provisioning.Licenses;

/// <summary>Gives a customer a free trial of 30 days, at most twice ever.</summary>
internal static class AssignDemoLicense
{
    [Needs(ProvisioningPermissions.LicensesManage)]
    public sealed record Command(int Customer, string Language, bool Notify) : ICommand<LicenseView>;

    internal sealed class Handler(
        ProvisioningDb db, DbSession session, CustomerLicenses held, ILicenseEditions editions, Notices notices, ProvisioningSettings settings,
        BillingCalendar calendar, TimeProvider clock) : ICommandHandler<Command, LicenseView>
    {
        public async Task<Result<LicenseView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await held.HoldCustomerAsync(command.Customer, cancellationToken)).Refused(out var refusal, out var tenant))
                return refusal;
            if (!tenant.Active)
                return SubscriptionRefusals.TenantNotActive;
            if (!await TakeOneAsync(tenant.Id.Value, cancellationToken))
                return LicenseRefusals.DemosUsedUp;

            var now = clock.GetUtcNow();
            var today = calendar.DayOf(now);
            var edition = await editions.DemoAsync(cancellationToken) ?? settings.Demo.Edition;
            var license = License.Try(Id.New<LicenseId>(now), tenant, edition, today, now);
            db.Add(license);
            db.Publish(new LicenseAssigned(license.Id, license.TenantId, license.Code, true, null, now));
            db.Publish(new LicenseActivated(license.Id, license.TenantId, today, license.EndsOn!.Value));
            db.Publish(new LicenseEndDue(license.Id), calendar.StartOf(license.EndsOn.Value));
            if (command.Notify)
                await notices.AssignedAsync(tenant, license, command.Language, cancellationToken);
            return LicenseView.Of(license, today);
        }

        // One statement: it waits for whoever raises the same count, and raises nothing above the cap.
        private async Task<bool> TakeOneAsync(Guid tenant, CancellationToken ct)
        {
            await using var command = new NpgsqlCommand(
                """
                insert into provisioning.demo_counts (tenant_id, used) values ($1, 1)
                on conflict (tenant_id) do update set used = demo_counts.used + 1 where demo_counts.used < 2
                """, await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = tenant } } };
            return await command.ExecuteNonQueryAsync(ct) == 1;
        }
    }

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaPost<Command, AreaLicense>("/licenses/demo", nameof(AssignDemoLicense), "Assigns a demo licence: 30 days, free, at most two per customer",
            ["customer_code", "lang", "accept_notifications"],
            async (given, sender, ct) =>
            {
                var (customer, language, notify) = (given.Number("customer_code"), given.Language(), given.Flag("accept_notifications"));
                return given.Broken ?? (await sender.Send(new Command(customer, language, notify), ct)).As(x => AreaLicense.Of(x, language));
            });
}
