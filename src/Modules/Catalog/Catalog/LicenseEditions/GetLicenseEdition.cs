using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.LicenseEditions;

/// <summary>One licence edition.</summary>
internal static class GetLicenseEdition
{
    [Needs(CatalogPermissions.EditionsRead)]
    public sealed record Query(LicenseEditionId Id) : IQuery<LicenseEditionView>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, LicenseEditionView>
    {
        public async Task<Result<LicenseEditionView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.LicenseEditions.AsNoTracking().SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is { } edition
                ? LicenseEditionView.Of(edition)
                : EditionRefusals.NotFound(query.Id.Value);
    }

    public static void Map(RouteGroupBuilder editions) => editions
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new LicenseEditionId(id)), ct))
        .Slice<Query, LicenseEditionView>(nameof(GetLicenseEdition), "Reads a licence edition");
}
