using Licensing.Catalog.Contracts;
using Licensing.Kernel.Http;

namespace Licensing.Catalog.LicenseEditions;

/// <summary>The versions that licence editions are of.</summary>
internal static class ListLicenseVersions
{
    [Needs(CatalogPermissions.EditionsRead)]
    public sealed record Query(int? Limit, string? After) : IQuery<Page<LicenseVersionView>>;

    /// <summary>A version there are editions of.</summary>
    public sealed record LicenseVersionView(int Version);

    internal sealed class Handler(ILicenseEditions editions) : IQueryHandler<Query, Page<LicenseVersionView>>
    {
        public async Task<Result<Page<LicenseVersionView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start)
                || (await editions.VersionsAsync(start, cancellationToken)).Refused(out refusal, out var page))
                return refusal;
            return page.Select(x => new LicenseVersionView(x));
        }
    }

    public static void Map(IEndpointRouteBuilder directory) => directory
        .MapGet("/license-versions", (int? limit, string? after, ISender sender, CancellationToken ct) => sender.Ok(new Query(limit, after), ct))
        .Slice<Query, Page<LicenseVersionView>>(nameof(ListLicenseVersions), "Lists the versions of licence editions, ascending");
}
