using System.Net;
using Licensing.Identity.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

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

    [Fact]
    public async Task At_an_address_that_has_spent_its_bucket_no_credential_is_looked_up_but_the_known_ones_pass()
    {
        const string address = "203.0.113.77";
        var branch = await app.BranchAsync();
        var seen = await KeyAsync();
        (await StatusAsync(seen)).ShouldBe(HttpStatusCode.OK);

        // The bucket is filled again as time goes by, so bad ones go on until one has come while it was empty; one that came a moment later
        // is known from then on.
        var unseen = "";
        var refused = false;
        for (var round = 0; !refused && round < 50; round++)
        {
            unseen = await KeyAsync();
            var bad = Enumerable.Range(0, 4 * Burst).Select(_ => StatusAsync("not a credential")).ToList();
            await Task.WhenAll(bad[..(2 * Burst)]);
            var (known, stranger) = (StatusAsync(seen), StatusAsync(unseen));
            (await known).ShouldBe(HttpStatusCode.OK);
            refused = await stranger == HttpStatusCode.TooManyRequests;
            await Task.WhenAll(bad);
        }

        refused.ShouldBeTrue();
        using var elsewhere = app.Bearer(unseen);
        (await elsewhere.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.OK);

        Task<HttpStatusCode> StatusAsync(string credential) => this.StatusAsync(address, credential);

        Task<string> KeyAsync() => this.KeyAsync(branch);
    }

    [Fact]
    public async Task There_one_that_held_lately_is_looked_up_again()
    {
        const string address = "203.0.113.78";
        var branch = await app.BranchAsync();
        var good = await KeyAsync(branch);
        (await StatusAsync(address, good)).ShouldBe(HttpStatusCode.OK);
        // As after five seconds, or after any change to anyone.
        app.Services.GetRequiredService<Identity.Credentials.CredentialCache>().Forget();

        // Among bad ones sent at once, since the bucket is filled again as time goes by.
        var answers = await Task.WhenAll(Enumerable.Range(0, 20 * Burst)
            .Select(i => i >= 10 * Burst && i % 20 == 0)
            .Select(async isGood => (Good: isGood, Status: await StatusAsync(address, isGood ? good : "not a credential"))));

        answers.Where(a => a.Good).ShouldAllBe(a => a.Status == HttpStatusCode.OK);
        answers.Where(a => !a.Good).ShouldContain(a => a.Status == HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Strangers_without_any_credential_keep_nobodys_from_being_looked_up()
    {
        const string address = "203.0.113.79";
        var branch = await app.BranchAsync();
        var keys = new List<string>();
        for (var i = 0; i < 5; i++)
            keys.Add(await KeyAsync(branch));

        var answers = await Task.WhenAll(Enumerable.Range(0, 20 * Burst).Select(async i =>
            (Known: i >= 10 * Burst && i % 40 == 0, Status: await StatusAsync(address, i >= 10 * Burst && i % 40 == 0 ? keys[i / 40 % 5] : null))));

        answers.Where(a => !a.Known).ShouldContain(a => a.Status == HttpStatusCode.TooManyRequests);
        answers.Where(a => a.Known).ShouldAllBe(a => a.Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_anyone_may_ask_spends_the_bucket_of_the_address_whoever_asks()
    {
        const string address = "203.0.113.80";
        var branch = await app.BranchAsync();
        var key = await KeyAsync(branch);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10 * Burst).Select(_ => StatusAsync(address, key, "/api/v1/auth/providers")));

        answers.Distinct().Order().ShouldBe([HttpStatusCode.OK, HttpStatusCode.TooManyRequests]);
        (await StatusAsync(address, key)).ShouldBe(HttpStatusCode.OK);
    }

    private Task<HttpStatusCode> StatusAsync(string address, string? credential, string path = "/api/v1/tenants")
    {
        var client = app.From(address);
        if (credential is not null)
            client.DefaultRequestHeaders.Add("Authorization", $"Bearer {credential}");
        return client.StatusAsync(path);
    }

    private async Task<string> KeyAsync(Branch branch)
    {
        using var administrator = branch.Administrator();
        using var made = await administrator.PostAsync("/api/v1/api-keys", new { name = "k", organizationId = branch.Partner.Id.Value, role = Roles.PartnerReader });
        return (await made.JsonAsync()).GetProperty("key").GetString()!;
    }
}
