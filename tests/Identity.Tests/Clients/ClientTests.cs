using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Licensing.Identity.Clients;
using Licensing.Identity.Contracts;
using Npgsql;

namespace Licensing.Identity.Tests.Clients;

public sealed class ClientTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_manages_clients_ends_also_those_that_may_do_more_than_he()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        using var made = await administrator.PostAsync("/api/v1/api-keys", new
        {
            name = "desk",
            organizationId = branch.Partner.Id.Value,
            role = Roles.PartnerAdministrator,
            scopes = new[] { "identity.clients.manage", "identity.api_keys.manage" },
        });
        using var desk = app.Bearer((await made.JsonAsync()).GetProperty("key").GetString()!);
        var (stronger, rotated) = (
            await OAuthClient.RegisterAsync(branch, branch.Partner, Roles.PartnerAdministrator), await OAuthClient.RegisterAsync(branch, branch.Partner, Roles.PartnerAdministrator));
        using var key = await administrator.PostAsync("/api/v1/api-keys", new { name = "k", organizationId = branch.Partner.Id.Value, role = Roles.PartnerAdministrator });
        using var secret = await administrator.PostAsync($"{rotated.Path}/secrets", new { overlapHours = 24 });
        secret.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await desk.PostAsync($"{rotated.Path}/secrets", new { overlapHours = 24 })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        foreach (var path in new[] { stronger.Path, $"{rotated.Path}/secrets/{rotated.SecretId}", key.Headers.Location!.ToString() })
            (await desk.SendAsync(HttpMethod.Delete, path, null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_client_is_registered_shown_changed_and_revoked()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var registered = await partner.PostAsync("/api/v1/clients", new
        {
            name = "erp",
            organizationId = branch.Partner.Id.Value,
            role = Roles.PartnerAdministrator,
            scopes = new[] { "identity.users.read", "identity.users.read", "identity.api_keys.read" },
            expiresAt = app.Clock.GetUtcNow().AddDays(1),
        });
        registered.StatusCode.ShouldBe(HttpStatusCode.Created);
        var told = await registered.JsonAsync();
        var (path, secret) = (registered.Headers.Location!.ToString(), told.GetProperty("secret").GetString()!);

        secret.ShouldMatch("^lcs_[0-9A-Za-z_-]{43}$");
        var shown = await partner.GetJsonAsync(path);
        shown.GetProperty("scopes").EnumerateArray().Select(s => s.GetString()).ShouldBe(["identity.users.read", "identity.api_keys.read"]);
        shown.GetProperty("authMethod").GetString().ShouldBe("ClientSecret");
        shown.GetProperty("secrets").GetArrayLength().ShouldBe(1);
        shown.GetRawText().ShouldNotContain(secret);
        shown.TryGetProperty("epoch", out _).ShouldBeFalse();

        using var changed = await partner.SendAsync(HttpMethod.Patch, path, new { name = "crm", scopes = (string[]?)null, expiresAt = (string?)null }, ifMatch: "\"1\"");
        var after = await changed.JsonAsync();
        after.GetProperty("name").GetString().ShouldBe("crm");
        after.GetProperty("scopes").ValueKind.ShouldBe(JsonValueKind.Null);
        after.GetProperty("expiresAt").ValueKind.ShouldBe(JsonValueKind.Null);
        changed.Headers.ETag!.Tag.ShouldBe("\"2\"");

        (await partner.SendAsync(HttpMethod.Delete, path, null, ifMatch: "\"1\"")).StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await partner.SendAsync(HttpMethod.Delete, path, null, ifMatch: "\"2\"")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        foreach (var refused in new[]
        {
            await partner.SendAsync(HttpMethod.Delete, path, null), await partner.SendAsync(HttpMethod.Patch, path, new { name = "x" }),
            await partner.PostAsync($"{path}/secrets", new { }),
        })
            (await refused.CodeAsync()).ShouldBe("already_revoked");
        (await partner.GetJsonAsync(path)).GetProperty("revokedAt").ValueKind.ShouldBe(JsonValueKind.String);
    }

    [Fact]
    public async Task Another_branch_s_clients_do_not_exist()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var stranger = other.As(Roles.DistributorAdministrator);

        (await stranger.StatusAsync(client.Path)).ShouldBe(HttpStatusCode.NotFound);
        (await stranger.SendAsync(HttpMethod.Patch, client.Path, new { name = "mine" })).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await stranger.SendAsync(HttpMethod.Delete, client.Path, null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await stranger.PostAsync($"{client.Path}/secrets", new { })).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await stranger.SendAsync(HttpMethod.Delete, $"{client.Path}/secrets/{client.SecretId}", null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await stranger.GetJsonAsync($"/api/v1/clients?organizationId={branch.Tenant.Id.Value}")).GetProperty("items").GetArrayLength().ShouldBe(0);
        using var theirs = await stranger.PostAsync("/api/v1/clients", new { name = "x", organizationId = branch.Tenant.Id.Value, role = Roles.TenantUser });
        (await theirs.JsonAsync()).GetProperty("errors")[0].GetProperty("code").GetString().ShouldBe("organization_not_found");
        using var owner = branch.As(Roles.PartnerReader);
        (await owner.GetJsonAsync($"/api/v1/clients?organizationId={branch.Tenant.Id.Value}")).GetProperty("items")[0].GetProperty("id").GetGuid().ShouldBe(client.Id);
    }

    [Theory]
    [InlineData("""{"name":""}""", "/name", "not_empty")]
    [InlineData("""{"role":"Emperor"}""", "/role", "unknown_role")]
    [InlineData("""{"role":"PartnerAdministrator"}""", "/role", "wrong_level")]
    [InlineData("""{"scopes":[]}""", "/scopes", "count")]
    [InlineData("""{"scopes":["identity.users.reed"]}""", "/scopes", "unknown_scope")]
    [InlineData("""{"scopes":["identity.distributors.manage"]}""", "/scopes", "unknown_scope")]
    [InlineData("""{"expiresAt":"2020-01-01T00:00:00Z"}""", "/expiresAt", "in_the_past")]
    [InlineData("""{"authMethod":"PrivateKeyJwt"}""", "/jwks", "keys_missing")]
    [InlineData("""{"publicKeyPem":"$pem"}""", "/jwks", "keys_not_taken")]
    [InlineData("""{"authMethod":"PrivateKeyJwt","publicKeyPem":"no key"}""", "/publicKeyPem", "bad_key")]
    [InlineData("""{"authMethod":"PrivateKeyJwt","publicKeyPem":"$private"}""", "/publicKeyPem", "bad_key")]
    [InlineData("""{"authMethod":"PrivateKeyJwt","publicKeyPem":"$short"}""", "/publicKeyPem", "bad_key")]
    [InlineData("""{"authMethod":"PrivateKeyJwt","publicKeyPem":"$pem","jwks":{"keys":[]}}""", "/publicKeyPem", "one_kind_of_keys")]
    [InlineData("""{"authMethod":"PrivateKeyJwt","jwks":{"keys":[]}}""", "/jwks", "bad_key")]
    [InlineData("""{"authMethod":"PrivateKeyJwt","jwks":[]}""", "/jwks", "bad_key")]
    [InlineData("""{"authMethod":"PrivateKeyJwt","jwks":{"keys":["x"]}}""", "/jwks", "bad_key")]
    [InlineData("""{"authMethod":"PrivateKeyJwt","jwks":{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}}""", "/jwks", "bad_key")]
    [InlineData("""{"authMethod":"PrivateKeyJwt","jwks":{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}}""", "/jwks", "bad_key")]
    [InlineData("""{"authMethod":"PrivateKeyJwt","jwks":{"keys":[{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}]}}""", "/jwks", "bad_key")]
    [InlineData("""{"authMethod":"PrivateKeyJwt","jwks":{"keys":[{"kty":"RSA","n":"*","e":"AQAB"}]}}""", "/jwks", "bad_key")]
    [InlineData("""{"authMethod":"PrivateKeyJwt","jwks":{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}]}}""", "/jwks", "bad_key")]
    public async Task What_breaks_a_rule_is_told_with_its_field(string change, string pointer, string code)
    {
        var branch = await app.BranchAsync();
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(1024);
        var body = System.Text.Json.Nodes.JsonNode.Parse(
            $$"""{"name":"c","organizationId":"{{branch.Tenant.Id.Value}}","role":"TenantAdministrator"}""")!.AsObject();
        foreach (var (name, value) in System.Text.Json.Nodes.JsonNode.Parse(change)!.AsObject())
            body[name] = value?.ToString() switch
            {
                "$pem" => ec.ExportSubjectPublicKeyInfoPem(),
                "$private" => ec.ExportPkcs8PrivateKeyPem(),
                "$short" => rsa.ExportSubjectPublicKeyInfoPem(),
                _ => value?.DeepClone(),
            };

        using var refused = await branch.Administrator().PostAsync("/api/v1/clients", body);

        refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity, await refused.Content.ReadAsStringAsync(Ct));
        var error = (await refused.JsonAsync()).GetProperty("errors")[0];
        (error.GetProperty("pointer").GetString(), error.GetProperty("code").GetString()).ShouldBe((pointer, code));
    }

    [Theory]
    [InlineData("""{"kty":"\ud800"}""")]
    [InlineData("""{"kty":"EC","use":"\ud800"}""")]
    public async Task Half_a_surrogate_pair_in_a_key_is_told_with_its_field(string jwk)
    {
        var branch = await app.BranchAsync();
        using var body = new StringContent(
            $$"""{"name":"c","organizationId":"{{branch.Tenant.Id.Value}}","role":"TenantAdministrator","""
            + $"\"authMethod\":\"PrivateKeyJwt\",\"jwks\":{{\"keys\":[{jwk}]}}}}",
            System.Text.Encoding.UTF8, "application/json");
        using var refused = await branch.Administrator().PostAsync("/api/v1/clients", body, Ct);

        refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity, await refused.Content.ReadAsStringAsync(Ct));
        var error = (await refused.JsonAsync()).GetProperty("errors")[0];
        (error.GetProperty("pointer").GetString(), error.GetProperty("code").GetString()).ShouldBe(("/jwks", "bad_key"));
    }

    [Fact]
    public async Task Nobody_makes_or_takes_over_a_client_stronger_than_himself()
    {
        var branch = await app.BranchAsync();
        // Holds a part of an administrator's role: may register clients, and read users.
        var weak = await OAuthClient.RegisterAsync(branch, branch.Partner, Roles.PartnerAdministrator, ["identity.clients.manage", "identity.users.read"]);
        using var caller = app.Bearer(await weak.TokenAsync());
        async Task<string> SayAsync(Task<HttpResponseMessage> sent)
        {
            using var answer = await sent;
            return answer.IsSuccessStatusCode ? "done" : $"{(int)answer.StatusCode} {await answer.CodeAsync()}";
        }

        object Wanted(string role, OrganizationRef at, params string[]? scopes) => new { name = "c", organizationId = at.Id.Value, role, scopes };
        (await SayAsync(caller.PostAsync("/api/v1/clients", Wanted(Roles.PartnerAdministrator, branch.Partner, null)))).ShouldBe("403 stronger_than_yourself");
        (await SayAsync(caller.PostAsync("/api/v1/clients", Wanted(Roles.TenantAdministrator, branch.Tenant, null)))).ShouldBe("403 stronger_than_yourself");
        (await SayAsync(caller.PostAsync("/api/v1/clients", Wanted(Roles.PartnerAdministrator, branch.Partner, "identity.users.manage")))).ShouldBe("403 stronger_than_yourself");
        (await SayAsync(caller.PostAsync("/api/v1/clients", Wanted(Roles.PartnerAdministrator, branch.Partner, "identity.users.read")))).ShouldBe("done");

        var strong = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signing = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator, key: key);
        (await SayAsync(caller.PostAsync($"{strong.Path}/secrets", new { }))).ShouldBe("403 stronger_than_yourself");
        (await SayAsync(caller.SendAsync(HttpMethod.Patch, signing.Path, new { publicKeyPem = key.ExportSubjectPublicKeyInfoPem() }))).ShouldBe("403 stronger_than_yourself");
        var own = (await caller.PostAsync("/api/v1/clients", Wanted(Roles.TenantAdministrator, branch.Tenant, "identity.users.read"))).Headers.Location!.ToString();
        (await SayAsync(caller.SendAsync(HttpMethod.Patch, own, new { scopes = (string[]?)null }))).ShouldBe("403 stronger_than_yourself");
        (await SayAsync(caller.SendAsync(HttpMethod.Patch, own, new { scopes = new[] { "identity.users.manage" } }))).ShouldBe("403 stronger_than_yourself");
        // To end one gives nobody anything.
        (await SayAsync(caller.SendAsync(HttpMethod.Delete, strong.Path, null))).ShouldBe("done");
    }

    [Fact]
    public async Task Every_administrator_may_register_every_role_of_his_branch()
    {
        var branch = await app.BranchAsync();
        foreach (var (administrator, roles) in new (string, string[])[]
        {
            (Roles.PlatformAdministrator, [.. Roles.All]),
            (Roles.DistributorAdministrator, [Roles.DistributorAdministrator, Roles.DistributorReader, Roles.PartnerAdministrator, Roles.TenantAdministrator]),
            (Roles.PartnerAdministrator, [Roles.PartnerAdministrator, Roles.PartnerReader, Roles.TenantAdministrator, Roles.TenantUser]),
            (Roles.TenantAdministrator, [Roles.TenantAdministrator, Roles.TenantUser]),
        })
            foreach (var role in roles)
            {
                var at = role.StartsWith("Platform", StringComparison.Ordinal) ? branch.Platform : role.StartsWith("Distributor", StringComparison.Ordinal) ? branch.Distributor
                    : role.StartsWith("Partner", StringComparison.Ordinal) ? branch.Partner : branch.Tenant;
                using var answer = await branch.As(administrator).PostAsync("/api/v1/clients", new { name = "c", organizationId = at.Id.Value, role });
                answer.StatusCode.ShouldBe(HttpStatusCode.Created, $"{administrator} {role}: {await answer.Content.ReadAsStringAsync(Ct)}");
            }
    }

    [Fact]
    public async Task A_rotated_secret_leaves_the_one_before_an_overlap_and_no_longer()
    {
        var branch = await app.BranchAsync();
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var administrator = branch.As(Roles.TenantAdministrator);

        using var rotated = await administrator.PostAsync($"{client.Path}/secrets", new { });
        rotated.StatusCode.ShouldBe(HttpStatusCode.Created);
        var told = await rotated.JsonAsync();
        var renewed = client with { Secret = told.GetProperty("secret").GetString()!, SecretId = told.GetProperty("secretId").GetGuid() };
        told.GetProperty("othersEndAt").GetDateTimeOffset().ShouldBe(app.Clock.GetUtcNow().AddHours(24));
        await client.TokenAsync();
        await renewed.TokenAsync();

        app.Clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        await client.TokenAsync();
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        (await (await client.AskAsync()).ErrorAsync()).ShouldBe("401 invalid_client");
        var token = await renewed.TokenAsync();

        // At once: the secret before is not trusted, and neither is what was got with it.
        using var cutOff = await administrator.PostAsync($"{client.Path}/secrets", new { overlapHours = 0 });
        cutOff.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await (await renewed.AskAsync()).ErrorAsync()).ShouldBe("401 invalid_client");
        using var bearer = app.Bearer(token);
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await administrator.GetJsonAsync(client.Path)).GetProperty("secrets").GetArrayLength().ShouldBe(1);
        (await administrator.PostAsync($"{client.Path}/secrets", new { overlapHours = 721 })).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await administrator.PostAsync($"{client.Path}/secrets", new { overlapHours = -1 })).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task A_token_is_over_with_the_secret_that_it_was_got_with()
    {
        var branch = await app.BranchAsync();
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var administrator = branch.As(Roles.TenantAdministrator);
        using var rotated = await administrator.PostAsync($"{client.Path}/secrets", new { overlapHours = 1 });
        var renewed = client with { Secret = (await rotated.JsonAsync()).GetProperty("secret").GetString()! };
        app.Clock.Advance(TimeSpan.FromMinutes(55));
        using var got = await client.AskAsync();
        var told = await got.JsonAsync();
        told.GetProperty("expires_in").GetInt32().ShouldBe(300);
        using var old = app.Bearer(told.GetProperty("access_token").GetString()!);
        using var fresh = app.Bearer(await renewed.TokenAsync());

        app.Clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        (await old.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromSeconds(1));

        (await old.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await fresh.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task In_its_last_second_a_secret_proves_nobody()
    {
        var branch = await app.BranchAsync();
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var administrator = branch.As(Roles.TenantAdministrator);
        (await administrator.PostAsync($"{client.Path}/secrets", new { overlapHours = 1 })).StatusCode.ShouldBe(HttpStatusCode.Created);
        app.Clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromMilliseconds(500));

        (await (await client.AskAsync()).ErrorAsync()).ShouldBe("401 invalid_client");
    }

    [Fact]
    public async Task A_removed_secret_ends_and_the_others_stay()
    {
        var branch = await app.BranchAsync();
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var administrator = branch.As(Roles.TenantAdministrator);
        using var rotated = await administrator.PostAsync($"{client.Path}/secrets", new { });
        var renewed = client with { Secret = (await rotated.JsonAsync()).GetProperty("secret").GetString()! };
        var token = await renewed.TokenAsync();

        (await administrator.SendAsync(HttpMethod.Delete, $"{client.Path}/secrets/{client.SecretId}", null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await (await client.AskAsync()).ErrorAsync()).ShouldBe("401 invalid_client");
        using var bearer = app.Bearer(token);
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        using var fresh = app.Bearer(await renewed.TokenAsync());
        (await fresh.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        using var again = await administrator.SendAsync(HttpMethod.Delete, $"{client.Path}/secrets/{client.SecretId}", null);
        (await again.CodeAsync()).ShouldBe("client_secret_not_found");
    }

    [Fact]
    public async Task Of_two_who_rotate_at_once_the_loser_is_told_and_there_are_never_too_many()
    {
        await using var second = await app.StartSecondHostAsync();
        var branch = await app.BranchAsync();
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var here = branch.As(Roles.TenantAdministrator);
        using var there = second.Anonymous();
        there.DefaultRequestHeaders.Authorization = new("Bearer", await client.TokenAsync());

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => (i % 2 == 0 ? here : there).PostAsync($"{client.Path}/secrets", new { })));

        var made = new List<OAuthClient>();
        foreach (var answer in answers)
            if (answer.StatusCode == HttpStatusCode.Created)
                made.Add(client with { Secret = (await answer.JsonAsync()).GetProperty("secret").GetString()! });
            else
                (await answer.CodeAsync()).ShouldBeOneOf("concurrent_change", "too_many_secrets");
        made.Count.ShouldBeInRange(1, 4);
        var shown = (await here.GetJsonAsync(client.Path)).GetProperty("secrets").EnumerateArray().ToList();
        // Each that was shown to someone works, and exactly one has no end.
        shown.Count.ShouldBe(made.Count + 1);
        shown.Count(s => s.GetProperty("expiresAt").ValueKind is JsonValueKind.Null).ShouldBe(1);
        foreach (var one in made)
            await one.TokenAsync();
    }

    [Fact]
    public async Task However_often_and_by_whom_it_is_rotated_it_is_known_to_those_who_know_a_secret_that_is_good()
    {
        var branch = await app.BranchAsync();
        var client = await OAuthClient.RegisterAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        for (var i = 0; i < 4; i++)
        {
            using var person = await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync();
            using var rotated = await person.PostAsync($"{client.Path}/secrets", new { overlapHours = 1 });
            client = client with { Secret = (await rotated.JsonAsync()).GetProperty("secret").GetString() };
            app.Clock.Advance(TimeSpan.FromMinutes(40));
        }

        // Of the three that were good when it was last rotated one has ended since, and another has 20 minutes left.
        (await KnownAsync()).ShouldBe((3, 2));
        app.Clock.Advance(TimeSpan.FromMinutes(20));
        (await KnownAsync()).ShouldBe((3, 1));

        async Task<(int Kept, int MayAlsoBe)> KnownAsync() => (
            await app.InAsync<NpgsqlDataSource, int>(async database =>
            {
                await using var asking = database.CreateCommand("select cardinality(known_to) from identity.clients where id = $1");
                asking.Parameters.Add(new() { Value = client.Id });
                return (int)(await asking.ExecuteScalarAsync(Ct))!;
            }),
            (await app.InAsync<ClientReader, KnownClient?>(reader => reader.FindAsync(new ClientId(client.Id), Ct)))!.MayAlsoBe.Count);
    }

    [Fact]
    public async Task Replaced_keys_end_with_their_tokens()
    {
        var branch = await app.BranchAsync();
        using var old = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var renewed = RSA.Create(2048);
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator, key: old);
        using var bearer = app.Bearer(await client.TokenAsync());
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);

        using var changed = await branch.As(Roles.TenantAdministrator).SendAsync(HttpMethod.Patch, client.Path, new { publicKeyPem = renewed.ExportSubjectPublicKeyInfoPem() });

        (await changed.JsonAsync()).GetProperty("jwks").GetProperty("keys")[0].GetProperty("kty").GetString().ShouldBe("RSA");
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await (await client.AskAsync()).ErrorAsync()).ShouldBe("401 invalid_client");
        await (client with { Key = renewed }).TokenAsync();
        using var secret = await branch.As(Roles.TenantAdministrator).PostAsync($"{client.Path}/secrets", new { });
        (await secret.CodeAsync()).ShouldBe("client_has_no_secrets");
    }

    [Fact]
    public async Task A_secret_lies_only_as_a_digest_and_is_masked_in_the_trail()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.As(Roles.TenantAdministrator);
        using var first = await administrator.PostAsync(
            "/api/v1/clients", new { name = "c", organizationId = branch.Tenant.Id.Value, role = Roles.TenantUser }, "once");
        var told = await first.Content.ReadAsStringAsync(Ct);
        using var replayed = await administrator.PostAsync(
            "/api/v1/clients", new { name = "c", organizationId = branch.Tenant.Id.Value, role = Roles.TenantUser }, "once");
        (await replayed.Content.ReadAsStringAsync(Ct)).ShouldBe(told);
        var secret = JsonDocument.Parse(told).RootElement.GetProperty("secret").GetString()!;

        var kept = await app.InAsync<NpgsqlDataSource, string>(async database =>
        {
            await using var command = database.CreateCommand(
                """
                select string_agg(t, ' ') from (
                    select c::text as t from identity.clients c union all select changes::text from identity.audit_entries
                    union all select encode(body, 'escape') from kernel.idempotency_records) x
                """);
            return (string)(await command.ExecuteScalarAsync(Ct))!;
        });

        kept.ShouldNotContain(secret);
        kept.ShouldNotContain(secret[4..]);
        var trail = (await branch.Administrator().GetJsonAsync($"/api/v1/audit?organizationId={branch.Tenant.Id.Value}")).GetRawText();
        trail.ShouldContain("***");
        trail.ShouldNotContain(Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(secret))));
    }
}
