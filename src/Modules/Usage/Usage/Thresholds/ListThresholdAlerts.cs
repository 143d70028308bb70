using Licensing.Kernel.Http;
using Licensing.Usage.Contracts;
using Licensing.Usage.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Usage.Thresholds;

/// <summary>When a threshold's levels were reached.</summary>
internal static class ListThresholdAlerts
{
    [Needs(UsagePermissions.Read)]
    public sealed record Query(ThresholdId Id, int? Limit, string? After) : IQuery<Page<ThresholdAlertView>>;

    internal sealed class Handler(UsageDb db, Principal principal) : IQueryHandler<Query, Page<ThresholdAlertView>>
    {
        public async Task<Result<Page<ThresholdAlertView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var rows = db.Set<ThresholdAlert>().AsNoTracking().Within(principal.Scope).Where(x => x.ThresholdId == query.Id);
            // Of a threshold that moved on with its tenant those stay that were told here.
            if (!await db.Set<Threshold>().Within(principal.Scope).AnyAsync(x => x.Id == query.Id, cancellationToken)
                && !await rows.AnyAsync(cancellationToken))
                return ThresholdRefusals.NotFound(query.Id);
            return (await rows.ToPageAsync(start, x => x.Id, x => x, x => x.Id, cancellationToken)).Refused(out refusal, out var page)
                ? refusal
                : page.Select(ThresholdAlertView.Of);
        }
    }

    public static void Map(RouteGroupBuilder thresholds) => thresholds
        .MapGet("/{id:guid}/alerts", (Guid id, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new ThresholdId(id), limit, after), ct))
        .Slice<Query, Page<ThresholdAlertView>>(nameof(ListThresholdAlerts), "Lists when a threshold's levels were reached, newest first");
}
