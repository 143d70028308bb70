using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Quotas;

/// <summary>The quota requests of the caller's branch.</summary>
internal static class ListQuotaRequests
{
    [Needs(ProvisioningPermissions.SubscriptionsRead)]
    public sealed record Query(Guid? SubscriptionId, Guid? TenantId, string? Status, int? Limit, string? After) : IQuery<Page<QuotaRequestView>>;

    internal sealed class Handler(ProvisioningDb db, Principal principal) : IQueryHandler<Query, Page<QuotaRequestView>>
    {
        public async Task<Result<Page<QuotaRequestView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start)
                || QueryWord.Refuses<QuotaRequestStatus>("status", query.Status, out var status, out refusal))
                return refusal;
            var rows = db.QuotaRequests.AsNoTracking().Within(principal.Scope);
            if (status is { } asked)
                rows = rows.Where(x => x.Status == asked);
            if (query.SubscriptionId is { } subscription)
                rows = rows.Where(x => x.SubscriptionId == new SubscriptionId(subscription));
            if (query.TenantId is { } tenant)
                rows = rows.Where(x => x.TenantId == new OrganizationId(tenant));
            return (await rows.ToPageAsync(start, x => x.Id, x => x, x => x.Id, cancellationToken)).Refused(out refusal, out var page)
                ? refusal
                : page.Select(QuotaRequestView.Of);
        }
    }

    public static void Map(RouteGroupBuilder requests) => requests
        .MapGet("/", (Guid? subscriptionId, Guid? tenantId, string? status, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(subscriptionId, tenantId, status, limit, after), ct))
        .Slice<Query, Page<QuotaRequestView>>(nameof(ListQuotaRequests), "Lists quota requests, newest first");
}
