using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Scenarios.Tests.Fields;

namespace Licensing.Scenarios.Tests.Authorization;

/// <summary>
/// Other spellings of every path, and headers that would make another method of a request: whoever asks gets what he may have on the
/// path and with the method as they stand, or nothing.
/// </summary>
[Collection(Walked.Name)]
public sealed class RouteVariantTests(WalkedBranches world)
{
    private static readonly string[] Overrides = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"];

    // No route, or one that another method has.
    private static readonly HttpStatusCode[] Nothing = [HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Closed => [.. Expectation.All.Where(e => !e.Anyone).Select(e => e.Key)];

    public static TheoryData<string> Reads => [.. Expectation.All.Where(e => e.Method == "GET" && !e.Anyone).Select(e => e.Key)];

    [Theory, MemberData(nameof(Closed))]
    public async Task Another_spelling_of_a_path_opens_nothing(string endpoint)
    {
        var expected = Expectation.All.Single(e => e.Key == endpoint);
        var plain = expected.To(Ids.Unknown()).RequestUri!.ToString();
        foreach (var spelling in Spellings(plain))
        {
            using var anonymous = world.App.Anonymous();
            (await StatusAsync(anonymous, expected, Ids.Unknown(), spelling))
                .ShouldBeOneOf([HttpStatusCode.Unauthorized, .. Nothing], $"{endpoint} as {spelling}");
            // The first of those who may not: what he lacks is this permission.
            if (Roles.All.FirstOrDefault(r => !expected.Allows(r)) is { } role)
            {
                using var client = world.Near.As(role);
                (await StatusAsync(client, expected, Ids.Unknown(), spelling))
                    .ShouldBeOneOf([expected.Refusal, .. Nothing], $"{role} {endpoint} as {spelling}");
            }
        }
    }

    [Theory, MemberData(nameof(Reads))]
    public async Task Another_spelling_shows_nobody_another_branch(string endpoint)
    {
        var expected = Expectation.All.Single(e => e.Key == endpoint);
        foreach (var role in Roles.All.Where(r => expected.Allows(r) && Ids.LevelOf(r) is not OrganizationKind.Platform).Take(1))
            foreach (var spelling in Spellings(expected.To(world.Near).RequestUri!.ToString()))
            {
                using var client = world.Far.As(role);
                using var plainly = await client.SendAsync(expected.To(world.Near), Ct);
                // A month that is spelled otherwise is none.
                HttpStatusCode[] malformed = expected.Pattern.Contains("{month}") ? [HttpStatusCode.BadRequest] : [];
                (await StatusAsync(client, expected, world.Near, spelling))
                    .ShouldBeOneOf([plainly.StatusCode, .. Nothing, .. malformed], $"{role} {endpoint} as {spelling}");
            }
    }

    [Theory, MemberData(nameof(Reads))]
    public async Task No_header_makes_a_read_a_write(string endpoint)
    {
        // Each answer of it is another token.
        if (endpoint == "GET /customerarea/auth/token")
            return;
        var expected = Expectation.All.Single(e => e.Key == endpoint);
        using var client = world.Near.As(Roles.PlatformAdministrator);
        using var plainly = await client.SendAsync(expected.To(world.Near), Ct);
        foreach (var header in Overrides)
            foreach (var method in new[] { "DELETE", "PATCH", "POST", "PUT" })
            {
                using var request = expected.To(world.Near);
                request.Headers.Add(header, method);
                using var answer = await client.SendAsync(request, Ct);

                answer.StatusCode.ShouldBe(HttpStatusCode.OK, $"{header}: {method} on {endpoint}");
                (await answer.Content.ReadAsStringAsync(Ct))
                    .ShouldBe(await plainly.Content.ReadAsStringAsync(Ct), $"{header}: {method} on {endpoint}");
            }
    }

    [Theory, MemberData(nameof(Closed))]
    public async Task No_header_makes_a_post_anything_else(string endpoint)
    {
        var expected = Expectation.All.Single(e => e.Key == endpoint);
        // Where something is posted to, it is that which is meant.
        if (Expectation.All.Any(e => e.Method == "POST" && e.PathTemplate == expected.PathTemplate))
            return;
        using var client = world.Near.As(Roles.PlatformAdministrator);
        foreach (var header in Overrides)
        {
            using var request = expected.To(Ids.Unknown());
            request.Method = HttpMethod.Post;
            request.Headers.Add(header, expected.Method);
            using var answer = await client.SendAsync(request, Ct);

            answer.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed, $"{header}: {endpoint}");
        }
    }

    private static IEnumerable<string> Spellings(string plain)
    {
        var (path, query) = plain.Split('?') is [var p, var q] ? (p, "?" + q) : (plain, "");
        var last = path.LastIndexOf('/') + 1;
        return new[]
        {
            path.ToUpperInvariant(), path + "/", path + "//", "/" + path, path.Replace("/v1/", "/v1//", StringComparison.Ordinal), path + "%20",
            path + "/%2e", path + ";a=b",
            $"{path[..last]}%{(int)path[last]:x2}{path[(last + 1)..]}", path.Replace("/api/", "/%61pi/", StringComparison.Ordinal),
            path.Replace("/v1/", "/v1%2f", StringComparison.Ordinal),
            path.Replace("/api/v1/", "/api/v1/x/../", StringComparison.Ordinal),
            path.Replace("/api/", "/WebApi/ResellerService/../../api/", StringComparison.Ordinal),
        }.Select(s => s + query);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, Expectation endpoint, Ids like, string spelling)
    {
        using var request = endpoint.To(like);
        request.RequestUri = new Uri($"http://localhost{spelling}");
        using var answer = await client.SendAsync(request, Ct);
        return answer.StatusCode;
    }
}
