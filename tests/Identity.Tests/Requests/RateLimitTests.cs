using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Tests.Requests;

/// <summary>
/// The buckets of an address, of what has no credential there and of bad ones. They are filled again by the clock, which stands still.
/// </summary>
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
        var answers = await Task.WhenAll(Enumerable.Range(1, 2 * Burst).Select(i => StatusAsync($"2001:db8:1:1::{i:x}", null)));

        answers.Count(a => a == HttpStatusCode.Unauthorized).ShouldBe(Burst);
        answers.Count(a => a == HttpStatusCode.TooManyRequests).ShouldBe(Burst);
        (await StatusAsync("2001:db8:1:2::1", null)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_bucket_is_filled_again_as_time_goes_by_and_no_further_than_full()
    {
        const string address = "203.0.113.81";
        (await TakenAsync()).ShouldBe(Burst);
        app.Clock.Advance(TimeSpan.FromMilliseconds(999));
        (await TakenAsync()).ShouldBe(0);
        app.Clock.Advance(TimeSpan.FromMilliseconds(1));
        (await TakenAsync()).ShouldBe(1);
        app.Clock.Advance(TimeSpan.FromSeconds(5));
        (await TakenAsync()).ShouldBe(5);
        app.Clock.Advance(TimeSpan.FromHours(1));
        (await TakenAsync()).ShouldBe(Burst);

        async Task<int> TakenAsync() =>
            (await Task.WhenAll(Enumerable.Range(0, 2 * Burst).Select(_ => StatusAsync(address, null)))).Count(a => a == HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_bucket_that_is_full_again_is_not_remembered()
    {
        var limits = app.Services.GetRequiredService<RateLimits>();
        await Task.WhenAll(Enumerable.Range(1, 50).Select(i => StatusAsync($"203.0.114.{i}", null)));
        limits.Count.ShouldBeGreaterThanOrEqualTo(50);

        app.Clock.Advance(TimeSpan.FromHours(1));
        await StatusAsync("203.0.113.82", null);

        limits.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Bad_credentials_spend_from_the_bucket_of_their_address()
    {
        const string address = "203.0.113.76";
        using var client = app.From(address);
        client.DefaultRequestHeaders.Add("Authorization", "Bearer not a credential");
        using var first = await client.GetAsync("/api/v1/tenants", TestContext.Current.CancellationToken);
        first.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        first.Headers.GetValues("RateLimit").Single().ShouldBe($"\"default\";r={Burst - 1};t=1");
        first.Headers.GetValues("RateLimit-Policy").Single().ShouldBe($"\"default\";q={Burst};w={Burst}");

        var answers = await Task.WhenAll(Enumerable.Range(0, 2 * Burst).Select(_ => StatusAsync(address, "not a credential")));

        answers.Count(a => a == HttpStatusCode.Unauthorized).ShouldBe(Burst - 1);
        answers.Count(a => a == HttpStatusCode.TooManyRequests).ShouldBe(Burst + 1);
        var branch = await app.BranchAsync();
        using var known = branch.As(Roles.PartnerReader);
        (await known.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task At_an_address_that_has_spent_its_bucket_no_credential_is_looked_up_but_the_known_ones_pass()
    {
        const string address = "203.0.113.77";
        var branch = await app.BranchAsync();
        var (seen, unseen) = (await KeyAsync(branch), await KeyAsync(branch));
        (await StatusAsync(address, seen)).ShouldBe(HttpStatusCode.OK);
        await SpendAsync(address);

        (await StatusAsync(address, seen)).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(address, unseen)).ShouldBe(HttpStatusCode.TooManyRequests);
        using var elsewhere = app.Bearer(unseen);
        (await elsewhere.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task At_a_spent_address_a_credential_that_held_lately_is_looked_up_again()
    {
        const string address = "203.0.113.78";
        var branch = await app.BranchAsync();
        var good = await KeyAsync(branch);
        (await StatusAsync(address, good)).ShouldBe(HttpStatusCode.OK);
        // As after five seconds, or after any change to anyone.
        app.Services.GetRequiredService<Identity.Credentials.CredentialCache>().Forget();
        await SpendAsync(address);

        (await StatusAsync(address, good)).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(address, "not a credential")).ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Strangers_without_any_credential_keep_nobodys_from_being_looked_up()
    {
        const string address = "203.0.113.79";
        var branch = await app.BranchAsync();
        var key = await KeyAsync(branch);

        await Task.WhenAll(Enumerable.Range(0, Burst).Select(_ => StatusAsync(address, null)));

        (await StatusAsync(address, null)).ShouldBe(HttpStatusCode.TooManyRequests);
        (await StatusAsync(address, key)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_anyone_may_ask_spends_the_bucket_of_the_address_whoever_asks()
    {
        const string address = "203.0.113.80";
        var branch = await app.BranchAsync();
        var key = await KeyAsync(branch);

        var answers = await Task.WhenAll(Enumerable.Range(0, 2 * Burst).Select(_ => StatusAsync(address, key, "/api/v1/auth/providers")));

        answers.Count(a => a == HttpStatusCode.OK).ShouldBe(Burst);
        answers.Count(a => a == HttpStatusCode.TooManyRequests).ShouldBe(Burst);
        (await StatusAsync(address, key)).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/metrics")]
    public async Task Probes_and_metrics_go_on_when_strangers_have_used_up_their_rate(string path)
    {
        const string address = "203.0.113.83";
        await Task.WhenAll(Enumerable.Range(0, Burst).Select(_ => StatusAsync(address, null)));
        (await StatusAsync(address, null)).ShouldBe(HttpStatusCode.TooManyRequests);

        (await StatusAsync(address, null, path)).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("PerSecond", 0)]
    [InlineData("Burst", -1)]
    [InlineData("AnonymousPerSecond", 0)]
    [InlineData("AnonymousBurst", 0)]
    public async Task A_limit_that_lets_nothing_through_stops_the_start(string name, int value)
    {
        await using var broken = new Broken(name, value);

        (await Should.ThrowAsync<InvalidOperationException>(() => broken.InitializeAsync().AsTask())).Message
            .ShouldBe($"Limits:{name} must be at least 1, not {value}.");
    }

    private sealed class Broken(string name, int value) : ProxiedApp
    {
        protected override void Configure(WebApplicationBuilder builder)
        {
            base.Configure(builder);
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { [$"Limits:{name}"] = $"{value}" });
        }
    }

    private async Task SpendAsync(string address) =>
        (await Task.WhenAll(Enumerable.Range(0, Burst).Select(_ => StatusAsync(address, "not a credential"))))
            .ShouldAllBe(s => s == HttpStatusCode.Unauthorized);

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
        using var made = await administrator.PostAsync(
            "/api/v1/api-keys", new { name = "k", organizationId = branch.Partner.Id.Value, role = Roles.PartnerReader });
        return (await made.JsonAsync()).GetProperty("key").GetString()!;
    }
}
