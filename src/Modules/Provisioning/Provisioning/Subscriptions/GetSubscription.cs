using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>One subscription.</summary>
internal static class GetSubscription
{
    [Needs(ProvisioningPermissions.SubscriptionsRead)]
    public sealed record Query(SubscriptionId Id) : IQuery<SubscriptionView>;

    internal sealed class Handler(ProvisioningDb db, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : IQueryHandler<Query, SubscriptionView>
    {
        public async Task<Result<SubscriptionView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Subscriptions.AsNoTracking().Within(principal.Scope)
                .SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is { } subscription
                ? SubscriptionView.Of(subscription, calendar.DayOf(clock.GetUtcNow()))
                : SubscriptionRefusals.NotFound(query.Id.Value);
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new SubscriptionId(id)), ct))
        .Slice<Query, SubscriptionView>(nameof(GetSubscription), "Reads a subscription");
}
