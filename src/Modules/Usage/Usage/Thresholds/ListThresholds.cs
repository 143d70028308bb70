using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Usage.Thresholds;

/// <summary>The thresholds of the caller's branch.</summary>
internal static class ListThresholds
{
    [Needs(UsagePermissions.Read)]
    public sealed record Query(Guid? TenantId, Guid? SubscriptionId, string? Meter, int? Limit, string? After) : IQuery<Page<ThresholdView>>;

    internal sealed class Handler(UsageDb db, Principal principal) : IQueryHandler<Query, Page<ThresholdView>>
    {
        public async Task<Result<Page<ThresholdView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var rows = db.Set<Threshold>().AsNoTracking().Within(principal.Scope);
            if (query.TenantId is { } tenant)
                rows = rows.Where(x => x.TenantId == new OrganizationId(tenant));
            if (query.SubscriptionId is { } subscription)
                rows = rows.Where(x => x.SubscriptionId == new SubscriptionId(subscription));
            if (query.Meter is { } meter)
                rows = rows.Where(x => x.Meter == meter);
            return (await rows.ToPageAsync(start, x => x.Id, x => x, x => x.Id.Value, cancellationToken)).Refused(out refusal, out var page)
                ? refusal
                : page.Select(ThresholdView.Of);
        }
    }

    public static void Map(RouteGroupBuilder thresholds) => thresholds
        .MapGet("/", (Guid? tenantId, Guid? subscriptionId, string? meter, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(tenantId, subscriptionId, meter, limit, after), ct))
        .Slice<Query, Page<ThresholdView>>(nameof(ListThresholds), "Lists usage thresholds, newest first");
}
