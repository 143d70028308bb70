using Microsoft.Net.Http.Headers;

namespace Licensing.Doors.Reseller;

/// <summary>In which form an answer goes out.</summary>
internal enum ResellerForm { Xml, Json, Csv }

/// <summary>What the caller prefers, by the quality values of his Accept header; XML where nothing is preferred to it.</summary>
internal static class ResellerAccept
{
    private static readonly string[] Xml = ["application/xml", "text/xml"];
    private static readonly string[] Json = ["application/json"];
    private static readonly string[] Csv = ["text/csv"];

    /// <param name="request">Whose header.</param>
    /// <param name="csv">Whether there is a CSV as well.</param>
    public static ResellerForm Of(HttpRequest request, bool csv = false)
    {
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted) || accepted.Count == 0)
            return ResellerForm.Xml;
        var (xml, json, rows) = (Quality(accepted, Xml), Quality(accepted, Json), csv ? Quality(accepted, Csv) : 0);
        return rows > xml && rows > json ? ResellerForm.Csv : json > xml ? ResellerForm.Json : ResellerForm.Xml;
    }

    // The most precise range that matches says it (RFC 9110, 12.5.1). What is sent is the first type; the others are it by another name, and count
    // only where they are named.
    private static double Quality(IList<MediaTypeHeaderValue> accepted, string[] types) => types.Max(type =>
        accepted.Where(a => Matches(a, type) && (type == types[0] || !(a.MatchesAllTypes || a.MatchesAllSubTypes)))
            .OrderBy(a => a.MatchesAllTypes ? 2 : a.MatchesAllSubTypes ? 1 : 0).Select(a => a.Quality ?? 1).FirstOrDefault());

    private static bool Matches(MediaTypeHeaderValue range, string type) => range.MatchesAllTypes
        || (range.MatchesAllSubTypes
            ? type.StartsWith($"{range.Type}/", StringComparison.OrdinalIgnoreCase)
            : range.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase));
}
