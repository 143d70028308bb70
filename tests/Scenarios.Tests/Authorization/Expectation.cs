using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Licensing.Scenarios.Tests.Authorization;

/// <summary>
/// One line of <c>Approved/endpoints.txt</c>: <c>METHOD /pattern | who | resource | body</c>. Who is <c>anyone</c>, <c>any-caller</c>,
/// <c>certificate</c> or short role names; the body may begin with a query and a blank; resource says which of the branch's ids fills <c>{id}</c> and
/// the placeholders of the body (<c>$tenant</c> …); <c>shared</c>
/// before it means that every branch may see it.
/// </summary>
public sealed partial record Expectation(string Method, string Pattern, string Who, string Resource, string Body)
{
    private static readonly Dictionary<string, string> Short = new()
    {
        ["PlA"] = "PlatformAdministrator",
        ["PlR"] = "PlatformReader",
        ["PlS"] = "PlatformService",
        ["DiA"] = "DistributorAdministrator",
        ["DiR"] = "DistributorReader",
        ["PaA"] = "PartnerAdministrator",
        ["PaR"] = "PartnerReader",
        ["TeA"] = "TenantAdministrator",
        ["TeU"] = "TenantUser",
    };

    public static IReadOnlyList<Expectation> All { get; } = [.. File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Approved", "endpoints.txt"))
        .Where(l => l.Length > 0 && l[0] != '#')
        .Select(l => l.Split('|', 4, StringSplitOptions.TrimEntries))
        .Select(p => new Expectation(p[0].Split(' ')[0], p[0].Split(' ')[1], p[1], p[2], p[3]))];

    public string Key => $"{Method} {Pattern}";

    public bool Anyone => Who == "anyone";

    /// <summary>Whether it is of the customer area, which writes names in snake_case and takes a GET's parameters from a body, too.</summary>
    public bool OfCustomerArea => Pattern.StartsWith("/customerarea/", StringComparison.Ordinal);

    /// <summary>Whether it is of the reseller service: PascalCase, XML unless JSON is asked for, HTTP Basic alone.</summary>
    public bool OfReseller => Pattern.StartsWith("/WebApi/", StringComparison.Ordinal);

    /// <summary>Whether its door takes certificates alone, and no role at all.</summary>
    public bool OfCertificates => Who == "certificate";

    /// <summary>How a role that is not let in is told.</summary>
    public HttpStatusCode Refusal => OfCertificates ? HttpStatusCode.Unauthorized : HttpStatusCode.Forbidden;

    public bool IsShared => Resource.StartsWith("shared ", StringComparison.Ordinal);

    public string ResourceName => Resource.Split(' ')[^1];

    public bool Allows(string role) => Who is "anyone" or "any-caller" || (!OfCertificates && Who.Split(' ').Any(s => Short[s] == role));

    /// <summary>The request, naming what <paramref name="ids"/> are of.</summary>
    public HttpRequestMessage To(Ids ids)
    {
        var request = new HttpRequestMessage(new HttpMethod(Method), ids.Fill(PathTemplate + Query))
        {
            Content = BodyOf(ids) is { } body ? new StringContent(body, Encoding.UTF8, MediaTypeOf(body)) : null,
        };
        if (OfReseller)
            request.Headers.Add("Accept", "application/json");
        return request;
    }

    private static string MediaTypeOf(string body) =>
        body[0] is '{' or '[' ? "application/json"
        : body.StartsWith("sku,", StringComparison.Ordinal) || body.StartsWith("number,", StringComparison.Ordinal)
            ? "text/csv"
            : "application/x-www-form-urlencoded";

    /// <summary>The path, with a placeholder for each id.</summary>
    public string PathTemplate => Parameter().Replace(Pattern, m => m.Groups[1].Value switch
    {
        "period" or "month" => TwoBranches.Month,
        "feature" => "essentialSeats",
        "effectiveDate" => "2026-12-01",
        // A second thing in the path goes by its own name.
        var name when Ids.Names.Contains(name) => $"${name}",
        _ => $"${ResourceName}",
    });

    /// <summary>The request's body, naming what <paramref name="ids"/> are of; null where it has none.</summary>
    public string? BodyOf(Ids ids) => Body[Query.Length..].Trim() is var body and not ("" or "-") ? ids.Fill(body) : null;

    /// <summary>The request's query, with its question mark; empty where it has none.</summary>
    public string QueryOf(Ids ids) => ids.Fill(Query);

    private string Query => Body.StartsWith('?') ? Body.Split(' ')[0] : "";

    public static string ShortNames(IEnumerable<string> roles) => string.Join(' ', roles.Select(r => Short.Single(s => s.Value == r).Key));

    [GeneratedRegex(@"\{(\w+)(?::\w+)?\}")]
    private static partial Regex Parameter();
}
