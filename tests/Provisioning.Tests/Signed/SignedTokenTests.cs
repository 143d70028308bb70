using System.Buffers.Text;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using static Licensing.Provisioning.Tests.SellingApp;
using static Licensing.Provisioning.Tests.Signed.SignedCalls;

namespace Licensing.Provisioning.Tests.Signed;

/// <summary>What the one token of a request must be, and in which order it is judged.</summary>
public sealed class SignedTokenTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task A_good_token_passes_with_either_form_of_the_fingerprint()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        (await CodeAsync(caller.SendAsync(Body(branch)))).ShouldBe("200");
        var colons = string.Join(':', Enumerable.Range(0, 20).Select(i => caller.Fingerprint.Substring(2 * i, 2).ToUpperInvariant()));
        (await CodeAsync(caller.SendAsync(Body(branch), header: h => h["kid"] = colons))).ShouldBe("200");
    }

    public static TheoryData<string, string> Forgeries { get; } = new()
    {
        { "none", "401 INVALID_TOKEN" }, { "hs256", "401 INVALID_TOKEN" }, { "rs512", "401 INVALID_TOKEN" }, { "typ", "401 INVALID_TOKEN" },
        { "crit", "401 INVALID_TOKEN" },
        { "kid", "401 INVALID_CERTIFICATE" }, { "kidPath", "401 INVALID_CERTIFICATE" }, { "kidSql", "401 INVALID_CERTIFICATE" },
        { "noKid", "401 INVALID_TOKEN" },
        { "iss", "401 INVALID_TOKEN" }, { "aud", "401 INVALID_TOKEN" }, { "audMany", "401 INVALID_TOKEN" }, { "sub", "401 INVALID_TOKEN" },
        { "noSub", "401 INVALID_TOKEN" },
        { "noIat", "401 INVALID_TOKEN" }, { "iatAhead", "401 INVALID_TOKEN" }, { "nbfAhead", "401 INVALID_TOKEN" }, { "noExp", "401 INVALID_TOKEN" },
        { "expText", "401 INVALID_TOKEN" },
        { "expired", "400 EXPIRED_TOKEN" }, { "expFar", "400 EXPIRED_TOKEN" }, { "expHuge", "400 EXPIRED_TOKEN" },
        { "expNegative", "400 EXPIRED_TOKEN" },
        { "noJti", "400 INVALID_JTI" }, { "jtiV7", "400 INVALID_JTI" }, { "jtiBraces", "400 INVALID_JTI" }, { "jtiVariant", "400 INVALID_JTI" },
        { "hash", "401 INVALID_SIGNATURE" }, { "noHash", "401 INVALID_SIGNATURE" }, { "hashUpper", "401 INVALID_SIGNATURE" },
        { "twice", "401 INVALID_TOKEN" }, { "twoParts", "401 INVALID_TOKEN" }, { "fourParts", "401 INVALID_TOKEN" },
        { "garbage", "401 INVALID_TOKEN" },
        { "long", "401 INVALID_TOKEN" }, { "padded", "401 INVALID_TOKEN" }, { "otherKey", "401 INVALID_TOKEN" },
        { "cutSignature", "401 INVALID_TOKEN" }, { "array", "401 INVALID_TOKEN" },
        { "halfAlg", "401 INVALID_TOKEN" }, { "halfName", "401 INVALID_TOKEN" }, { "halfIss", "401 INVALID_TOKEN" },
        { "halfAud", "401 INVALID_TOKEN" },
        { "halfHash", "401 INVALID_SIGNATURE" }, { "noUtf8", "401 INVALID_TOKEN" },
        { "order", "401 INVALID_TOKEN" }, { "orderExp", "400 EXPIRED_TOKEN" }, { "orderJti", "400 INVALID_JTI" },
    };

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task A_forged_or_spoilt_token_is_refused_with_its_code(string forgery, string expected)
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        var body = Encoding.UTF8.GetBytes(Body(branch));
        var now = app.Clock.GetUtcNow().ToUnixTimeSeconds();
        string Claims(Action<JsonObject> bend) => caller.Token(body, bend);
        string Header(Action<JsonObject> bend) => caller.Token(body, null, bend);
        var good = caller.Token(body);
        var token = forgery switch
        {
            "none" => Header(h => h["alg"] = "none").Split('.') is var p ? $"{p[0]}.{p[1]}." : "",
            "hs256" => Hmac(Header(h => h["alg"] = "HS256"), caller.Key),
            "rs512" => Header(h => h["alg"] = "RS512"),
            "typ" => Header(h => h["typ"] = "JOSE"),
            "crit" => Header(h => h["crit"] = new JsonArray("exp")),
            "kid" => Header(h => h["kid"] = new string('0', 40)),
            "kidPath" => Header(h => h["kid"] = "../../etc/passwd"),
            "kidSql" => Header(h => h["kid"] = "' or 1=1 --"),
            "noKid" => Header(h => h.Remove("kid")),
            "iss" => Claims(c => c["iss"] = "someone"),
            "aud" => Claims(c => c["aud"] = "someone"),
            "audMany" => Claims(c => c["aud"] = new JsonArray("xima-ccaas", "someone")),
            "sub" => Claims(c => c["sub"] = new string('0', 40)),
            "noSub" => Claims(c => c.Remove("sub")),
            "noIat" => Claims(c => c.Remove("iat")),
            "iatAhead" => Claims(c => c["iat"] = now + 61),
            "nbfAhead" => Claims(c => c["nbf"] = now + 61),
            "noExp" => Claims(c => c.Remove("exp")),
            "expText" => Claims(c => c["exp"] = $"{now + 60}"),
            "expired" => Claims(c => c["exp"] = now - 60),
            "expFar" => Claims(c => c["exp"] = now + 1_861),
            "expHuge" => Claims(c => c["exp"] = 1e28m),
            "expNegative" => Claims(c => c["exp"] = -1e28m),
            "noJti" => Claims(c => c.Remove("jti")),
            "jtiV7" => Claims(c => c["jti"] = Id.NewGuid(app.Clock.GetUtcNow()).ToString()),
            "jtiBraces" => Claims(c => c["jti"] = SignedCaller.NewJti().Replace("-", "", StringComparison.Ordinal)),
            "jtiVariant" => Claims(c => c["jti"] = "11111111-1111-4111-c111-111111111111"),
            "hash" => Claims(c => c["payload_hash"] = new string('0', 64)),
            "noHash" => Claims(c => c.Remove("payload_hash")),
            "hashUpper" => Claims(c => c["payload_hash"] = ((string)c["payload_hash"]!).ToUpperInvariant()),
            "twice" => Resigned(caller, good, claims => claims.Replace("{", "{\"iss\":\"xima-ccaas\",", StringComparison.Ordinal)),
            "twoParts" => good[..good.LastIndexOf('.')],
            "fourParts" => $"{good}.x",
            "garbage" => "not.a.token",
            "long" => good + new string('A', 1 << 20),
            "padded" => $"{good}=",
            "otherKey" => Signed(RSA.Create(2048), good),
            "cutSignature" => good[..^8],
            "array" => Resigned(caller, good, _ => "[]"),
            // Halves of surrogate pairs, which no text can hold.
            "halfAlg" => $"{Base64Url.EncodeToString("""{"alg":"\ud800"}"""u8)}.e30.AA",
            "halfName" => $"{Base64Url.EncodeToString("""{"\ud800":1,"\ud800":2}"""u8)}.e30.AA",
            "noUtf8" => $"{Base64Url.EncodeToString([.. "{\"alg\":\""u8, 0xFF, .. "\"}"u8])}.e30.AA",
            "halfIss" => Resigned(caller, good, claims => claims.Replace("\"iss\":\"xima-ccaas\"", Half("iss"), StringComparison.Ordinal)),
            "halfAud" => Resigned(
                caller, good, claims => claims.Replace("\"aud\":\"xima-ccaas\"", "\"aud\":[\"\\ud800\"]", StringComparison.Ordinal)),
            "halfHash" => Resigned(
                caller,
                good,
                claims => System.Text.RegularExpressions.Regex.Replace(claims, "\"payload_hash\":\"[0-9a-f]*\"", _ => Half("payload_hash"))),
            // Of two faults the earlier one answers.
            "order" => Claims(c => (c["iss"], c["exp"]) = ("someone", now - 600)),
            "orderExp" => Claims(c => (c["exp"], c["jti"]) = (now - 600, "x")),
            "orderJti" => Claims(c => (c["jti"], c["payload_hash"]) = ("x", "y")),
            _ => throw new ArgumentOutOfRangeException(nameof(forgery)),
        };
        using var client = app.Anonymous();
        using var request = SignedCaller.Request(body, token);

        (await CodeAsync(client.SendAsync(request, Ct))).ShouldBe(expected);

        // What was refused before its use was noted leaves the caller where he was.
        (await CodeAsync(caller.SendAsync(body))).ShouldBe("200");
    }

    [Theory]
    [InlineData(60, 1_860)]
    [InlineData(-1_740, 60)]
    public async Task A_clock_that_is_a_minute_off_is_allowed_for(int issued, int until)
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        var now = app.Clock.GetUtcNow().ToUnixTimeSeconds();
        (await CodeAsync(caller.SendAsync(Body(branch), claims: c => (c["iat"], c["exp"]) = (now + issued, now + until)))).ShouldBe("200");
        (await CodeAsync(caller.SendAsync(Body(branch), claims: c => c["exp"] = now - 59))).ShouldBe("200");
    }

    [Fact]
    public async Task Without_a_token_or_with_another_credential_nobody_comes_in()
    {
        var branch = await app.BranchAsync();
        using var anonymous = app.Anonymous();
        using var content = new StringContent(Body(branch), Encoding.UTF8, "application/json");
        (await CodeAsync(anonymous.PostAsync(SignedCaller.Route, content, Ct))).ShouldBe("401 INVALID_TOKEN");
        using var administrator = branch.Administrator();
        (await CodeAsync(administrator.PostAsync(SignedCaller.Route, content, Ct))).ShouldBe("401 INVALID_TOKEN");
    }

    [Fact]
    public async Task The_hash_may_be_of_the_bytes_or_of_their_compact_form_and_of_nothing_else()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        var compact = Body(branch, ",\"eliteSeats\":5");
        var pretty = "\uFEFF  " + compact.Replace(":", " : ", StringComparison.Ordinal).Replace(",", ",\r\n\t", StringComparison.Ordinal) + "\n";
        Action<JsonObject> Of(string text) => c => c["payload_hash"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

        (await CodeAsync(caller.SendAsync(pretty))).ShouldBe("200");
        (await CodeAsync(caller.SendAsync(pretty, claims: Of(compact)))).ShouldBe("200");
        (await CodeAsync(caller.SendAsync(compact, claims: Of(pretty)))).ShouldBe("401 INVALID_SIGNATURE");
        // A number's lexeme is part of what was signed.
        (await CodeAsync(caller.SendAsync(compact.Replace(":5", ":5.0", StringComparison.Ordinal), claims: Of(compact))))
            .ShouldBe("401 INVALID_SIGNATURE");
    }

    [Fact]
    public async Task A_compressed_body_is_signed_as_what_it_holds()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        var body = Encoding.UTF8.GetBytes(Body(branch));
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(body, Ct);
        using var client = app.Anonymous();
        using var request = SignedCaller.Request(packed.ToArray(), caller.Token(body));
        request.Content!.Headers.ContentEncoding.Add("gzip");
        (await CodeAsync(client.SendAsync(request, Ct))).ShouldBe("200");
    }

    [Fact]
    public async Task A_body_that_is_too_large_or_no_JSON_is_told_so()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        (await CodeAsync(caller.SendAsync(Body(branch) + new string(' ', 64 * 1024)))).ShouldBe("413 VALIDATION_ERROR");
        (await CodeAsync(caller.SendAsync("{"))).ShouldBe("400 VALIDATION_ERROR");
        var body = Encoding.UTF8.GetBytes(Body(branch));
        using var client = app.Anonymous();
        using var request = SignedCaller.Request(body, caller.Token(body));
        request.Content!.Headers.ContentType = new MediaTypeHeaderValue("text/plain");
        (await CodeAsync(client.SendAsync(request, Ct))).ShouldBe("415 VALIDATION_ERROR");
    }

    [Fact]
    public async Task A_token_is_used_once_whatever_came_of_it()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        var jti = SignedCaller.NewJti();
        (await CodeAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":1"), claims: c => c["jti"] = jti))).ShouldBe("400 VALIDATION_ERROR");
        (await CodeAsync(caller.SendAsync(Body(branch), claims: c => c["jti"] = jti))).ShouldBe("401 DUPLICATE_JTI");
        // Another reseller's certificate has uses of its own.
        var other = await app.BranchAsync();
        using var stranger = await SignedCaller.EnrolAsync(other);
        (await CodeAsync(stranger.SendAsync(Body(other), claims: c => c["jti"] = jti))).ShouldBe("200");
    }

    [Theory]
    [InlineData("exp", 3_600, "400 EXPIRED_TOKEN")]
    [InlineData("iat", 1_200, "401 INVALID_TOKEN")]
    [InlineData("nbf", 1_200, "401 INVALID_TOKEN")]
    public async Task A_token_that_is_refused_for_a_time_to_come_is_not_good_when_that_has_come(string claim, int ahead, string refusal)
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        var body = Encoding.UTF8.GetBytes(Body(branch));
        var token = caller.Token(body, c => c[claim] = app.Now.AddSeconds(ahead).ToUnixTimeSeconds());
        using var client = app.Anonymous();
        async Task<string> SendAsync()
        {
            using var request = SignedCaller.Request(body, token);
            return await CodeAsync(client.SendAsync(request, Ct));
        }

        (await SendAsync()).ShouldBe(refusal);
        // As long as the claim is wrong, that is what is wrong first.
        (await SendAsync()).ShouldBe(refusal);
        app.Clock.Advance(TimeSpan.FromSeconds(ahead / 2 + 600));
        (await SendAsync()).ShouldBe("401 DUPLICATE_JTI");
    }

    [Fact]
    public async Task What_no_time_makes_good_is_not_remembered()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        var (without, far) = (SignedCaller.NewJti(), SignedCaller.NewJti());
        (await CodeAsync(caller.SendAsync(Body(branch), claims: c => { c["jti"] = without; c.Remove("exp"); }))).ShouldBe("401 INVALID_TOKEN");
        (await CodeAsync(caller.SendAsync(Body(branch), claims: c => (c["jti"], c["exp"]) = (far, 1e28m)))).ShouldBe("400 EXPIRED_TOKEN");

        (await RememberedAsync(without)).ShouldBeNull();
        (await RememberedAsync(far)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Of_many_at_once_with_one_token_exactly_one_proceeds_over_two_hosts()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        await using var second = await app.StartSecondHostAsync();
        using var here = app.Anonymous();
        using var there = second.Anonymous();
        var body = Encoding.UTF8.GetBytes(Body(branch));
        var token = caller.Token(body);

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(async i =>
        {
            using var request = SignedCaller.Request(body, token);
            return await CodeAsync((i % 2 == 0 ? here : there).SendAsync(request, Ct));
        }));

        answers.CountBy(x => x).OrderBy(x => x.Key).Select(x => $"{x.Key} × {x.Value}").ShouldBe(["200 × 1", "401 DUPLICATE_JTI × 63"]);
    }

    [Fact]
    public async Task A_revoked_or_ended_certificate_and_one_of_a_suspended_organization_sign_no_more()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        using var revoked = await SignedCaller.EnrolAsync(branch);
        (await CodeAsync(revoked.SendAsync(Body(branch)))).ShouldBe("200");
        (await administrator.DeleteAsync($"/api/v1/certificates/{revoked.Id}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await CodeAsync(revoked.SendAsync(Body(branch)))).ShouldBe("401 INVALID_CERTIFICATE");

        using var held = await SignedCaller.EnrolAsync(branch);
        (await administrator.PostAsJsonAsync(
            $"/api/v1/partners/{branch.Partner.Id.Value}/suspend", new { reason = "late" }, Ct)).IsSuccessStatusCode.ShouldBeTrue();
        (await CodeAsync(held.SendAsync(Body(branch)))).ShouldBe("401 INVALID_CERTIFICATE");
        (await administrator.PostAsync($"/api/v1/partners/{branch.Partner.Id.Value}/resume", null, Ct)).IsSuccessStatusCode.ShouldBeTrue();
        (await CodeAsync(held.SendAsync(Body(branch)))).ShouldBe("200");
    }

    [Fact]
    public async Task What_ends_a_certificate_counts_here_at_once_and_elsewhere_within_five_seconds()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        using var caller = await SignedCaller.EnrolAsync(branch);
        await using var second = await app.StartSecondHostAsync();
        using var there = second.Anonymous();
        using var here = app.Anonymous();
        (await SayAsync(here)).ShouldBe("200");
        (await SayAsync(there)).ShouldBe("200");

        (await administrator.DeleteAsync($"/api/v1/certificates/{caller.Id}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await SayAsync(here)).ShouldBe("401 INVALID_CERTIFICATE");
        app.Clock.Advance(TimeSpan.FromSeconds(5));
        (await SayAsync(there)).ShouldBe("401 INVALID_CERTIFICATE");

        async Task<string> SayAsync(HttpClient host)
        {
            var body = Encoding.UTF8.GetBytes(Body(branch));
            using var request = SignedCaller.Request(body, caller.Token(body));
            return await CodeAsync(host.SendAsync(request, Ct));
        }
    }

    [Fact]
    public async Task What_the_token_must_claim_is_a_setting_of_the_organization()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        using var administrator = branch.Administrator();
        using var patch = new StringContent("""{"signed":{"issuer":"acme","audience":"acme-licences"}}""", Encoding.UTF8, "application/json");
        using var set = await administrator.PatchAsync($"/api/v1/settings/licensing?organizationId={branch.Partner.Id.Value}", patch, Ct);
        set.IsSuccessStatusCode.ShouldBeTrue(await set.Content.ReadAsStringAsync(Ct));

        (await CodeAsync(caller.SendAsync(Body(branch)))).ShouldBe("401 INVALID_TOKEN");
        (await CodeAsync(caller.SendAsync(Body(branch), claims: c => (c["iss"], c["aud"]) = ("acme", "acme-licences")))).ShouldBe("200");
    }

    [Fact]
    public async Task Used_tokens_are_forgotten_a_day_after_their_age_refuses_them()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        var jti = SignedCaller.NewJti();
        (await CodeAsync(caller.SendAsync(Body(branch), claims: c => c["jti"] = jti))).ShouldBe("200");
        var until = app.Clock.GetUtcNow().AddMinutes(31);
        (await RememberedAsync(jti)).ShouldBe(until);
        await app.InAsync<IEnumerable<Licensing.Kernel.Persistence.IChore>, int>(
            async chores => await chores.Single(c => c.GetType().Name == "UsedTokens").RunAsync(Ct));
        (await RememberedAsync(jti)).ShouldBe(until);
        app.Clock.Advance(TimeSpan.FromMinutes(31) + TimeSpan.FromDays(1));
        await app.InAsync<IEnumerable<Licensing.Kernel.Persistence.IChore>, int>(
            async chores => await chores.Single(c => c.GetType().Name == "UsedTokens").RunAsync(Ct));
        // Kept for longer than that: clocks differ.
        (await RememberedAsync(jti)).ShouldBe(until);
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        await app.InAsync<IEnumerable<Licensing.Kernel.Persistence.IChore>, int>(
            async chores => await chores.Single(c => c.GetType().Name == "UsedTokens").RunAsync(Ct));
        (await RememberedAsync(jti)).ShouldBeNull();
    }

    private Task<DateTimeOffset?> RememberedAsync(string jti) => app.InAsync<Npgsql.NpgsqlDataSource, DateTimeOffset?>(async database =>
    {
        await using var command = database.CreateCommand("select remember_until from provisioning.used_tokens where jti = $1");
        command.Parameters.Add(new() { Value = Guid.Parse(jti) });
        return await command.ExecuteScalarAsync(Ct) is DateTime found ? new DateTimeOffset(found, TimeSpan.Zero) : null;
    });

    private static string Half(string claim) => $"\"{claim}\":\"\\ud800\"";

    private static string Hmac(string token, RSA key)
    {
        var signed = token[..token.LastIndexOf('.')];
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(key.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string Signed(RSA key, string token)
    {
        var signed = token[..token.LastIndexOf('.')];
        var signature = key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Resigned(SignedCaller caller, string token, Func<string, string> change)
    {
        var parts = token.Split('.');
        var claims = change(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])));
        return Signed(caller.Key, $"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.x");
    }
}
