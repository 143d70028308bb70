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
        public async Task<Result<Page<Entry>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (request.Name == Versions)
                return (await editions.VersionsAsync(request.Start, cancellationToken)).Refused(out var refusal, out var versions)
                    ? refusal
                    : new Page<Entry>([.. versions.Items.Select(x => new Entry(x.ToString(CultureInfo.InvariantCulture), $"Version {x}"))], versions.Next);
            var (all, after) = (request.Name == Countries ? CountryCodes.All.Select(x => new Entry(x, codes.CountryNames.GetValueOrDefault(x, x))) : Lists[request.Name], request.Start.After);
            var rows = all.Where(x => after is null || string.CompareOrdinal(x.Code, after) > 0).Take(request.Start.Limit + 1).ToList();
            return rows.Count <= request.Start.Limit
                ? new Page<Entry>(rows, null)
                : new Page<Entry>(rows[..^1], PageStart.Encode(rows[^2].Code));
        }
    }

    private const string Versions = "licenses/versions";
    private const string Countries = "countries";

    private static readonly Dictionary<string, Entry[]> Lists = new()
    {
        ["currencies"] = [.. Currency.All.OrderBy(x => x.Code, StringComparer.Ordinal).Select(x => new Entry(x.Code, x.Code))],
        ["industries"] = [.. Industries.All.OrderBy(x => x.Key, StringComparer.Ordinal).Select(x => new Entry(x.Key, x.Value))],
    };

    public static void Map(IEndpointRouteBuilder area)
    {
        foreach (var (path, name, what) in ((string, string, string)[])
            [(Versions, "ListAreaVersions", "versions of licences"), ("currencies", "ListAreaCurrencies", "currencies of ISO 4217"), (Countries, "ListAreaCountries", "countries of ISO 3166-1"),
                ("industries", "ListAreaIndustries", "industries")])
            area.MapAreaGet<Query, IReadOnlyList<Entry>>($"/directory/{path}", name, $"Lists the {what}", ["lang", "limit", "after"],
                async (given, sender, ct) =>
                {
                    var (_, start) = (given.Language(), given.Page());
                    return given.Broken ?? (await sender.Send(new Query(path, start), ct)).AsList(x => x);
                });
    }
}
