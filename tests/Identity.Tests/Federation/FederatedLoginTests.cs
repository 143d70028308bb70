using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Licensing.Identity.Tests.Federation;

/// <summary>Log-in with ID tokens of a certified provider.</summary>
public sealed class FederatedLoginTests(OidcApp app) : IClassFixture<OidcApp>
{
    private const string Refused = "401 federated_login_refused";

    [Fact]
    public async Task An_ID_token_of_a_known_person_opens_a_session()
    {
        var person = await app.PersonAsync();
        await app.First.AccountAsync("right", person.Email);

        using var answer = await app.TryAsync("first", await app.First.IdTokenAsync("right", "right-1"), "right-1");

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var session = await answer.JsonAsync();
        session.GetProperty("expiresIn").GetInt32().ShouldBe(900);
        session.GetProperty("tokenType").GetString().ShouldBe("Bearer");
        using var client = app.Bearer(session.GetProperty("accessToken").GetString()!);
        (await client.StatusAsync($"/api/v1/users/{person.Id}")).ShouldBe(HttpStatusCode.OK);
        using var refreshed = await app.RefreshAsync(session);
        refreshed.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_name_of_a_provider_may_be_written_in_any_case()
    {
        var person = await app.PersonAsync();
        await app.First.AccountAsync("case", person.Email);

        (await app.SayAsync("FIRST", await app.First.IdTokenAsync("case", null))).ShouldBe("200");
    }

    [Fact]
    public async Task A_token_for_another_application_is_refused()
    {
        var person = await app.PersonAsync();
        await app.First.AccountAsync("audience", person.Email);

        (await app.SayAsync("first", await app.First.IdTokenAsync("audience", null, clientId: "another"))).ShouldBe(Refused);
        (await app.SayAsync("first", await app.First.IdTokenAsync("audience", null))).ShouldBe("200");
    }

    [Fact]
    public async Task A_token_is_taken_only_as_that_of_its_own_issuer()
    {
        var person = await app.PersonAsync();
        await app.Second.AccountAsync("mixed-up", person.Email);
        var token = await app.Second.IdTokenAsync("mixed-up", null);

        (await app.SayAsync("first", token)).ShouldBe(Refused);
        (await app.SayAsync("second", token)).ShouldBe("200");
    }

    [Fact]
    public async Task The_same_subject_at_another_issuer_is_someone_else()
    {
        var person = await app.PersonAsync();
        await app.First.AccountAsync("same", person.Email);
        await app.Second.AccountAsync("same", "somebody-else@example.com");

        (await app.SayAsync("first", await app.First.IdTokenAsync("same", null))).ShouldBe("200");
        (await app.SayAsync("second", await app.Second.IdTokenAsync("same", null))).ShouldBe(Refused);
    }

    [Fact]
    public async Task An_expired_token_is_refused()
    {
        var person = await app.PersonAsync();
        await app.First.AccountAsync("expired", person.Email);
        var (early, late) = (await app.First.IdTokenAsync("expired", "e-1"), await app.First.IdTokenAsync("expired", "e-2"));

        // Good for an hour, and a minute for clocks that differ.
        app.Clock.Advance(new TimeSpan(1, 0, 59));
        (await app.SayAsync("first", early, "e-1")).ShouldBe("200");
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        (await app.SayAsync("first", late, "e-2")).ShouldBe(Refused);
    }

    [Fact]
    public async Task A_token_that_says_it_needs_no_signature_is_refused()
    {
        var (token, _, kid, claims) = await RealAsync("unsigned");

        await RefusedAsync(
            token,
            StubIssuer.Join(StubIssuer.Header("none", kid), claims, _ => []), StubIssuer.Join(StubIssuer.Header("none", kid), claims, _ => [1]),
            StubIssuer.Join(StubIssuer.Header("None", null), claims, _ => [1]), StubIssuer.Join(StubIssuer.Header("NONE", kid), claims, _ => [1]));
    }

    [Fact]
    public async Task A_token_signed_with_the_public_key_as_a_shared_secret_is_refused()
    {
        var (token, key, kid, claims) = await RealAsync("shared");
        using var theirs = RSA.Create(new RSAParameters
        {
            Modulus = Base64Url.DecodeFromChars(key.GetProperty("n").GetString()),
            Exponent = Base64Url.DecodeFromChars(key.GetProperty("e").GetString()),
        });
        string Hmac(byte[] secret) => StubIssuer.Join(StubIssuer.Header("HS256", kid), claims, data => HMACSHA256.HashData(secret, data));

        await RefusedAsync(
            token,
            Hmac(theirs.ExportSubjectPublicKeyInfo()),
            Hmac(theirs.ExportRSAPublicKey()),
            Hmac(Encoding.UTF8.GetBytes(theirs.ExportSubjectPublicKeyInfoPem())),
            Hmac(Base64Url.DecodeFromChars(key.GetProperty("n").GetString())),
            Hmac(Encoding.UTF8.GetBytes(key.GetRawText())));
    }

    [Fact]
    public async Task Other_forgeries_of_a_real_token_are_refused()
    {
        var (token, _, kid, claims) = await RealAsync("forged");
        var parts = token.Split('.');
        using var stranger = RSA.Create(2048);
        var own = StubIssuer.Header("RS256", kid);
        own["jwk"] = new JsonObject
        {
            ["kty"] = "RSA",
            ["n"] = Base64Url.EncodeToString(stranger.ExportParameters(false).Modulus),
            ["e"] = Base64Url.EncodeToString(stranger.ExportParameters(false).Exponent),
        };

        await RefusedAsync(
            token,
            StubIssuer.Sign(StubIssuer.Header("RS256", kid), claims, stranger),
            StubIssuer.Sign(own, claims, stranger),
            StubIssuer.Sign(StubIssuer.Header("RS256", "../../dev/null"), claims, stranger),
            StubIssuer.Sign(StubIssuer.Header("RS256", "' or 1=1 --"), claims, stranger),
            $"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.Replace("forged", "other", StringComparison.Ordinal)))}.{parts[2]}",
            $"{parts[0]}.{parts[1]}.", $"{parts[0]}.{parts[1]}", token[..^20], $"{token}.{parts[2]}", $"{parts[0]}.{parts[1]}.!",
            "a.b.c", "....", "{}", "\"");
    }

    // A person's token, which is good, and what it is made of.
    private async Task<(string Token, JsonElement Key, string? KeyId, string Claims)> RealAsync(string subject)
    {
        var person = await app.PersonAsync();
        await app.First.AccountAsync(subject, person.Email);
        var token = await app.First.IdTokenAsync(subject, null);
        var key = await app.First.KeyAsync();
        return (token, key, key.GetProperty("kid").GetString(), Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.Split('.')[1])));
    }

    private async Task RefusedAsync(string token, params string[] forgeries)
    {
        foreach (var forgery in forgeries)
            (await app.SayAsync("first", forgery)).ShouldBe(Refused, forgery.Length > 50 ? forgery[..50] : forgery);
        (await app.SayAsync("first", token)).ShouldBe("200");
    }

    [Fact]
    public async Task A_token_too_long_to_be_one_is_refused_for_its_length()
    {
        (await app.SayAsync("first", new string('a', 16 * 1024 + 1))).ShouldBe("422 validation_failed");
        (await app.SayAsync("first", new string('a', 1024 * 1024))).ShouldBe("422 validation_failed");
        (await app.SayAsync("first", "")).ShouldBe("422 validation_failed");
    }

    [Fact]
    public async Task A_nonce_is_good_once()
    {
        var person = await app.PersonAsync();
        await app.First.AccountAsync("replayed", person.Email);
        var (one, other) = (await app.First.IdTokenAsync("replayed", "once"), await app.First.IdTokenAsync("replayed", "once"));

        (await app.SayAsync("first", one, "once")).ShouldBe("200");
        (await app.SayAsync("first", one, "once")).ShouldBe(Refused);
        (await app.SayAsync("first", other, "once")).ShouldBe(Refused);
        (await app.SayAsync("first", await app.First.IdTokenAsync("replayed", "twice"), "twice")).ShouldBe("200");
    }

    [Fact]
    public async Task A_token_without_nonce_is_good_once_on_whichever_host()
    {
        var person = await app.PersonAsync();
        await app.First.AccountAsync("two-hosts", person.Email);
        var (token, next) = (await app.First.IdTokenAsync("two-hosts", null), await app.First.IdTokenAsync("two-hosts", "h"));
        await using var second = await app.StartSecondHostAsync();
        async Task<HttpStatusCode> ThereAsync(string idToken, string? nonce)
        {
            using var answer = await second.Anonymous().PostAsync("/api/v1/auth/federated", new { provider = "first", idToken, nonce });
            return answer.StatusCode;
        }

        (await app.SayAsync("first", token)).ShouldBe("200");
        (await ThereAsync(token, null)).ShouldBe(HttpStatusCode.Unauthorized);
        (await ThereAsync(next, "h")).ShouldBe(HttpStatusCode.OK);
        (await app.SayAsync("first", next, "h")).ShouldBe(Refused);
    }

    [Fact]
    public async Task Of_parallel_requests_with_one_token_one_gets_the_session()
    {
        var person = await app.PersonAsync();
        await app.First.AccountAsync("parallel", person.Email);
        var token = await app.First.IdTokenAsync("parallel", "p");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => app.SayAsync("first", token, "p")));

        answers.Count(a => a == "200").ShouldBe(1);
        answers.Count(a => a == Refused).ShouldBe(7);
    }

    [Fact]
    public async Task The_nonce_must_be_the_one_that_the_client_gave()
    {
        var person = await app.PersonAsync();
        await app.First.AccountAsync("nonce", person.Email);
        var (with, without) = (await app.First.IdTokenAsync("nonce", "mine"), await app.First.IdTokenAsync("nonce", null));

        (await app.SayAsync("first", with)).ShouldBe(Refused);
        (await app.SayAsync("first", with, "yours")).ShouldBe(Refused);
        (await app.SayAsync("first", without, "mine")).ShouldBe(Refused);
        (await app.SayAsync("first", with, "mine")).ShouldBe("200");
    }

    [Fact]
    public async Task Keys_that_the_provider_rotates_are_followed()
    {
        var person = await app.PersonAsync();
        await app.Second.AccountAsync("rotated", person.Email);
        (await app.SayAsync("second", await app.Second.IdTokenAsync("rotated", "r-1"), "r-1")).ShouldBe("200");
        var old = await app.Second.IdTokenAsync("rotated", "r-2");

        await app.Second.RotateKeysAsync();
        app.Clock.Advance(TimeSpan.FromMinutes(1));

        (await app.SayAsync("second", await app.Second.IdTokenAsync("rotated", "r-3"), "r-3")).ShouldBe("200");
        (await app.SayAsync("second", old, "r-2")).ShouldBe(Refused);
    }

    [Fact]
    public async Task An_outage_of_the_provider_is_survived_within_the_bound()
    {
        var person = await app.PersonAsync();
        await app.Second.AccountAsync("outage", person.Email);
        // Past the keys' freshness, so that the first log-in reads them now.
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        (await app.SayAsync("second", await app.Second.IdTokenAsync("outage", "o-1"), "o-1")).ShouldBe("200");
        var (soon, late) = (await app.Second.IdTokenAsync("outage", "o-2"), await app.Second.IdTokenAsync("outage", "o-3"));

        await app.Second.GoDownAsync();
        app.Clock.Advance(TimeSpan.FromMinutes(49));
        (await app.SayAsync("second", soon, "o-2")).ShouldBe("200");
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        (await app.SayAsync("second", late, "o-3")).ShouldBe("503 provider_unavailable");
        await app.Second.ComeUpAsync();
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        (await app.SayAsync("second", late, "o-3")).ShouldBe("200");
    }

    [Fact]
    public async Task An_address_that_is_not_verified_takes_over_nobody()
    {
        var person = await app.PersonAsync();
        await app.First.AccountAsync("thief", person.Email, verified: false);

        (await app.SayAsync("first", await app.First.IdTokenAsync("thief", null))).ShouldBe(Refused);
        await app.First.AccountAsync("thief", person.Email);
        (await app.SayAsync("first", await app.First.IdTokenAsync("thief", null))).ShouldBe("200");
    }

    [Fact]
    public async Task A_provider_that_is_switched_off_looks_like_none()
    {
        var person = await app.PersonAsync();
        await app.First.AccountAsync("off", person.Email);
        var token = await app.First.IdTokenAsync("off", null);

        (await app.SayAsync("off", token)).ShouldBe("422 validation_failed");
        (await app.SayAsync("nobody", token)).ShouldBe("422 validation_failed");
        (await app.SayAsync("first", token)).ShouldBe("200");
    }

    [Fact]
    public async Task The_providers_are_listed_with_what_a_client_needs()
    {
        var items = (await app.Anonymous().GetJsonAsync("/api/v1/auth/providers")).GetProperty("items").EnumerateArray().ToList();

        items.Select(p => p.GetProperty("name").GetString()).ShouldBe(["first", "second"]);
        items[0].GetProperty("authority").GetString().ShouldBe(app.First.Issuer);
        items[0].GetProperty("clientIds")[0].GetString().ShouldBe("licensing");
        items[0].EnumerateObject().Select(p => p.Name).ShouldBe(["name", "preset", "authority", "clientIds"]);
    }
}
