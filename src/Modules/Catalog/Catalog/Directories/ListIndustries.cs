using Licensing.Kernel.Http;

namespace Licensing.Catalog.Directories;

/// <summary>The sections of the United Nations' classification of economic activities (ISIC, revision 4).</summary>
internal static class ListIndustries
{
    [AnyCaller]
    public sealed record Query(int? Limit, string? After) : IQuery<Page<IndustryView>>;

    /// <param name="Code">The section's letter.</param>
    /// <param name="Name">In English.</param>
    public sealed record IndustryView(string Code, string Name);

    internal sealed class Handler : IQueryHandler<Query, Page<IndustryView>>
    {
        private static readonly CodeList<IndustryView> Industries = new(
            ShippedLines.Of("Industries.txt", 2).Select(w => new IndustryView(w[0], w[1])), i => i.Code);

        public Task<Result<Page<IndustryView>>> Handle(Query query, CancellationToken cancellationToken) =>
            Task.FromResult(Industries.Page(query.Limit, query.After));
    }

    public static void Map(RouteGroupBuilder directory) => directory
        .MapGet("/industries", (int? limit, string? after, ISender sender, CancellationToken ct) => sender.Ok(new Query(limit, after), ct))
        .Slice<Query, Page<IndustryView>>(nameof(ListIndustries), "Lists the industries (sections of ISIC Rev. 4), by code");
}
