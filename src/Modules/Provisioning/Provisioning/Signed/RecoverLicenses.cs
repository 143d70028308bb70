using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Seats;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Signed;

/// <summary>Calls a scheduled deletion back while its week lasts.</summary>
internal static class RecoverLicenses
{
    [Needs(ProvisioningPermissions.SeatsManage)]
    public sealed record Command(OrganizationId TenantId) : ICommand<RecoveryView>;

    internal sealed class Handler(ProvisioningDb db, Precondition precondition, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, RecoveryView>
    {
        public async Task<Result<RecoveryView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var now = clock.GetUtcNow();
            var deletion = await db.HeldDeletionOf(command.TenantId).Within(principal.Scope).SingleOrDefaultAsync(cancellationToken);
            // What it is to end may have ended otherwise; then it is called back all the same.
            var subscription = deletion is null
                ? await db.SeatsOf(command.TenantId, principal.Scope, calendar.DayOf(now)).AsNoTracking().SingleOrDefaultAsync(cancellationToken)
                : await db.Subscriptions.AsNoTracking().SingleAsync(x => x.Id == deletion.SubscriptionId, cancellationToken);
            if (subscription is null)
                return SeatRefusals.NotFound(command.TenantId.Value);
            if (precondition.Fails(subscription))
                return Precondition.Failed;
            if (deletion is null)
                return SeatRefusals.NoDeletion(command.TenantId.Value);
            // The week is over at its hour, also where the message that carries it out is late.
            if (deletion.DueAt <= now)
                return SeatRefusals.DeletionDue(deletion);

            deletion.Recover(now);
            db.Add(HistoryEntry.Of(
                subscription, HistoryEvent.DeletionRecovered, calendar.DayOf(now), principal.Access.Name, now, reason: deletion.Name));
            return new RecoveryView(command.TenantId, deletion.Name, now, subscription.Version);
        }
    }

    public static void Map(RouteGroupBuilder licensing) => licensing
        .MapPost("/{tenantId:guid}/recover", (Guid tenantId, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new OrganizationId(tenantId)), ct))
        .Slice<Command, RecoveryView>(nameof(RecoverLicenses), "Calls a scheduled deletion back")
        .WithMetadata(new TakesIfMatch());
}

/// <summary>A deletion that will not come; the version is the subscription's.</summary>
internal sealed record RecoveryView(
    OrganizationId TenantId, string DeletionId, DateTimeOffset RecoveredAt,
    [property: System.Text.Json.Serialization.JsonIgnore] int Version) : IVersioned;
