using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>What happened to a subscription, when, and by whom.</summary>
internal static class ListSubscriptionHistory
{
    [Needs(ProvisioningPermissions.SubscriptionsRead)]
    public sealed record Query(SubscriptionId Id, int? Limit, string? After) : IQuery<Page<HistoryView>>;

    internal sealed class Handler(ProvisioningDb db, Principal principal) : IQueryHandler<Query, Page<HistoryView>>
    {
        public async Task<Result<Page<HistoryView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            // A partner that no longer has the tenant still reads what happened in its time; the one that has it now, what happened in its own.
            var entries = db.SubscriptionHistory.AsNoTracking().Within(principal.Scope).Where(x => x.SubscriptionId == query.Id);
            if (!await db.Subscriptions.Within(principal.Scope).AnyAsync(x => x.Id == query.Id, cancellationToken)
                && !await entries.AnyAsync(cancellationToken))
                return SubscriptionRefusals.NotFound(query.Id.Value);
            return await entries.ToPageAsync(
                start, x => x.Id, x => new HistoryView(x.Id, x.At, x.What, x.EffectiveOn, x.Quantities, x.PlanVersionId, x.Reason, x.By), x => x.Id,
                cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapGet("/{id:guid}/history", (Guid id, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new SubscriptionId(id), limit, after), ct))
        .Slice<Query, Page<HistoryView>>(nameof(ListSubscriptionHistory), "Lists what happened to a subscription, newest first");
}
