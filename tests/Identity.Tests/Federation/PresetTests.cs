using System.Text.Json.Nodes;

namespace Licensing.Identity.Tests.Federation;

/// <summary>Microsoft Entra and Google, with an issuer that speaks as they do.</summary>
public sealed class PresetTests(StubApp app) : IClassFixture<StubApp>
{
    private const string Refused = "401 federated_login_refused";
    private const string OtherDirectory = "9188040d-6c67-4c5b-b112-36a304b66dad";

    [Fact]
    public async Task Entra_links_by_address_only_when_told_to_and_the_domain_is_its_owners()
    {
        var person = await app.PersonAsync();
        var unproven = Entra(StubApp.OurDirectory, person.Email);
        var proven = With(unproven, "xms_edov", true);
        // An address in the token is what any directory's administrator writes there.
        var claimed = With(unproven, "email_verified", true);

        (await app.SayAsync("entra", app.Issuer.RS256(proven))).ShouldBe(Refused);
        (await app.SayAsync("entra-email", app.Issuer.RS256(unproven))).ShouldBe(Refused);
        (await app.SayAsync("entra-email", app.Issuer.RS256(claimed))).ShouldBe(Refused);
        (await app.SayAsync("entra-email", app.Issuer.RS256(proven))).ShouldBe("200");
        // Linked, he enters through either.
        (await app.SayAsync("entra", app.Issuer.RS256(unproven))).ShouldBe("200");
    }

    [Fact]
    public async Task Entra_lets_in_only_the_directories_that_are_allowed()
    {
        var person = await app.PersonAsync();
        var (ours, other) = (Linkable(StubApp.OurDirectory, person.Email), Linkable(OtherDirectory, person.Email));
        (await app.SayAsync("entra-email", app.Issuer.RS256(With(ours, "jti", "1")))).ShouldBe("200");
        (await app.SayAsync("entra-email", app.Issuer.RS256(With(other, "jti", "1")))).ShouldBe("200");

        (await app.SayAsync("entra", app.Issuer.RS256(With(ours, "jti", "2")))).ShouldBe("200");
        (await app.SayAsync("entra", app.Issuer.RS256(With(other, "jti", "2")))).ShouldBe(Refused);
    }

    [Fact]
    public async Task Entras_issuer_is_the_template_filled_with_the_tokens_directory()
    {
        var good = Linkable(StubApp.OurDirectory, (await app.PersonAsync()).Email);

        (await app.SayAsync("entra-email", app.Issuer.RS256(With(good, "tid", OtherDirectory)))).ShouldBe(Refused);
        (await app.SayAsync("entra-email", app.Issuer.RS256(With(good, "tid", "{tenantid}")))).ShouldBe(Refused);
        (await app.SayAsync("entra-email", app.Issuer.RS256(With(good, "tid", null)))).ShouldBe(Refused);
        (await app.SayAsync("entra-email", app.Issuer.RS256(With(good, "iss", $"{app.Issuer.Address}/{{tenantid}}/v2.0")))).ShouldBe(Refused);
        (await app.SayAsync("entra-email", app.Issuer.RS256(With(good, "iss", $"https://issuer.example/{StubApp.OurDirectory}/v2.0"))))
            .ShouldBe(Refused);
        (await app.SayAsync("entra-email", app.Issuer.RS256(good))).ShouldBe("200");
    }

    [Fact]
    public async Task A_key_of_Entra_signs_only_for_the_directory_that_it_names()
    {
        var person = await app.PersonAsync();
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        app.Issuer.Publish("/organizations/v2.0", $"{app.Issuer.Address}/{{tenantid}}/v2.0", $"{app.Issuer.Address}/{OtherDirectory}/v2.0");

        (await app.SayAsync("entra-email", app.Issuer.RS256(Linkable(StubApp.OurDirectory, person.Email)))).ShouldBe(Refused);
        (await app.SayAsync("entra-email", app.Issuer.RS256(Linkable(OtherDirectory, person.Email)))).ShouldBe("200");
        app.Issuer.Publish("/organizations/v2.0", $"{app.Issuer.Address}/{{tenantid}}/v2.0", $"{app.Issuer.Address}/{{tenantid}}/v2.0");
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        (await app.SayAsync("entra-email", app.Issuer.RS256(Linkable(StubApp.OurDirectory, person.Email)))).ShouldBe("200");
    }

    [Fact]
    public async Task One_directory_of_Entra_lets_in_nobody_of_another()
    {
        var person = await app.PersonAsync();

        (await app.SayAsync("entra-one", app.Issuer.RS256(Linkable(OtherDirectory, person.Email)))).ShouldBe(Refused);
        (await app.SayAsync("entra-one", app.Issuer.RS256(Linkable(StubApp.OurDirectory, person.Email)))).ShouldBe("200");
    }

    [Fact]
    public async Task Google_is_one_issuer_in_both_spellings()
    {
        var person = await app.PersonAsync();
        var claims = Google(person.Email, "example.com");
        (await app.SayAsync("google", app.Issuer.RS256(claims))).ShouldBe("200");

        // The same subject under the other spelling: were it another identity, the user would have one already and this be refused.
        var bare = With(claims, "iss", claims["iss"]!.GetValue<string>().Replace("http://", "", StringComparison.Ordinal));
        (await app.SayAsync("google", app.Issuer.RS256(bare))).ShouldBe("200");
        using var administrator = app.Bearer((await person.LoginAsync()).GetProperty("accessToken").GetString()!);
        (await administrator.GetJsonAsync($"/api/v1/users/{person.Id}/identities")).GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Google_lets_in_only_the_domains_that_are_named()
    {
        var person = await app.PersonAsync();

        (await app.SayAsync("google", app.Issuer.RS256(Google(person.Email, null)))).ShouldBe(Refused);
        (await app.SayAsync("google", app.Issuer.RS256(Google(person.Email, "other.example")))).ShouldBe(Refused);
        (await app.SayAsync("google", app.Issuer.RS256(Google(person.Email, "example.com")))).ShouldBe("200");
    }

    [Fact]
    public async Task Of_an_address_that_is_not_its_own_Google_is_no_witness()
    {
        var person = await app.PersonAsync();

        (await app.SayAsync("google-any", app.Issuer.RS256(Google(person.Email, null)))).ShouldBe(Refused);
        (await app.SayAsync("google-any", app.Issuer.RS256(Google(person.Email, "example.com")))).ShouldBe("200");
    }

    [Fact]
    public async Task An_address_that_Google_has_not_verified_finds_nobody()
    {
        var person = await app.PersonAsync();
        var good = Google(person.Email, "example.com");

        (await app.SayAsync("google", app.Issuer.RS256(With(good, "email_verified", false)))).ShouldBe(Refused);
        (await app.SayAsync("google", app.Issuer.RS256(With(good, "email_verified", null)))).ShouldBe(Refused);
        (await app.SayAsync("google", app.Issuer.RS256(good))).ShouldBe("200");
    }

    private JsonObject Linkable(string directory, string email) => With(Entra(directory, email), "xms_edov", true);

    private JsonObject Entra(string directory, string email)
    {
        var claims = Claims($"{app.Issuer.Address}/{directory}/v2.0", email);
        claims["tid"] = directory;
        return claims;
    }

    private JsonObject Google(string email, string? domain) =>
        With(With(Claims($"{app.Issuer.Address}/google", email), "email_verified", true), "hd", domain);

    private JsonObject Claims(string issuer, string email) => new()
    {
        ["iss"] = issuer,
        ["sub"] = $"subject-of-{email}",
        ["aud"] = "licensing",
        ["iat"] = app.Clock.GetUtcNow().ToUnixTimeSeconds(),
        ["exp"] = app.Clock.GetUtcNow().ToUnixTimeSeconds() + 3600,
        ["email"] = email,
    };

    private static JsonObject With(JsonObject from, string name, JsonNode? value)
    {
        var result = from.DeepClone().AsObject();
        if (value is null)
            result.Remove(name);
        else
            result[name] = value;
        return result;
    }
}
