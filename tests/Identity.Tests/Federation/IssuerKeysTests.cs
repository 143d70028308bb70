using System.Text.Json.Nodes;

namespace Licensing.Identity.Tests.Federation;

/// <summary>When an issuer is asked for its keys, and when what it says is not believed.</summary>
public sealed class IssuerKeysTests(StubApp app) : IClassFixture<StubApp>
{
    private const string Refused = "401 federated_login_refused";
    private static int _last;

    [Fact]
    public async Task An_issuer_whose_document_names_another_is_not_believed()
    {
        var person = await app.PersonAsync();
        (await app.SayAsync("swapped", Token("/swapped", person))).ShouldBe("200");

        // Whoever holds the address publishes keys of his own; those from before stay for a while.
        var before = Token("/swapped", person);
        app.Issuer.Publish("/swapped", "https://issuer.example");
        app.Issuer.Documents["/swapped/keys"] = """{"keys":[]}""";
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        (await app.SayAsync("swapped", before)).ShouldBe("200");
        app.Clock.Advance(TimeSpan.FromMinutes(39));
        (await app.SayAsync("swapped", Token("/swapped", person))).ShouldBe("503 provider_unavailable");

        app.Issuer.Publish("/swapped", "https://issuer.example");
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        (await app.SayAsync("swapped", Token("/swapped", person))).ShouldBe("503 provider_unavailable");
        app.Issuer.Publish("/swapped", $"{app.Issuer.Address}/swapped");
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        (await app.SayAsync("swapped", Token("/swapped", person))).ShouldBe("200");
    }

    [Fact]
    public async Task An_issuer_that_was_never_read_is_unavailable_and_asked_once_a_minute()
    {
        var person = await app.PersonAsync();
        var asked = app.Issuer.Asked;
        for (var i = 0; i < 5; i++)
            (await app.SayAsync("gone", Token("/gone", person))).ShouldBe("503 provider_unavailable");

        (app.Issuer.Asked - asked).ShouldBe(1);
        app.Issuer.Publish("/gone", $"{app.Issuer.Address}/gone");
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        (await app.SayAsync("gone", Token("/gone", person))).ShouldBe("200");
    }

    [Fact]
    public async Task Unknown_keys_ask_the_issuer_at_most_once_a_minute()
    {
        var person = await app.PersonAsync();
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        (await app.SayAsync("plain", Token("", person))).ShouldBe("200");
        var asked = app.Issuer.Asked;

        for (var i = 0; i < 5; i++)
            (await app.SayAsync("plain", Token("", person, kid: $"invented-{i}"))).ShouldBe(Refused);
        (app.Issuer.Asked - asked).ShouldBe(0);
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 5; i++)
            (await app.SayAsync("plain", Token("", person, kid: $"invented-{i}"))).ShouldBe(Refused);

        // The document and the key set, once.
        (app.Issuer.Asked - asked).ShouldBe(2);
        (await app.SayAsync("plain", Token("", person))).ShouldBe("200");
    }

    [Fact]
    public async Task Tokens_that_cannot_be_the_issuers_do_not_ask_it()
    {
        var person = await app.PersonAsync();
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        var asked = app.Issuer.Asked;

        (await app.SayAsync("plain", Token("/elsewhere", person))).ShouldBe(Refused);
        (await app.SayAsync("plain", "a.b.c")).ShouldBe(Refused);

        app.Issuer.Asked.ShouldBe(asked);
    }

    private string Token(string path, Person person, string kid = "rsa")
    {
        var now = app.Clock.GetUtcNow().ToUnixTimeSeconds();
        return StubIssuer.Sign(StubIssuer.Header("RS256", kid), new JsonObject
        {
            ["iss"] = app.Issuer.Address + path,
            ["sub"] = $"subject-of-{person.Email}",
            ["aud"] = "licensing",
            ["iat"] = now,
            ["exp"] = now + 3600,
            ["email"] = person.Email,
            ["email_verified"] = true,
            ["jti"] = $"{Interlocked.Increment(ref _last)}",
        }.ToJsonString(), app.Issuer.Rsa);
    }
}
