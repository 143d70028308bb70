using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Licensing.Identity.Contracts;

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
            await OAuthClient.RegisterAsync(branch, branch.Partner, Roles.PartnerAdministrator),
            await OAuthClient.RegisterAsync(branch, branch.Partner, Roles.PartnerAdministrator));
        using var key = await administrator.PostAsync(
            "/api/v1/api-keys", new { name = "k", organizationId = branch.Partner.Id.Value, role = Roles.PartnerAdministrator });
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

        using var changed = await partner.SendAsync(
            HttpMethod.Patch, path, new { name = "crm", scopes = (string[]?)null, expiresAt = (string?)null }, ifMatch: "\"1\"");
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

    [Theory]
    [InlineData(Roles.PartnerAdministrator, Roles.PartnerReader)]
    [InlineData(Roles.TenantAdministrator, Roles.TenantUser)]
    public async Task Without_an_organisation_it_is_its_maker_s_own(string maker, string role)
    {
        var branch = await app.BranchAsync();
        using var caller = branch.As(maker);
        var own = maker == Roles.PartnerAdministrator ? branch.Partner : branch.Tenant;

        using var registered = await caller.PostAsync("/api/v1/clients", new { name = "erp", role });

        registered.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await registered.JsonAsync()).GetProperty("organizationId").GetGuid().ShouldBe(own.Id.Value);
        using var wrong = await caller.PostAsync("/api/v1/clients", new { name = "erp", role = Roles.DistributorReader });
        (await wrong.FieldErrorAsync()).Code.ShouldBe("wrong_level");
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
        using var theirs = await stranger.PostAsync(
            "/api/v1/clients", new { name = "x", organizationId = branch.Tenant.Id.Value, role = Roles.TenantUser });
        (await theirs.FieldErrorAsync()).Code.ShouldBe("organization_not_found");
        using var owner = branch.As(Roles.PartnerReader);
        (await owner.GetJsonAsync($"/api/v1/clients?organizationId={branch.Tenant.Id.Value}")).GetProperty("items")[0].GetProperty("id").GetGuid()
            .ShouldBe(client.Id);
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
        (await refused.FieldErrorAsync()).ShouldBe((pointer, code));
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
        (await refused.FieldErrorAsync()).ShouldBe(("/jwks", "bad_key"));
    }

    [Fact]
    public async Task Nobody_makes_or_takes_over_a_client_stronger_than_himself()
    {
        var branch = await app.BranchAsync();
        // Holds a part of an administrator's role: may register clients, and read users.
        var weak = await OAuthClient.RegisterAsync(
            branch, branch.Partner, Roles.PartnerAdministrator, ["identity.clients.manage", "identity.users.read"]);
        using var caller = app.Bearer(await weak.TokenAsync());
        async Task<string> SayAsync(Task<HttpResponseMessage> sent)
        {
            using var answer = await sent;
            return answer.IsSuccessStatusCode ? "done" : $"{(int)answer.StatusCode} {await answer.CodeAsync()}";
        }

        Task<HttpResponseMessage> RegisterAsync(string role, OrganizationRef at, params string[]? scopes) =>
            caller.PostAsync("/api/v1/clients", new { name = "c", organizationId = at.Id.Value, role, scopes });
        (await SayAsync(RegisterAsync(Roles.PartnerAdministrator, branch.Partner, null))).ShouldBe("403 stronger_than_yourself");
        (await SayAsync(RegisterAsync(Roles.TenantAdministrator, branch.Tenant, null))).ShouldBe("403 stronger_than_yourself");
        (await SayAsync(RegisterAsync(Roles.PartnerAdministrator, branch.Partner, "identity.users.manage"))).ShouldBe("403 stronger_than_yourself");
        (await SayAsync(RegisterAsync(Roles.PartnerAdministrator, branch.Partner, "identity.users.read"))).ShouldBe("done");

        var strong = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signing = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator, key: key);
        (await SayAsync(caller.PostAsync($"{strong.Path}/secrets", new { }))).ShouldBe("403 stronger_than_yourself");
        (await SayAsync(caller.SendAsync(HttpMethod.Patch, signing.Path, new { publicKeyPem = key.ExportSubjectPublicKeyInfoPem() })))
            .ShouldBe("403 stronger_than_yourself");
        var own = (await RegisterAsync(Roles.TenantAdministrator, branch.Tenant, "identity.users.read")).Headers.Location!.ToString();
        (await SayAsync(caller.SendAsync(HttpMethod.Patch, own, new { scopes = (string[]?)null }))).ShouldBe("403 stronger_than_yourself");
        (await SayAsync(caller.SendAsync(HttpMethod.Patch, own, new { scopes = new[] { "identity.users.manage" } })))
            .ShouldBe("403 stronger_than_yourself");
        // To end one gives nobody anything.
        (await SayAsync(caller.SendAsync(HttpMethod.Delete, strong.Path, null))).ShouldBe("done");
    }

    [Fact]
    public async Task Every_administrator_may_register_every_role_of_his_branch()
    {
        var branch = await app.BranchAsync();
        (string Level, OrganizationRef At)[] levels =
            [("Platform", branch.Platform), ("Distributor", branch.Distributor), ("Partner", branch.Partner), ("Tenant", branch.Tenant)];
        foreach (var (administrator, roles) in new (string, string[])[]
        {
            (Roles.PlatformAdministrator, [.. Roles.All]),
            (Roles.DistributorAdministrator,
                [Roles.DistributorAdministrator, Roles.DistributorReader, Roles.PartnerAdministrator, Roles.TenantAdministrator]),
            (Roles.PartnerAdministrator, [Roles.PartnerAdministrator, Roles.PartnerReader, Roles.TenantAdministrator, Roles.TenantUser]),
            (Roles.TenantAdministrator, [Roles.TenantAdministrator, Roles.TenantUser]),
        })
            foreach (var role in roles)
            {
                var at = levels.Single(l => role.StartsWith(l.Level, StringComparison.Ordinal)).At;
                using var answer = await branch.As(administrator).PostAsync(
                    "/api/v1/clients", new { name = "c", organizationId = at.Id.Value, role });
                answer.StatusCode.ShouldBe(HttpStatusCode.Created, $"{administrator} {role}: {await answer.Content.ReadAsStringAsync(Ct)}");
            }
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

        using var changed = await branch.As(Roles.TenantAdministrator).SendAsync(
            HttpMethod.Patch, client.Path, new { publicKeyPem = renewed.ExportSubjectPublicKeyInfoPem() });

        (await changed.JsonAsync()).GetProperty("jwks").GetProperty("keys")[0].GetProperty("kty").GetString().ShouldBe("RSA");
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await (await client.AskAsync()).ErrorAsync()).ShouldBe("401 invalid_client");
        await (client with { Key = renewed }).TokenAsync();
        using var secret = await branch.As(Roles.TenantAdministrator).PostAsync($"{client.Path}/secrets", new { });
        (await secret.CodeAsync()).ShouldBe("client_has_no_secrets");
    }
}
