using Licensing.Kernel.Http;
using Licensing.Usage.Contracts;
using Licensing.Usage.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Usage.Thresholds;

/// <summary>Reads one threshold.</summary>
internal static class GetThreshold
{
    [Needs(UsagePermissions.Read)]
    public sealed record Query(ThresholdId Id) : IQuery<ThresholdView>;

    internal sealed class Handler(UsageDb db, Principal principal) : IQueryHandler<Query, ThresholdView>
    {
        public async Task<Result<ThresholdView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Set<Threshold>().AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken)
                is { } found
                ? ThresholdView.Of(found)
                : ThresholdRefusals.NotFound(query.Id);
    }

    public static void Map(RouteGroupBuilder thresholds) => thresholds
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new ThresholdId(id)), ct))
        .Slice<Query, ThresholdView>(nameof(GetThreshold), "Reads a usage threshold");
}
