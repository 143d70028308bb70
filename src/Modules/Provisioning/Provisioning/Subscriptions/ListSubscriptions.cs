using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>The subscriptions of the caller's branch.</summary>
internal static class ListSubscriptions
{
    [Needs(ProvisioningPermissions.SubscriptionsRead)]
    public sealed record Query(Guid? TenantId, string? Status, Guid? PlanId, string? Reference, int? Limit, string? After)
        : IQuery<Page<SubscriptionView>>;

    internal sealed class Handler(ProvisioningDb db, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : IQueryHandler<Query, Page<SubscriptionView>>
    {
        public async Task<Result<Page<SubscriptionView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start)
                || QueryWord.Refuses<SubscriptionStatus>("status", query.Status, out var status, out refusal))
                return refusal;
            var today = calendar.DayOf(clock.GetUtcNow());
            var rows = (query.PlanId is { } plan ? db.WithPlan(plan, today) : db.Subscriptions).AsNoTracking().Within(principal.Scope);
            if (status is { } asked)
                rows = rows.InStatus(asked, today);
            if (query.TenantId is { } tenant)
                rows = rows.Where(x => x.TenantId == new OrganizationId(tenant));
            if (query.Reference is not null)
                rows = rows.Where(x => x.Reference == query.Reference);
            return (await rows.ToPageAsync(start, x => x.Id, x => x, x => x.Id.Value, cancellationToken)).Refused(out refusal, out var page)
                ? refusal
                : page.Select(s => SubscriptionView.Of(s, today));
        }
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapGet("/",
            (Guid? tenantId, string? status, Guid? planId, string? reference, int? limit, string? after, ISender sender, CancellationToken ct) =>
                sender.Ok(new Query(tenantId, status, planId, reference, limit, after), ct))
        .Slice<Query, Page<SubscriptionView>>(nameof(ListSubscriptions), "Lists subscriptions, newest first");

    // The plan in force today, before the start the first one.
    private static IQueryable<Subscription> WithPlan(this ProvisioningDb db, Guid plan, DateOnly today) => db.Subscriptions.FromSql($"""
        select s.* from provisioning.subscriptions s where {plan} = (
            select (p ->> 'planId')::uuid from jsonb_array_elements(s.plans) with ordinality as x (p, i)
            where (p ->> 'on')::date <= greatest({today}, s.starts_on) order by i desc limit 1)
        """);

    // The same cases as Subscription.StatusOn, for the database.
    private static IQueryable<Subscription> InStatus(this IQueryable<Subscription> rows, SubscriptionStatus status, DateOnly today) => status switch
    {
        SubscriptionStatus.Cancelled => rows.Where(x => (x.EndsOn <= today || x.EndsOn <= x.StartsOn) && x.CancelledOn == x.EndsOn),
        SubscriptionStatus.Expired => rows.Where(x => (x.EndsOn <= today || x.EndsOn <= x.StartsOn) && x.CancelledOn != x.EndsOn),
        SubscriptionStatus.Pending => rows.Where(x => (x.EndsOn == null || x.EndsOn > x.StartsOn) && x.StartsOn > today),
        SubscriptionStatus.Suspended => rows.Where(x => (x.EndsOn == null || x.EndsOn > today) && x.StartsOn <= today && x.SuspendedOn != null),
        _ => rows.Where(x => (x.EndsOn == null || x.EndsOn > today) && x.StartsOn <= today && x.SuspendedOn == null),
    };
}
