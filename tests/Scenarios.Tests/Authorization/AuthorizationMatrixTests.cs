using System.Net;
using System.Text.RegularExpressions;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Scenarios.Tests.Authorization;

/// <summary>Every endpoint as every role, from inside the branch and from a sibling one, against what was declared by hand.</summary>
public sealed partial class AuthorizationMatrixTests(TwoBranches world) : IClassFixture<TwoBranches>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Endpoints => [.. Expectation.All.Select(e => e.Key)];

    [Fact]
    public void Every_endpoint_has_an_expectation_and_every_expectation_an_endpoint() =>
        world.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(r => r.Metadata.GetMetadata<SliceMetadata>() is not null)
            .SelectMany(r => r.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(m => $"{m} {r.RoutePattern.RawText!.TrimEnd('/')}"))
            .Order(StringComparer.Ordinal)
            .ShouldBe(Expectation.All.Select(e => e.Key).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Endpoints))]
    public async Task Nobody_without_a_credential_gets_in(string endpoint)
    {
        var expected = Find(endpoint);

        var status = (await SendAsync(world.App.Anonymous(), expected, world.Near)).Status;

        if (expected.Anyone)
            status.ShouldNotBe(HttpStatusCode.Forbidden);
        else
            status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A_role_without_the_permission_is_told_so_whatever_it_names(string endpoint)
    {
        var expected = Find(endpoint);

        foreach (var role in Roles.All.Where(r => !expected.Allows(r)))
            foreach (var ids in new[] { world.Near, world.Far, Ids.Unknown() })
                (await SendAsync(world.Near.As(role), expected, ids)).Status.ShouldBe(expected.Refusal, $"{role} {endpoint}");
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A_role_with_the_permission_is_let_in(string endpoint)
    {
        var expected = Find(endpoint);
        // Reads see what is there; writes name what is not, so that walking changes nothing for the next one.
        var ids = expected.Method == "GET" ? world.Near : Ids.Unknown();

        foreach (var role in Roles.All.Where(expected.Allows))
        {
            var (status, body) = await SendAsync(world.Near.As(role), expected, ids);

            // To log in is to be refused with 401 for what the body says.
            if (!expected.Anyone)
                status.ShouldNotBe(HttpStatusCode.Unauthorized, $"{role} {endpoint}: {body}");
            status.ShouldNotBe(HttpStatusCode.Forbidden, $"{role} {endpoint}: {body}");
            ((int)status).ShouldBeLessThan(500, $"{role} {endpoint}: {body}");
            if (expected.Method == "GET" && world.Reaches(role, expected.ResourceName))
                status.ShouldBe(HttpStatusCode.OK, $"{role} {endpoint}: {body}");
        }
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task From_a_sibling_branch_what_exists_looks_like_what_does_not(string endpoint)
    {
        var expected = Find(endpoint);
        // Where nothing can be named there is nothing to compare; what lists show is the next test's.
        if (expected.IsShared || (!expected.Pattern.Contains('{') && !expected.Body.Contains('$')))
            return;

        foreach (var role in Roles.All.Where(r => expected.Allows(r) && !r.StartsWith("Platform", StringComparison.Ordinal)))
        {
            var (there, thereBody) = await SendAsync(world.Far.As(role), expected, world.Near);
            var unknown = Ids.Unknown();
            var (nowhere, nowhereBody) = await SendAsync(world.Far.As(role), expected, unknown);

            there.ShouldBe(nowhere, $"{role} {endpoint}: {thereBody}");
            Anonymised(thereBody, world.Near).ShouldBe(Anonymised(nowhereBody, unknown), $"{role} {endpoint}");
            if (expected.Pattern.Contains('{') && expected.ResourceName is not "-" and not "period")
                there.ShouldBe(HttpStatusCode.NotFound, $"{role} {endpoint}: {thereBody}");
        }
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A_list_shows_nothing_of_a_sibling_branch(string endpoint)
    {
        var expected = Find(endpoint);
        if (expected.Method != "GET" || expected.Pattern.Contains('{') || expected.IsShared)
            return;

        foreach (var role in Roles.All.Where(r => expected.Allows(r) && !r.StartsWith("Platform", StringComparison.Ordinal)))
        {
            var (status, body) = await SendAsync(world.Far.As(role), expected, world.Far);

            status.ShouldBe(HttpStatusCode.OK, $"{role} {endpoint}: {body}");
            foreach (var (name, id) in world.Near.Private)
                body.ShouldNotContain(id, Case.Insensitive, $"{role} {endpoint} shows the {name} of another branch");
        }
    }

    private static Expectation Find(string endpoint) => Expectation.All.Single(e => e.Key == endpoint);

    private static async Task<(HttpStatusCode Status, string Body)> SendAsync(HttpClient client, Expectation endpoint, Ids ids)
    {
        using var request = endpoint.To(ids);
        using var response = await client.SendAsync(request, Ct);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Ct));
    }

    private static string Anonymised(string body, Ids ids)
    {
        foreach (var (name, id) in ids.All)
            body = body.Replace(id, $"${name}", StringComparison.OrdinalIgnoreCase);
        return Trace().Replace(body, "\"traceId\":\"-\"");
    }

    [GeneratedRegex("\"traceId\":\"[^\"]*\"")]
    private static partial Regex Trace();
}
