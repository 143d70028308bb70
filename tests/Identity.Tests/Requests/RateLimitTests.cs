using System.Net;
using Licensing.Identity.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace Licensing.Identity.Tests.Requests;

/// <summary>The bucket of an address, which its bad credentials empty too.</summary>
public sealed class RateLimitTests(RateLimitTests.Strict app) : IClassFixture<RateLimitTests.Strict>
{
    private const int Burst = 20;

    public sealed class Strict : ProxiedApp
    {
        protected override void Configure(WebApplicationBuilder builder)
        {
            base.Configure(builder);
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Limits:AnonymousPerSecond"] = "1",
                ["Limits:AnonymousBurst"] = $"{Burst}",
            });
        }
    }

    [Fact]
    public async Task The_addresses_of_one_IPv6_network_share_a_bucket()
    {
        var answers = await Task.WhenAll(Enumerable.Range(1, 10 * Burst).Select(i => StatusFromAsync($"2001:db8:1:1::{i:x}")));

        answers.Distinct().Order().ShouldBe([HttpStatusCode.Unauthorized, HttpStatusCode.TooManyRequests]);
        (await StatusFromAsync("2001:db8:1:2::1")).ShouldBe(HttpStatusCode.Unauthorized);

        async Task<HttpStatusCode> StatusFromAsync(string address)
        {
            using var client = app.From(address);
            return await client.StatusAsync("/api/v1/tenants");
        }
    }

    [Fact]
    public async Task Bad_credentials_spend_from_the_bucket_of_their_address()
    {
        var ct = TestContext.Current.CancellationToken;
        using var client = app.Bearer("not a credential");
        using var first = await client.GetAsync("/api/v1/tenants", ct);
        first.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        first.Headers.GetValues("RateLimit").Single().ShouldStartWith("\"default\";r=");
        first.Headers.GetValues("RateLimit-Policy").Single().ShouldStartWith($"\"default\";q={Burst};");

        // Sent at once, since the bucket is filled again as time goes by.
        var answers = await Task.WhenAll(Enumerable.Range(0, 10 * Burst).Select(_ => client.GetAsync("/api/v1/tenants", ct)));

        answers.Select(a => a.StatusCode).Distinct().Order().ShouldBe([HttpStatusCode.Unauthorized, HttpStatusCode.TooManyRequests]);
        var branch = await app.BranchAsync();
        using var known = branch.As(Roles.PartnerReader);
        (await known.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.OK);
    }
}
