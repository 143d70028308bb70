using System.Net;
using System.Text.Json;
using Licensing.Identity.ApiKeys;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Rights;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Licensing.Identity.Tests.FieldErrors;

namespace Licensing.Identity.Tests.ApiKeys;

/// <summary>What of its role a key may use, its change and its rotation.</summary>
public sealed class KeyScopeTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scopes_narrow_the_role_and_can_be_changed()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var issued = await IssueAsync(partner, new { name = "k", role = Roles.PartnerAdministrator, scopes = new[] { "identity.users.read" } });
        using var client = app.Bearer(Key(issued));
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        (await client.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.Forbidden);
        (await client.PostAsync("/api/v1/api-keys", new { name = "more" })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        using var changed = await PatchAsync(partner, issued, new { name = "renamed", scopes = new[] { "identity.organizations.read" } });

        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await changed.JsonAsync()).GetProperty("name").GetString().ShouldBe("renamed");
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Forbidden);
        (await client.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.OK);
        // None is all of the role.
        await PatchAsync(partner, issued, new { scopes = Array.Empty<string>() });
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("no.such.permission", "unknown_permission")]
    [InlineData("identity.users.manage", "not_in_role")]
    [InlineData("catalog.plans.manage", "not_in_role")]
    public async Task Scopes_do_not_go_beyond_the_role(string scope, string code)
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var refused = await partner.PostAsync(
            "/api/v1/api-keys", new { name = "k", role = Roles.PartnerReader, scopes = new[] { "identity.users.read", scope } });
        (await ErrorAsync(refused)).ShouldBe($"/scopes/1 {code}");
        var issued = await IssueAsync(partner, new { name = "k", role = Roles.PartnerReader });
        (await ErrorAsync(await PatchAsync(partner, issued, new { scopes = new[] { scope } }))).ShouldBe($"/scopes/0 {code}");
    }

    [Fact]
    public async Task A_key_makes_widens_and_rotates_no_key_that_may_do_more_than_itself()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var strong = await IssueAsync(partner, new { name = "strong", role = Roles.PartnerAdministrator });
        var weak = await IssueAsync(partner, new
        {
            name = "weak",
            role = Roles.PartnerAdministrator,
            scopes = new[] { "identity.api_keys.manage", "identity.users.read" },
        });
        using var client = app.Bearer(Key(weak));

        (await ErrorAsync(await client.PostAsync("/api/v1/api-keys", new { name = "k", role = Roles.PartnerAdministrator })))
            .ShouldBe("/role exceeds_own");
        (await ErrorAsync(await client.PostAsync(
            "/api/v1/api-keys", new { name = "k", role = Roles.PartnerAdministrator, scopes = new[] { "identity.users.manage" } })))
            .ShouldBe("/scopes/0 exceeds_own");
        (await ErrorAsync(await PatchAsync(client, weak, new { scopes = new[] { "identity.users.manage" } }))).ShouldBe("/scopes/0 exceeds_own");
        (await ErrorAsync(await PatchAsync(client, weak, new { scopes = Array.Empty<string>() }))).ShouldBe("/role exceeds_own");
        using var rotated = await client.PostAsync($"/api/v1/api-keys/{Id(strong)}/rotate", new { });
        rotated.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await rotated.CodeAsync()).ShouldBe("exceeds_own");
        using var longer = await PatchAsync(client, strong, new { expiresAt = app.Clock.GetUtcNow().AddYears(1) });
        longer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        // What it has itself it may give.
        await IssueAsync(client, new { name = "k", role = Roles.PartnerAdministrator, scopes = new[] { "identity.users.read" } });
        (await client.PostAsync($"/api/v1/api-keys/{Id(weak)}/rotate", new { })).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_rotated_key_works_beside_its_successor_for_the_overlap()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var old = await IssueAsync(partner, new { name = "erp", role = Roles.PartnerAdministrator, scopes = new[] { "identity.users.read" } });
        using var rotate = await partner.PostAsync($"/api/v1/api-keys/{Id(old)}/rotate", new { overlapHours = 2 });
        rotate.StatusCode.ShouldBe(HttpStatusCode.Created);
        var next = await rotate.JsonAsync();
        next.GetProperty("rotatedFrom").GetGuid().ShouldBe(Id(old));
        next.GetProperty("prefix").GetString().ShouldNotBe(old.GetProperty("prefix").GetString());
        Key(next).ShouldNotBe(Key(old));
        next.GetProperty("scopes").EnumerateArray().Single().GetString().ShouldBe("identity.users.read");
        next.GetProperty("expiresAt").ValueKind.ShouldBe(JsonValueKind.Null);
        using var before = app.Bearer(Key(old));
        using var after = app.Bearer(Key(next));

        (await before.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        (await after.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        (await after.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.Forbidden);
        using var twice = await partner.PostAsync($"/api/v1/api-keys/{Id(old)}/rotate", new { });
        (await twice.CodeAsync()).ShouldBe("already_rotated");
        app.Clock.Advance(TimeSpan.FromHours(2));
        (await before.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await after.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        // What is over stays over.
        (await (await PatchAsync(partner, old, new { expiresAt = app.Clock.GetUtcNow().AddDays(1) })).CodeAsync()).ShouldBe("expired");
        (await (await partner.PostAsync($"/api/v1/api-keys/{Id(old)}/rotate", new { })).CodeAsync()).ShouldBe("already_rotated");
    }

    [Fact]
    public async Task Without_overlap_the_old_key_ends_at_once_and_a_limited_life_starts_anew()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var old = await IssueAsync(partner, new { name = "k", expiresAt = app.Clock.GetUtcNow().AddDays(30) });
        using var before = app.Bearer(Key(old));
        (await before.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromDays(10));

        var next = await (await partner.PostAsync($"/api/v1/api-keys/{Id(old)}/rotate", new { overlapHours = 0 })).JsonAsync();

        (await before.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        next.GetProperty("expiresAt").GetDateTimeOffset().ShouldBe(app.Clock.GetUtcNow().AddDays(30));
        foreach (var hours in new[] { -1, 721 })
            (await ErrorAsync(await partner.PostAsync($"/api/v1/api-keys/{Id(next)}/rotate", new { overlapHours = hours })))
                .ShouldBe("/overlapHours inclusive_between");
        await partner.SendAsync(HttpMethod.Delete, $"/api/v1/api-keys/{Id(next)}", null);
        (await (await partner.PostAsync($"/api/v1/api-keys/{Id(next)}/rotate", new { })).CodeAsync()).ShouldBe("already_revoked");
        (await (await PatchAsync(partner, next, new { name = "x" })).CodeAsync()).ShouldBe("already_revoked");
    }

    [Fact]
    public async Task A_key_that_was_to_live_for_ever_is_rotated_like_any_other()
    {
        using var partner = (await app.BranchAsync()).As(Roles.PartnerAdministrator);
        var end = new DateTimeOffset(9999, 12, 31, 0, 0, 0, TimeSpan.Zero);
        var key = await IssueAsync(partner, new { name = "k", expiresAt = end });
        for (var i = 0; i < 2; i++)
        {
            app.Clock.Advance(TimeSpan.FromDays(1));

            using var rotated = await partner.PostAsync($"/api/v1/api-keys/{Id(key)}/rotate", new { });

            rotated.StatusCode.ShouldBe(HttpStatusCode.Created);
            key = await rotated.JsonAsync();
            key.GetProperty("expiresAt").GetDateTimeOffset().ShouldBe(end);
        }
    }

    [Fact]
    public async Task Racing_rotations_make_one_successor_and_another_branch_finds_no_key()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var stranger = other.As(Roles.PartnerAdministrator);
        var key = await IssueAsync(partner, new { name = "raced" });
        (await stranger.PostAsync($"/api/v1/api-keys/{Id(key)}/rotate", new { })).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await PatchAsync(stranger, key, new { name = "theirs" })).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => partner.PostAsync($"/api/v1/api-keys/{Id(key)}/rotate", new { })));

        answers.Count(a => a.StatusCode == HttpStatusCode.Created).ShouldBe(1);
        answers.Count(a => a.StatusCode == HttpStatusCode.Conflict).ShouldBe(5);
    }

    [Fact]
    public async Task A_key_follows_its_custom_role()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var defined = await partner.PostAsync(
            "/api/v1/roles",
            new { name = "Robot", level = "Partner", organizationId = branch.Partner.Id.Value, permissions = new[] { "identity.users.read" } });
        var role = (await defined.JsonAsync()).GetProperty("id").GetGuid();
        using var client = app.Bearer(Key(await IssueAsync(partner, new { name = "k", role = "Robot" })));
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);

        await partner.SendAsync(HttpMethod.Patch, $"/api/v1/roles/{role}", new { permissions = new[] { "identity.organizations.read" } });

        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Forbidden);
        (await client.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_mistyped_key_costs_no_read_and_an_unknown_one_as_much_as_a_wrong_one()
    {
        // Nothing listens there: whoever asks the database fails.
        await using var nowhere = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Timeout=1");
        var reader = new AccessReader(nowhere, app.Services.GetRequiredService<RolePermissions>(), app.Clock);
        using var cache = new Licensing.Identity.Credentials.CredentialCache(app.Clock);
        var proof = new ApiKeyProof(new CredentialGate(cache, app.Services.GetRequiredService<RateLimits>()), reader);
        var context = new DefaultHttpContext();
        var (key, _) = ApiKeySecret.New();
        var mistyped = key[..20] + (key[20] == 'a' ? 'b' : 'a') + key[21..];
        (await proof.ProveAsync(context, mistyped, Ct)).Refusal!.Code.ShouldBe("invalid_credential");
        await Should.ThrowAsync<NpgsqlException>(async () => await proof.ProveAsync(context, key, Ct));

        // F45: the digest is compared whether or not there is a key of that prefix.
        var compared = new List<int>();
        var real = app.Services.GetRequiredService<AccessReader>();
        var known = (await IssueAsync((await app.BranchAsync()).As(Roles.PartnerAdministrator), new { name = "k" }))
            .GetProperty("prefix").GetString()!;
        foreach (var prefix in new[] { "00000000", known })
            (await real.ApiKeyAsync(prefix, stored =>
            {
                compared.Add(stored.Length);
                return ApiKeySecret.Is(key, stored);
            }, Ct)).Refusal!.Code.ShouldBe("invalid_credential");
        compared.ShouldBe([32, 32]);
    }

    private static string Key(JsonElement issued) => issued.GetProperty("key").GetString()!;

    private static Guid Id(JsonElement issued) => issued.GetProperty("id").GetGuid();

    private static Task<HttpResponseMessage> PatchAsync(HttpClient client, JsonElement key, object body) =>
        client.SendAsync(HttpMethod.Patch, $"/api/v1/api-keys/{Id(key)}", body);

    private static async Task<JsonElement> IssueAsync(HttpClient issuer, object body)
    {
        using var answer = await issuer.PostAsync("/api/v1/api-keys", body);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return await answer.JsonAsync();
    }
}
