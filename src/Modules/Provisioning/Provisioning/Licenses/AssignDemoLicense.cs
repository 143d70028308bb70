using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.CustomerArea;
using Licensing.Provisioning.Data;
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
                return TenantRefusals.NotActive;
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
                on conflict (tenant_id) do update set used = demo_counts.used + 1 where demo_counts.used < $2
                """, await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = tenant }, new() { Value = License.MostDemos } } };
            return await command.ExecuteNonQueryAsync(ct) == 1;
        }
    }

    /// <summary>Whom to assign it to.</summary>
    /// <param name="CustomerCode">The customer's number.</param>
    /// <param name="Lang">The language of names; EN where it is not said, and where there is no name in it.</param>
    /// <param name="AcceptNotifications">Whether the customer is told by mail; true where it is not said.</param>
    public sealed record Asked(int CustomerCode, [Language] string Lang = "EN", bool AcceptNotifications = true);

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaPost<Asked, Command, AreaLicense>(
            "/licenses/demo", nameof(AssignDemoLicense), "Assigns a demo licence: 30 days, free, at most two per customer",
            async (asked, sender, ct) =>
                (await sender.Send(new Command(asked.CustomerCode, asked.Lang, asked.AcceptNotifications), ct))
                    .As(x => AreaLicense.Of(x, asked.Lang)));
}
