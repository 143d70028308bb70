using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Usage.Corrections;

/// <summary>What was corrected within the caller's branch.</summary>
internal static class ListCorrections
{
    [Needs(UsagePermissions.Read)]
    public sealed record Query(Guid? TenantId, Guid? SubscriptionId, string? RecordId, int? Limit, string? After) : IQuery<Page<CorrectionView>>;

    internal sealed class Handler(UsageDb db, Principal principal) : IQueryHandler<Query, Page<CorrectionView>>
    {
        public async Task<Result<Page<CorrectionView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var rows = db.Set<Correction>().AsNoTracking().Within(principal.Scope);
            if (query.TenantId is { } tenant)
                rows = rows.Where(x => x.TenantId == new OrganizationId(tenant));
            if (query.SubscriptionId is { } subscription)
                rows = rows.Where(x => x.SubscriptionId == new SubscriptionId(subscription));
            if (query.RecordId is { } record)
                rows = rows.Where(x => x.RecordId == record);
            return (await rows.ToPageAsync(start, x => x.Id, x => x, x => x.Id, cancellationToken)).Refused(out refusal, out var page)
                ? refusal
                : page.Select(CorrectionView.Of);
        }
    }

    public static void Map(RouteGroupBuilder corrections) => corrections
        .MapGet("/", (Guid? tenantId, Guid? subscriptionId, string? recordId, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(tenantId, subscriptionId, recordId, limit, after), ct))
        .Slice<Query, Page<CorrectionView>>(nameof(ListCorrections), "Lists corrections of usage records, newest first");
}
