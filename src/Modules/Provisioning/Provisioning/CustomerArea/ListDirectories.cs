using System.Globalization;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>The look-up lists of this door: what its parameters may say.</summary>
internal static class ListDirectories
{
    [AnyCaller]
    public sealed record Query(string Name, PageStart Start) : IQuery<Page<Entry>>;

    /// <summary>One value of a parameter.</summary>
    public sealed record Entry(string Code, string Name);

    internal sealed class Handler(ILicenseEditions editions, ICodeDirectory codes) : IQueryHandler<Query, Page<Entry>>
    {
        public async Task<Result<Page<Entry>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (query.Name == Versions)
                return (await editions.VersionsAsync(query.Start, cancellationToken)).Refused(out var refusal, out var versions)
                    ? refusal
                    : versions.Select(x => new Entry(x.ToString(CultureInfo.InvariantCulture), $"Version {x}"));
            var (after, all) = (query.Start.After, query.Name == Countries ? Named(codes) : Lists[query.Name]);
            var rest = all.Where(x => after is null || string.CompareOrdinal(x.Code, after) > 0);
            return Page.Of([.. rest.Take(query.Start.Limit + 1)], query.Start, x => x.Code);
        }

        private static IEnumerable<Entry> Named(ICodeDirectory codes) =>
            CountryCodes.All.Select(x => new Entry(x, codes.CountryNames.GetValueOrDefault(x, x)));
    }

    private const string Versions = "licenses/versions";
    private const string Countries = "countries";

    private static readonly Dictionary<string, Entry[]> Lists = new()
    {
        ["currencies"] = [.. Currency.All.OrderBy(x => x.Code, StringComparer.Ordinal).Select(x => new Entry(x.Code, x.Code))],
        ["industries"] = [.. Industries.All.OrderBy(x => x.Key, StringComparer.Ordinal).Select(x => new Entry(x.Key, x.Value))],
    };

    /// <summary>Which page.</summary>
    /// <param name="Lang">The language of names; all are in EN.</param>
    /// <param name="Limit">Items on a page; 200 where it is not said.</param>
    /// <param name="After">What the page before gave as <c>next</c>.</param>
    public sealed record Asked([Language] string Lang = "EN", int? Limit = null, [Cursor] string? After = null) : IAskPage;

    public static void Map(IEndpointRouteBuilder area)
    {
        foreach (var (path, name, what) in new[]
        {
            (Versions, "ListAreaVersions", "versions of licences"),
            ("currencies", "ListAreaCurrencies", "currencies of ISO 4217"),
            (Countries, "ListAreaCountries", "countries of ISO 3166-1"),
            ("industries", "ListAreaIndustries", "industries"),
        })
            area.MapAreaGet<Asked, Query, IReadOnlyList<Entry>>($"/directory/{path}", name, $"Lists the {what}",
                async (asked, sender, ct) => (await sender.Send(new Query(path, asked.Start), ct)).AsList(x => x));
    }
}
