using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.LicenseEditions;

/// <summary>The licence editions, also those off sale.</summary>
internal static class ListLicenseEditions
{
    [Needs(CatalogPermissions.EditionsRead)]
    public sealed record Query(string? Code, int? Version, bool? OnSale, int? Limit, string? After) : IQuery<Page<LicenseEditionView>>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, Page<LicenseEditionView>>
    {
        public async Task<Result<Page<LicenseEditionView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var editions = db.LicenseEditions.AsNoTracking().Where(x =>
                (query.Code == null || x.Code == query.Code) && (query.Version == null || x.LicenseVersion == query.Version)
                && (query.OnSale == null || x.OnSale == query.OnSale));
            return (await editions.ToPageAsync(start, x => x.Id, x => x, x => x.Id.Value, cancellationToken)).Refused(out refusal, out var page)
                ? refusal
                : page.Select(LicenseEditionView.Of);
        }
    }

    public static void Map(RouteGroupBuilder editions) => editions
        .MapGet("/", (string? code, int? version, bool? onSale, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(code, version, onSale, limit, after), ct))
        .Slice<Query, Page<LicenseEditionView>>(nameof(ListLicenseEditions), "Lists licence editions, newest first");
}
