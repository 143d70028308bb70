using Licensing.Kernel.Http;

namespace Licensing.Catalog.Directories;

/// <summary>The countries of ISO 3166-1. What an organisation may name as its country is Identity's to say.</summary>
internal static class ListCountries
{
    [AnyCaller]
    public sealed record Query(int? Limit, string? After) : IQuery<Page<CountryView>>;

    /// <param name="Code">ISO 3166-1 alpha-2.</param>
    /// <param name="Alpha3">ISO 3166-1 alpha-3.</param>
    /// <param name="Numeric">Three digits, as a text: it begins with zeros.</param>
    /// <param name="Name">In English.</param>
    public sealed record CountryView(string Code, string Alpha3, string Numeric, string Name);

    public static CodeList<CountryView> Countries { get; } = new(
        ShippedLines.Of("Countries.txt", 4).Select(w => new CountryView(w[0], w[1], w[2], w[3])), c => c.Code);

    internal sealed class Handler : IQueryHandler<Query, Page<CountryView>>
    {
        public Task<Result<Page<CountryView>>> Handle(Query query, CancellationToken cancellationToken) =>
            Task.FromResult(Countries.Page(query.Limit, query.After));
    }

    public static void Map(RouteGroupBuilder directory) => directory
        .MapGet("/countries", (int? limit, string? after, ISender sender, CancellationToken ct) => sender.Ok(new Query(limit, after), ct))
        .Slice<Query, Page<CountryView>>(nameof(ListCountries), "Lists the countries of ISO 3166-1, by code");
}
