using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Seats;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Signed;

/// <summary>Calls a customer's scheduled deletions back while their weeks last.</summary>
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
            var deletions = await db.HeldDeletionsOf(command.TenantId).Within(principal.Scope).ToListAsync(cancellationToken);
            // What they are to end may have ended otherwise; then they are called back all the same.
            var ids = deletions.ConvertAll(x => x.SubscriptionId);
            var subscriptions = await db.Subscriptions.AsNoTracking().Where(x => ids.Contains(x.Id)).ToDictionaryAsync(x => x.Id, cancellationToken);
            var latest = deletions.FirstOrDefault();
            var subscription = latest is not null ? subscriptions[latest.SubscriptionId]
                : await db.SeatsOf(command.TenantId, principal.Scope, calendar.DayOf(now)).AsNoTracking().SingleOrDefaultAsync(cancellationToken);
            if (subscription is null)
                return SeatRefusals.NotFound(command.TenantId.Value);
            if (precondition.Fails(subscription))
                return Precondition.Failed;
            if (latest is null)
                return SeatRefusals.NoDeletion(command.TenantId.Value);
            // A week is over at its hour, also where the message that carries the deletion out is late.
            if (latest.DueAt <= now)
                return SeatRefusals.DeletionDue(latest);

            foreach (var deletion in deletions.Where(x => x.DueAt > now))
            {
                deletion.Recover(now);
                // One that ended before a transfer has stayed with its partner, whose history says nothing of those who came after him.
                var its = subscriptions[deletion.SubscriptionId];
                if (its.OwnerPath == deletion.OwnerPath)
                    db.Add(HistoryEntry.Of(
                        its, HistoryEvent.DeletionRecovered, calendar.DayOf(now), principal.Access.Name, now, reason: deletion.Name));
            }

            return new RecoveryView(command.TenantId, latest.Name, now, subscription.Version);
        }
    }

    public static void Map(RouteGroupBuilder licensing) => licensing
        .MapPost("/{tenantId:guid}/recover", (Guid tenantId, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new OrganizationId(tenantId)), ct))
        .Slice<Command, RecoveryView>(nameof(RecoverLicenses), "Calls a customer's scheduled deletions back")
        .WithMetadata(new TakesIfMatch());
}

/// <summary>What will not come; the latest deletion's id, where there were several, and its subscription's version.</summary>
internal sealed record RecoveryView(
    OrganizationId TenantId, string DeletionId, DateTimeOffset RecoveredAt,
    [property: System.Text.Json.Serialization.JsonIgnore] int Version) : IVersioned;
