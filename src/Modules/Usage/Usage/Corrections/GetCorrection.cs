using Licensing.Kernel.Http;
using Licensing.Usage.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Usage.Corrections;

/// <summary>Reads one correction.</summary>
internal static class GetCorrection
{
    [Needs(UsagePermissions.Read)]
    public sealed record Query(Guid Id) : IQuery<CorrectionView>;

    internal sealed class Handler(UsageDb db, Principal principal) : IQueryHandler<Query, CorrectionView>
    {
        public async Task<Result<CorrectionView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Set<Correction>().AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken)
                is { } found
                ? CorrectionView.Of(found)
                : CorrectionRefusals.NotFound;
    }

    public static void Map(RouteGroupBuilder corrections) => corrections
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(id), ct))
        .Slice<Query, CorrectionView>(nameof(GetCorrection), "Reads a correction of a usage record");
}
