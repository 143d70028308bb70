using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Licensing.Identity.Tests.Sessions;

public sealed class SigningKeyTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_is_published_then_signs_then_only_verifies_and_then_is_gone()
    {
        await SettleAsync();
        var person = await PersonAsync();
        var old = (await KidsAsync()).ShouldHaveSingleItem();

        var next = (await RotateAsync()).Kid.ToString();
        (await KidsAsync()).ShouldBe([old, next]);
        (await StatesAsync()).ShouldBe([(old, SigningKeyState.Current), (next, SigningKeyState.Next)]);
        KidOf(await TokenAsync(person)).ShouldBe(old);

        app.Clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1));
        var last = await TokenAsync(person);
        KidOf(last).ShouldBe(old);
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        KidOf(await TokenAsync(person)).ShouldBe(next);
        (await StatesAsync()).ShouldBe([(old, SigningKeyState.Retiring), (next, SigningKeyState.Current)]);
        (await KidsAsync()).ShouldBe([old, next]);

        // To the very end of the last token that it signed.
        app.Clock.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromSeconds(2));
        using var client = app.Bearer(last);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        // After it no token of that key is believed, though documents that it signed can still be verified.
        app.Clock.Advance(TimeSpan.FromMinutes(2));
        (await KidsAsync()).ShouldBe([old, next]);
        var ring = await app.Services.GetRequiredService<SigningKeys>().RingAsync(Ct);
        ring.Believed(app.Clock.GetUtcNow()).Select(k => k.Key.KeyId).ShouldBe([next]);
        app.Clock.Advance(IDocumentSigner.Longest);
        (await KidsAsync()).ShouldBe([next]);
        await CleanAsync();
        (await StatesAsync()).ShouldBe([(next, SigningKeyState.Current)]);
    }

    [Fact]
    public async Task Every_host_verifies_with_a_new_key_and_changes_over_with_the_others()
    {
        await SettleAsync();
        var person = await PersonAsync();
        await using var second = await app.StartSecondHostAsync();
        var before = await TokenAsync(person);
        (await StatusAsync(second, before)).ShouldBe(HttpStatusCode.OK);

        var next = (await RotateAsync()).Kid.ToString();
        // Seconds after the change of another host, without a restart.
        app.Clock.Advance(SigningKeys.Fresh);
        (await KidsAsync(second.Anonymous())).ShouldContain(next);
        app.Clock.Advance(TimeSpan.FromHours(1));
        var after = await TokenAsync(person);

        KidOf(after).ShouldBe(next);
        (await StatusAsync(second, after)).ShouldBe(HttpStatusCode.OK);
        KidOf(await TokenAsync(person, second.Anonymous())).ShouldBe(next);
    }

    [Fact]
    public async Task A_compromised_key_ends_with_its_tokens_on_every_host_within_seconds()
    {
        await SettleAsync();
        var person = await PersonAsync();
        await using var second = await app.StartSecondHostAsync();
        var stolen = await TokenAsync(person);
        (await StatusAsync(second, stolen)).ShouldBe(HttpStatusCode.OK);

        var rotated = await RotateAsync(compromised: true);

        (await KidsAsync()).ShouldBe([rotated.Kid.ToString()]);
        var fresh = await TokenAsync(person);
        KidOf(fresh).ShouldBe(rotated.Kid.ToString());
        app.Clock.Advance(SigningKeys.Fresh);
        (await StatusAsync(second, stolen)).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(second, fresh)).ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromSeconds(5));
        using var here = app.Bearer(stolen);
        (await here.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_host_whose_clock_is_behind_neither_believes_a_compromised_key_nor_signs_with_it()
    {
        await SettleAsync();
        // One that is still on its way is stolen with the one that signs.
        await RotateAsync();

        var kid = (await RotateAsync(compromised: true)).Kid.ToString();

        var ring = await app.Services.GetRequiredService<SigningKeys>().RingAsync(Ct);
        var now = app.Clock.GetUtcNow();
        // Later the one that was on its way would have begun; it takes nobody's place.
        foreach (var at in new[] { now - HostClocks.Slack, now, now + TimeSpan.FromHours(2) })
        {
            ring.Current(at)!.Key.KeyId.ShouldBe(kid);
            ring.Published(at).Select(k => k.Key.KeyId).ShouldBe([kid]);
            ring.Believed(at).Select(k => k.Key.KeyId).ShouldBe([kid]);
        }
    }

    [Fact]
    public async Task A_token_of_an_unknown_key_makes_a_host_look_again_and_a_thousand_of_them_only_once()
    {
        await SettleAsync();
        var person = await PersonAsync();
        await using var second = await app.StartSecondHostAsync();
        (await StatusAsync(second, await TokenAsync(person))).ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(SigningKeys.LookAgain);
        await RotateAsync(compromised: true);
        var known = second.Services.GetRequiredService<SigningKeys>();
        var reads = known.Reads;

        (await StatusAsync(second, await TokenAsync(person))).ShouldBe(HttpStatusCode.OK);
        known.Reads.ShouldBe(reads + 1);

        var unknown = WithKid(await TokenAsync(person), "nobody's");
        app.Clock.Advance(SigningKeys.LookAgain);
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => StatusAsync(second, unknown + i)));
        answers.ShouldAllBe(a => a == HttpStatusCode.Unauthorized);
        known.Reads.ShouldBe(reads + 2);
    }

    [Fact]
    public async Task Of_hosts_that_rotate_at_once_one_makes_the_key()
    {
        await SettleAsync();
        await using var second = await app.StartSecondHostAsync();
        var before = (await StatesAsync()).Count;

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => TryRotateAsync(i % 2 == 0 ? app.Services : second.Services)));

        outcomes.Count(o => o.Refusal is null).ShouldBe(1);
        outcomes.Where(o => o.Refusal is not null).ShouldAllBe(o => o.Refusal!.Code == "rotation_under_way");
        (await StatesAsync()).Count.ShouldBe(before + 1);
    }

    [Fact]
    public async Task A_key_is_rotated_at_its_age_by_whichever_host_comes_first()
    {
        await SettleAsync();
        await using var second = await app.StartSecondHostAsync();
        var chores = new[] { Chore(app.Services), Chore(second.Services) };
        await Task.WhenAll(chores.Select(c => c.RunAsync(Ct)));
        (await StatesAsync()).Count.ShouldBe(1);

        app.Clock.Advance(TimeSpan.FromDays(90));
        await Task.WhenAll(chores.Select(c => c.RunAsync(Ct)));
        await Task.WhenAll(chores.Select(c => c.RunAsync(Ct)));

        (await StatesAsync()).Select(s => s.State).ShouldBe([SigningKeyState.Current, SigningKeyState.Next]);
    }

    [Fact]
    public async Task The_private_half_lies_sealed()
    {
        var key = await CurrentKeyAsync();
        var secret = key.ECDsa.ExportParameters(true).D!;

        var stored = await app.InAsync<NpgsqlDataSource, byte[]>(async database =>
        {
            await using var command = database.CreateCommand("select string_agg(sealed_private_key || public_key, '') from identity.signing_keys");
            return (byte[])(await command.ExecuteScalarAsync(Ct))!;
        });

        stored.AsSpan().IndexOf(secret).ShouldBe(-1);
        (await app.Anonymous().GetStringAsync("/.well-known/jwks.json", Ct)).ShouldNotContain(Base64Url.EncodeToString(secret));
    }

    [Fact]
    public async Task The_key_set_may_be_cached_and_is_not_sent_twice()
    {
        using var client = app.Anonymous();
        using var first = await client.GetAsync("/.well-known/jwks.json", Ct);

        first.Headers.CacheControl!.ToString().ShouldBe("public, max-age=300");
        using var again = new HttpRequestMessage(HttpMethod.Get, "/.well-known/jwks.json");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag.ShouldNotBeNull());
        (await client.SendAsync(again, Ct)).StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    // Whatever the test before left: one key that signs.
    private async Task SettleAsync()
    {
        app.Clock.Advance(IDocumentSigner.Longest + TimeSpan.FromHours(2));
        await CleanAsync();
        if ((await StatesAsync()).Exists(s => s.State is SigningKeyState.Next))
            throw new InvalidOperationException("A key is still on its way.");
    }

    private async Task CleanAsync()
    {
        await using var command = app.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(
            "delete from identity.signing_keys where ends_at < $1");
        command.Parameters.Add(new() { Value = app.Clock.GetUtcNow() });
        await command.ExecuteNonQueryAsync(Ct);
        app.Services.GetRequiredService<SigningKeys>().Forget();
    }

    private async Task<Person> PersonAsync()
    {
        var branch = await app.BranchAsync();
        return await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
    }

    private static async Task<string> TokenAsync(Person person, HttpClient? at = null)
    {
        using var answer = await (at ?? person.App.Anonymous()).PostAsync(
            "/api/v1/auth/login", new { email = person.Email, password = person.Password });
        return (await answer.JsonAsync()).GetProperty("accessToken").GetString()!;
    }

    private static TokenChore Chore(IServiceProvider services) => services.GetServices<IChore>().OfType<TokenChore>().Single();

    private async Task<RotateSigningKeys.RotatedView> RotateAsync(bool compromised = false)
    {
        (await TryRotateAsync(app.Services, compromised)).Refused(out _, out var view).ShouldBeFalse();
        return view!;
    }

    private static async Task<Result<RotateSigningKeys.RotatedView>> TryRotateAsync(IServiceProvider services, bool compromised = false)
    {
        await using var scope = services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        return await scope.ServiceProvider.GetRequiredService<ISender>().Send(new RotateSigningKeys.Command(compromised), Ct);
    }

    private Task<List<(string Kid, SigningKeyState State)>> StatesAsync() => app.InAsync<ISender, List<(string, SigningKeyState)>>(async sender =>
    {
        app.Services.GetRequiredService<SigningKeys>().Forget();
        (await sender.Send(new ListSigningKeys.Query(), Ct)).Refused(out _, out var keys).ShouldBeFalse();
        return [.. keys!.Select(k => (k.Kid, k.State))];
    });

    private async Task<List<string>> KidsAsync(HttpClient? at = null) =>
        [
            .. (await (at ?? app.Anonymous()).GetJsonAsync("/.well-known/jwks.json"))
                .GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("kid").GetString()!),
        ];

    private static string KidOf(string token) =>
        JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[0])).RootElement.GetProperty("kid").GetString()!;

    private static string WithKid(string token, string kid)
    {
        var parts = token.Split('.');
        return $"{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new { alg = "ES256", typ = "at+jwt", kid }))}.{parts[1]}.{parts[2]}";
    }

    private static async Task<HttpStatusCode> StatusAsync(SecondHost host, string token)
    {
        using var client = host.Anonymous();
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return await client.StatusAsync("/api/v1/users");
    }

    private async Task<ECDsaSecurityKey> CurrentKeyAsync() =>
        (await app.Services.GetRequiredService<SigningKeys>().RingAsync(Ct)).Current(app.Clock.GetUtcNow())!.Key;
}
