using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests.OAuth;

/// <summary>private_key_jwt (RFC 7523).</summary>
public sealed class AssertionTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Refusals =>
    [
        "alg none", "HS256 with the public key", "another's key", "other kid", "wrong issuer", "wrong subject", "no subject", "other audience",
        "audience of two", "no audience", "no exp", "expired", "lives too long", "not yet valid", "no jti", "jti too long", "truncated", "no JWT",
        "one megabyte", "client_id of another", "type missing", "with a secret too", "sub a query",
    ];

    [Theory]
    [InlineData("RS256")]
    [InlineData("PS384")]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    public async Task A_client_gets_a_token_with_its_own_key(string algorithm)
    {
        var branch = await app.BranchAsync();
        using AsymmetricAlgorithm key = algorithm[0] is 'E'
            ? ECDsa.Create(algorithm switch
            {
                "ES256" => ECCurve.NamedCurves.nistP256,
                "ES384" => ECCurve.NamedCurves.nistP384,
                _ => ECCurve.NamedCurves.nistP521,
            })
            : RSA.Create(2048);
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator, key: key);
        var hash = new HashAlgorithmName("SHA" + algorithm[2..]);
        var assertion = client.Assertion(header: Of("alg", algorithm), sign: data => key switch
        {
            ECDsa ecdsa => ecdsa.SignData(data, hash),
            RSA rsa => rsa.SignData(data, hash, algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1),
            _ => throw new InvalidOperationException(),
        });

        using var answer = await AskAsync(assertion);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Ct));
        using var bearer = app.Bearer((await answer.JsonAsync()).GetProperty("access_token").GetString()!);
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory, MemberData(nameof(Refusals))]
    public async Task An_assertion_that_does_not_hold_is_refused_and_a_right_one_still_passes(string what)
    {
        var branch = await app.BranchAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator, key: key);
        var now = app.Clock.GetUtcNow().ToUnixTimeSeconds();
        var right = client.Assertion();
        var assertion = what switch
        {
            "alg none" => client.Assertion(header: Of("alg", "none"), sign: _ => []),
            "HS256 with the public key" => client.Assertion(
                header: Of("alg", "HS256"), sign: data => HMACSHA256.HashData(Encoding.UTF8.GetBytes(key.ExportSubjectPublicKeyInfoPem()), data)),
            "another's key" => client.Assertion(sign: data => stranger.SignData(data, HashAlgorithmName.SHA256)),
            "other kid" => client.Assertion(header: Of("kid", "x"), sign: data => stranger.SignData(data, HashAlgorithmName.SHA256)),
            "wrong issuer" => client.Assertion(Of("iss", Guid.Empty.ToString())),
            "wrong subject" => client.Assertion(Of("sub", Guid.Empty.ToString())),
            "no subject" => client.Assertion(Of("sub", null)),
            "sub a query" => client.Assertion(Of("sub", "' or 1=1 --")),
            "other audience" => client.Assertion(Of("aud", "https://elsewhere.example/token")),
            "audience of two" => client.Assertion(Of("aud", new[] { "licensing", "https://elsewhere.example" })),
            "no audience" => client.Assertion(Of("aud", null)),
            "no exp" => client.Assertion(Of("exp", null)),
            "expired" => client.Assertion(Of("exp", now - 30)),
            "lives too long" => client.Assertion(Of("exp", now + 631)),
            "not yet valid" => client.Assertion(Of("nbf", now + 31)),
            "no jti" => client.Assertion(Of("jti", null)),
            "jti too long" => client.Assertion(Of("jti", new string('j', 257))),
            "truncated" => right[..^4],
            "no JWT" => "a.b.c",
            "one megabyte" => new string('a', 60_000),
            _ => right,
        };

        using var refused = what switch
        {
            "client_id of another" => await AskAsync(assertion, ("client_id", Guid.Empty.ToString())),
            "type missing" => await app.Anonymous().FormAsync(
                "/connect/token", ("grant_type", "client_credentials"), ("client_assertion", assertion)),
            "with a secret too" => await AskAsync(assertion, ("client_id", client.Id.ToString()), ("client_secret", "x")),
            _ => await AskAsync(assertion),
        };

        (await refused.ErrorAsync()).ShouldBe(what is "type missing" or "with a secret too" ? "400 invalid_request" : "401 invalid_client");
        using var passes = await AskAsync(what is "truncated" ? client.Assertion() : right);
        passes.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_assertion_counts_once_on_all_hosts_together()
    {
        await using var second = await app.StartSecondHostAsync();
        var branch = await app.BranchAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator, key: key);
        for (var round = 0; round < 5; round++)
        {
            var assertion = client.Assertion();

            var answers = await Task.WhenAll(
                Enumerable.Range(0, 8).Select(i => AskAsync(i % 2 == 0 ? app.Anonymous() : second.Anonymous(), assertion)));

            answers.Count(a => a.StatusCode == HttpStatusCode.OK).ShouldBe(1);
            answers.Count(a => a.StatusCode == HttpStatusCode.Unauthorized).ShouldBe(7);
        }
    }

    [Fact]
    public async Task An_assertion_is_remembered_until_it_ends_and_not_for_ever()
    {
        var branch = await app.BranchAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator, key: key);
        var assertion = client.Assertion(Of("exp", app.Clock.GetUtcNow().AddMinutes(10).ToUnixTimeSeconds()));
        (await AskAsync(assertion)).StatusCode.ShouldBe(HttpStatusCode.OK);

        // The last instant at which its life would still be accepted.
        app.Clock.Advance(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(29));
        await ChoreAsync();
        (await (await AskAsync(assertion)).ErrorAsync()).ShouldBe("401 invalid_client");
        (await KeptAsync(client)).ShouldBe(1);
        // And at a host whose clock is behind, a minute later.
        app.Clock.Advance(HostClocks.Slack);
        await ChoreAsync();
        (await KeptAsync(client)).ShouldBe(1);
        app.Clock.Advance(TimeSpan.FromSeconds(2));
        await ChoreAsync();
        (await KeptAsync(client)).ShouldBe(0);
        (await (await AskAsync(assertion)).ErrorAsync()).ShouldBe("401 invalid_client");
    }

    [Fact]
    public async Task A_key_is_chosen_by_the_name_that_the_assertion_gives()
    {
        var branch = await app.BranchAsync();
        using var first = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = RSA.Create(2048);
        var registered = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator, key: first);
        var (point, numbers) = (first.ExportParameters(false).Q, other.ExportParameters(false));
        using var changed = await branch.Administrator().SendAsync(HttpMethod.Patch, registered.Path, new
        {
            jwks = new
            {
                keys = new object[]
                {
                    new
                    {
                        kty = "EC",
                        kid = "one",
                        crv = "P-256",
                        x = Base64Url.EncodeToString(point.X),
                        y = Base64Url.EncodeToString(point.Y),
                        key_ops = new[] { "verify" },
                        ext = true,
                    },
                    new
                    {
                        kty = "RSA",
                        kid = "two",
                        alg = "RS256",
                        use = "sig",
                        n = Base64Url.EncodeToString(numbers.Modulus),
                        e = Base64Url.EncodeToString(numbers.Exponent),
                    },
                },
            },
        });
        changed.StatusCode.ShouldBe(HttpStatusCode.OK, await changed.Content.ReadAsStringAsync(Ct));

        (await AskAsync(registered.Assertion(header: Of("kid", "one")))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await AskAsync((registered with { Key = other }).Assertion(header: Of("kid", "two")))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await AskAsync(registered.Assertion(header: Of("kid", "two")))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await AskAsync(registered.Assertion(header: Of("kid", "three")))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_client_with_a_secret_cannot_sign_and_one_with_a_key_has_no_secret()
    {
        var branch = await app.BranchAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var secret = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var signing = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator, key: key);

        (await (await AskAsync((secret with { Key = key }).Assertion())).ErrorAsync()).ShouldBe("401 invalid_client");
        (await (await (signing with { Key = null, Secret = "" }).AskAsync()).ErrorAsync()).ShouldBe("401 invalid_client");
    }

    private static Dictionary<string, object?> Of(string name, object? value) => new() { [name] = value };

    private Task<HttpResponseMessage> AskAsync(string assertion, params (string, string)[] more) => AskAsync(app.Anonymous(), assertion, more);

    private static Task<HttpResponseMessage> AskAsync(HttpClient at, string assertion, params (string, string)[] more) => at.FormAsync(
        "/connect/token",
        [("grant_type", "client_credentials"), ("client_assertion_type", OAuthClient.AssertionType), ("client_assertion", assertion), .. more]);

    private Task<int> ChoreAsync() => app.Services.GetServices<IChore>().OfType<TokenChore>().Single().RunAsync(Ct);

    private Task<long> KeptAsync(OAuthClient client) => app.InAsync<NpgsqlDataSource, long>(async database =>
    {
        await using var command = database.CreateCommand("select count(*) from identity.used_assertions where client_id = $1");
        command.Parameters.Add(new() { Value = client.Id });
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    });
}

/// <summary>A host that has been told where the world reaches it.</summary>
public sealed class PublicApp : App
{
    protected override void Configure(WebApplicationBuilder builder) => builder.Configuration.AddInMemoryCollection(
        new Dictionary<string, string?> { ["Platform:PublicUrl"] = "https://licensing.example/" });
}

public sealed class PublicUrlTests(PublicApp app) : IClassFixture<PublicApp>
{
    [Fact]
    public async Task The_issuer_and_the_endpoints_are_at_the_public_address_whatever_the_request_says()
    {
        using var client = app.Anonymous();
        client.DefaultRequestHeaders.Host = "evil.example";

        var told = await client.GetJsonAsync("/.well-known/openid-configuration");

        told.GetProperty("issuer").GetString().ShouldBe("https://licensing.example");
        told.GetProperty("token_endpoint").GetString().ShouldBe("https://licensing.example/connect/token");
        told.GetRawText().ShouldNotContain("evil");
    }

    [Theory]
    [InlineData("https://licensing.example", HttpStatusCode.OK)]
    [InlineData("https://licensing.example/connect/token", HttpStatusCode.OK)]
    [InlineData("https://licensing.example/", HttpStatusCode.Unauthorized)]
    [InlineData("licensing", HttpStatusCode.Unauthorized)]
    [InlineData("http://localhost/connect/token", HttpStatusCode.Unauthorized)]
    public async Task An_assertion_is_for_the_public_address(string audience, HttpStatusCode expected)
    {
        var branch = await app.BranchAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator, key: key);

        using var answer = await app.Anonymous().FormAsync(
            "/connect/token", ("grant_type", "client_credentials"), ("client_assertion_type", OAuthClient.AssertionType),
            ("client_assertion", client.Assertion(new Dictionary<string, object?> { ["aud"] = audience })));

        answer.StatusCode.ShouldBe(expected);
        if (expected == HttpStatusCode.OK)
        {
            using var bearer = app.Bearer((await answer.JsonAsync()).GetProperty("access_token").GetString()!);
            (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        }
    }
}
