using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Scenarios.Tests.Authorization;

/// <summary>
/// Every endpoint that names a thing, as each of the nine roles: what stands at one's own node, below it, above it, and everything in a
/// suspended branch. The sibling branch is <see cref="AuthorizationMatrixTests"/>'.
/// </summary>
public sealed class ReachTests(WholeTree world) : IClassFixture<WholeTree>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Named => [.. Expectation.All
        .Where(e => !e.Anyone && !e.IsShared && e.Pattern.Contains('{') && e.ResourceName is not ("-" or "operation" or "period"))
            .Select(e => e.Key)];

    public static TheoryData<string> Limited => [.. Expectation.All.Where(e => e.Who is not ("anyone" or "any-caller")).Select(e => e.Key)];

    [Theory, MemberData(nameof(Named))]
    public async Task What_stands_above_is_not_there_and_what_stands_at_or_below_ones_node_is(string endpoint)
    {
        var expected = Find(endpoint);
        var conditional = expected.Method is "PATCH" or "DELETE" || RouteOf(expected).Metadata.GetMetadata<TakesIfMatch>() is not null;
        foreach (var role in Roles.All.Where(expected.Allows))
            foreach (var level in WholeTree.LevelsOf(expected.ResourceName))
            {
                var above = level < Ids.LevelOf(role);
                // Something that exists for him would be changed, were it not for a version that it never had.
                if (!above && expected.Method != "GET" && !conditional)
                    continue;
                using var request = expected.To(world.NearAt(level));
                if (expected.Method != "GET" && conditional)
                    request.Headers.TryAddWithoutValidation("If-Match", "\"999\"");
                using var answer = await world.Near.As(role).SendAsync(request, Ct);

                var told = $"{role} {endpoint} of a {level}: {await answer.Content.ReadAsStringAsync(Ct)}";
                if (above)
                    answer.StatusCode.ShouldBe(HttpStatusCode.NotFound, told);
                else if (expected.Method == "GET")
                    answer.StatusCode.ShouldBe(HttpStatusCode.OK, told);
                else
                    // 403: one's own organisation is not one's to change, nor someone who may do more.
                    answer.StatusCode.ShouldBeOneOf(HttpStatusCode.PreconditionFailed, HttpStatusCode.Forbidden);
            }
    }

    [Theory, MemberData(nameof(Limited))]
    public async Task In_a_suspended_branch_everything_is_read_and_nothing_written(string endpoint)
    {
        var expected = Find(endpoint);
        var writes = RouteOf(expected).Metadata.GetMetadata<SliceMetadata>()!.Request.IsAssignableTo(typeof(ICommand))
            // Its door asks for a new token by a GET.
            || endpoint == "GET /customerarea/auth/token";
        foreach (var role in Roles.All.Where(r => expected.Allows(r) && Ids.LevelOf(r) is not OrganizationKind.Platform))
        {
            using var answer = await world.AsSuspended(role, expected.OfReseller).SendAsync(expected.To(world.Suspended), Ct);

            var body = await answer.Content.ReadAsStringAsync(Ct);
            if (writes)
            {
                answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden, $"{role} {endpoint}: {body}");
                // Not every door tells the code.
                body.ShouldContain("suspended", Case.Insensitive, $"{role} {endpoint}");
            }
            else if (expected.Method == "GET" && (expected.IsShared || world.Reaches(role, expected.ResourceName)))
            {
                answer.StatusCode.ShouldBe(HttpStatusCode.OK, $"{role} {endpoint}: {body}");
            }
        }
    }

    private RouteEndpoint RouteOf(Expectation expected) =>
        world.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Single(r => r.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains(expected.Method) == true
            && r.RoutePattern.RawText!.TrimEnd('/') == expected.Pattern);

    private static Expectation Find(string endpoint) => Expectation.All.Single(e => e.Key == endpoint);
}
