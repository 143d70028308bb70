using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Licensing.Identity.Tests.Federation;

/// <summary>What an ID token must say, with an issuer that signs anything.</summary>
public sealed class IdTokenTests(StubApp app) : IClassFixture<StubApp>
{
    private const string Refused = "401 federated_login_refused";
    private static int _last;

    private long Now => app.Clock.GetUtcNow().ToUnixTimeSeconds();

    public static TheoryData<string, string> Flaws => new()
    {
        { "another issuer", """{"iss":"https://issuer.example"}""" },
        { "no issuer", """{"iss":null}""" },
        { "another audience", """{"aud":"another"}""" },
        { "no audience", """{"aud":[]}""" },
        { "an audience that is not ours among those that are", """{"aud":["licensing","another"],"azp":"licensing"}""" },
        { "several audiences and no authorized party", """{"aud":["licensing","licensing-app"]}""" },
        { "an authorized party that is not ours", """{"azp":"another"}""" },
        { "audiences that are no texts", """{"aud":["licensing",1]}""" },
        { "no end", """{"exp":null}""" },
        { "an end that is a text", """{"exp":"1900000000"}""" },
        { "an end beyond all time", """{"exp":9223372036854775807}""" },
        { "an end that is no number", """{"exp":1e999}""" },
        { "no beginning", """{"iat":null}""" },
        { "issued next month", """{"iat":1771146000}""" },
        { "not before next month", """{"nbf":1771146000}""" },
        { "not before a text", """{"nbf":"now"}""" },
        { "a nonce that nobody gave", """{"nonce":"n"}""" },
        { "a nonce that is a number", """{"nonce":1}""" },
        { "no subject", """{"sub":null}""" },
        { "an empty subject", """{"sub":""}""" },
        { "a subject that no database takes", """{"sub":"a\u0000"}""" },
        { "a subject that is a number", """{"sub":1}""" },
    };

    [Theory, MemberData(nameof(Flaws))]
    public async Task A_token_with_a_flaw_is_refused(string flaw, string changed)
    {
        var person = await app.PersonAsync();
        var claims = Claims(person);
        (await app.SayAsync("plain", app.Issuer.RS256(With(claims, changed)))).ShouldBe(Refused, flaw);

        (await app.SayAsync("plain", app.Issuer.RS256(claims))).ShouldBe("200", flaw);
    }

    [Theory]
    [InlineData("""{"aud":["licensing","licensing-app"],"azp":"licensing-app"}""")]
    [InlineData("""{"aud":["licensing"]}""")]
    [InlineData("""{"azp":"licensing"}""")]
    [InlineData("""{"email_verified":"true"}""")]
    public async Task A_token_without_flaw_is_accepted(string changed) =>
        (await app.SayAsync("plain", app.Issuer.RS256(With(Claims(await app.PersonAsync()), changed)))).ShouldBe("200");

    [Fact]
    public async Task A_subject_is_not_longer_than_the_standard_allows()
    {
        var claims = Claims(await app.PersonAsync());

        (await app.SayAsync("plain", app.Issuer.RS256(With(claims, $$"""{"sub":"{{new string('s', 256)}}"}""")))).ShouldBe(Refused);
        (await app.SayAsync("plain", app.Issuer.RS256(With(claims, $$"""{"sub":"{{new string('s', 255)}}"}""")))).ShouldBe("200");
    }

    [Theory]
    [InlineData("""{"typ":"at+jwt"}""")]
    [InlineData("""{"typ":"logout+jwt"}""")]
    [InlineData("""{"typ":1}""")]
    [InlineData("""{"crit":["exp"],"exp":1}""")]
    [InlineData("""{"kid":1}""")]
    [InlineData("""{"kid":"ec"}""")]
    [InlineData("""{"kid":"unknown"}""")]
    [InlineData("""{"alg":"PS256"}""")]
    [InlineData("""{"alg":"RS512"}""")]
    [InlineData("""{"alg":1}""")]
    public async Task A_token_of_another_kind_or_key_is_refused(string changed)
    {
        var claims = Claims(await app.PersonAsync());

        (await app.SayAsync("plain", StubIssuer.Sign(With(StubIssuer.Header("RS256", "rsa"), changed), claims.ToJsonString(), app.Issuer.Rsa)))
            .ShouldBe(Refused);
        (await app.SayAsync("plain", app.Issuer.RS256(claims))).ShouldBe("200");
    }

    [Fact]
    public async Task An_algorithm_that_the_issuer_does_not_name_is_refused_though_its_key_signed()
    {
        var claims = Claims(await app.PersonAsync()).ToJsonString();
        var pss = StubIssuer.Join(
            StubIssuer.Header("PS256", "rsa"), claims, data => app.Issuer.Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pss));

        (await app.SayAsync("plain", pss)).ShouldBe(Refused);
        (await app.SayAsync("plain", StubIssuer.Sign(StubIssuer.Header("RS256", "rsa"), claims, app.Issuer.Rsa))).ShouldBe("200");
    }

    [Fact]
    public async Task A_token_without_kid_means_the_only_key_of_its_kind()
    {
        var claims = Claims(await app.PersonAsync()).ToJsonString();

        (await app.SayAsync("plain", StubIssuer.Sign(StubIssuer.Header("RS256", null), claims, app.Issuer.Rsa))).ShouldBe("200");
    }

    [Fact]
    public async Task A_claim_that_comes_twice_is_refused()
    {
        var claims = Claims(await app.PersonAsync()).ToJsonString();
        var twice = claims[..^1] + ""","sub":"somebody"}""";

        (await app.SayAsync("plain", StubIssuer.Sign(StubIssuer.Header("RS256", "rsa"), twice, app.Issuer.Rsa))).ShouldBe(Refused);
    }

    [Theory]
    [InlineData("sub")]
    [InlineData("iss")]
    [InlineData("aud")]
    [InlineData("amr")]
    [InlineData("name")]
    [InlineData("\\ud800")]
    public async Task Half_a_character_is_refused_and_never_an_error(string claim)
    {
        var claims = Claims(await app.PersonAsync());
        claims.Remove(claim);
        var text = claims.ToJsonString()[..^1] + $$""","{{claim}}":"\ud800"}""";

        // Signed by somebody else, so that none is accepted for what it says otherwise.
        using var stranger = RSA.Create(2048);
        (await app.SayAsync("plain", StubIssuer.Sign(StubIssuer.Header("RS256", "rsa"), text, stranger))).ShouldBe(Refused);
    }

    [Fact]
    public async Task However_late_a_token_ends_it_is_good_for_a_day()
    {
        var claims = With(Claims(await app.PersonAsync()), """{"exp":4102444800}""");
        var (early, late) = (app.Issuer.RS256(claims), app.Issuer.RS256(With(claims, """{"jti":"2"}""")));

        app.Clock.Advance(TimeSpan.FromHours(24));
        (await app.SayAsync("plain", early)).ShouldBe("200");
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        (await app.SayAsync("plain", late)).ShouldBe(Refused);
        (await app.SayAsync("plain", early)).ShouldBe(Refused);
    }

    [Fact]
    public async Task Another_signature_of_the_same_token_is_the_same_token()
    {
        var token = app.Issuer.ES256(Claims(await app.PersonAsync()));

        (await app.SayAsync("plain", StubIssuer.Twin(token))).ShouldBe("200");
        (await app.SayAsync("plain", token)).ShouldBe(Refused);
    }

    [Fact]
    public async Task Uses_are_forgotten_when_nobody_would_accept_the_token_any_more()
    {
        var person = await app.PersonAsync();
        var others = await UsesAsync();
        (await app.SayAsync("plain", app.Issuer.RS256(Claims(person)))).ShouldBe("200");
        var first = (await UsesAsync()).Except(others).ShouldHaveSingleItem();

        app.Clock.Advance(TimeSpan.FromDays(2));
        var before = await UsesAsync();
        // Twenty at a time; the other tests here leave fewer than that makes.
        for (var i = 0; i < 10; i++)
            (await app.SayAsync("plain", app.Issuer.RS256(With(Claims(person), $$"""{"jti":"{{i}}"}""")))).ShouldBe("200");

        var after = await UsesAsync();
        after.ShouldNotContain(first);
        after.Except(before).Count().ShouldBe(10);
    }

    private Task<string[]> UsesAsync() => app.InAsync<Npgsql.NpgsqlDataSource, string[]>(async database =>
    {
        await using var uses = database.CreateCommand("select coalesce(array_agg(encode(digest, 'hex')), '{}') from identity.federated_uses");
        return (string[])(await uses.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    });

    private JsonObject Claims(Person person) => new()
    {
        ["iss"] = app.Issuer.Address,
        ["sub"] = $"subject-of-{person.Email}",
        ["aud"] = "licensing",
        ["iat"] = Now,
        ["exp"] = Now + 3600,
        ["email"] = person.Email,
        ["email_verified"] = true,
        ["jti"] = $"first-{Interlocked.Increment(ref _last)}",
    };

    private static JsonObject With(JsonObject from, string changed)
    {
        var result = from.DeepClone().AsObject();
        foreach (var (name, value) in JsonNode.Parse(changed)!.AsObject())
            if (value is null)
                result.Remove(name);
            else
                result[name] = value.DeepClone();
        return result;
    }
}
