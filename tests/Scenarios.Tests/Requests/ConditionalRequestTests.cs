using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Scenarios.Tests.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Scenarios.Tests.Requests;

/// <summary>ETag, If-None-Match and If-Match on every endpoint there is.</summary>
public sealed class ConditionalRequestTests(TwoBranches world) : IClassFixture<TwoBranches>
{
    // These say what is so today, or with what others say, and their version alone does not tell whether that is the same.
    private static readonly string[] Dated =
    [
        "GET /api/v1/subscriptions/{id:guid}", "GET /api/v1/licenses/{id:guid}", "GET /api/v1/licensing/{tenantId:guid}", "GET /api/v1/settings",
        "GET /api/v1/settings/branding",
        "GET /api/v1/settings/identity", "GET /api/v1/settings/licensing", "GET /api/v1/numbers/{id:guid}",
        "GET /api/v1/commissions/payouts/{id:guid}",
    ];

    // Each answer is another token.
    private const string MakesSomething = "GET /customerarea/auth/token";

    // Sent while they are read: their ends, and so their tags, are not known when their heads are sent.
    private static readonly string[] AreStreamed =
        ["GET /api/v1/exports/ledger", "GET /api/v1/exports/focus", "GET /WebApi/ResellerService/GetChargeableActivityReport"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Reads =>
        [.. Expectation.All.Where(e => e.Method == "GET" && !e.Anyone).Select(e => e.Key).Except([MakesSomething, .. AreStreamed])];

    public static TheoryData<string> Writes =>
        [.. Expectation.All.Where(e => e.Method != "GET" && !e.Anyone && !e.OfCertificates).Select(e => e.Key)];

    [Theory, MemberData(nameof(Reads))]
    public async Task Every_read_has_a_tag_and_is_not_sent_twice(string endpoint)
    {
        var (client, expected) = (world.Near.As(Roles.PlatformAdministrator), Find(endpoint));
        using var first = await client.SendAsync(expected.To(world.Near), Ct);
        first.StatusCode.ShouldBe(HttpStatusCode.OK);

        using var again = expected.To(world.Near);
        again.Headers.IfNoneMatch.Add(first.Headers.ETag.ShouldNotBeNull());
        using var second = await client.SendAsync(again, Ct);

        second.StatusCode.ShouldBe(Dated.Contains(endpoint) ? HttpStatusCode.OK : HttpStatusCode.NotModified);
        second.Headers.ETag.ShouldBe(first.Headers.ETag);
    }

    [Theory, MemberData(nameof(Writes))]
    public async Task Every_write_refuses_a_version_that_is_not_there(string endpoint)
    {
        var expected = Find(endpoint);
        using var stale = expected.To(world.Near);
        stale.Headers.TryAddWithoutValidation("If-Match", "\"999\"");

        using var refused = await world.Near.As(Roles.PlatformAdministrator).SendAsync(stale, Ct);

        if (expected.Pattern.StartsWith("/customerarea", StringComparison.Ordinal))
        {
            (await refused.Content.ReadAsStringAsync(Ct)).ShouldBe(
                """{"code":400,"message":"This request changes no resource that has a version; send it without If-Match."}""");
            return;
        }

        if (expected.OfReseller)
        {
            (await refused.Content.ReadAsStringAsync(Ct)).ShouldBe(
                """{"ErrorDetail":{"Message":"This request changes no resource that has a version; send it without If-Match."},"""
                + "\"ErrorType\":\"ArgumentFaultContract\"}");
            return;
        }

        var code = $"{(int)refused.StatusCode} {await refused.CodeAsync()}";
        code.ShouldBe(TakesIfMatch(expected) ? "412 precondition_failed" : "400 if_match_not_supported");
    }

    private bool TakesIfMatch(Expectation expected) => expected.Method is "PATCH" or "DELETE"
        || world.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Single(r => r.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains(expected.Method) == true
                && r.RoutePattern.RawText!.TrimEnd('/') == expected.Pattern)
            .Metadata.GetMetadata<TakesIfMatch>() is not null;

    private static Expectation Find(string endpoint) => Expectation.All.Single(e => e.Key == endpoint);
}
