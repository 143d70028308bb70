using System.Net;
using System.Text;
using System.Text.Json;
using Licensing.Identity.ApiKeys;
using Licensing.Identity.Contracts;
using Npgsql;

namespace Licensing.Identity.Tests.ApiKeys;

public sealed class ApiKeyTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_that_rotates_itself_is_known_to_no_more_each_time()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        using var client = await person.ClientAsync();
        using var made = await client.PostAsync("/api/v1/api-keys", new { name = "k", role = Roles.PartnerAdministrator });
        var key = await made.JsonAsync();
        for (var i = 0; i < 4; i++)
        {
            using var rotated = await app.Bearer(key.GetProperty("key").GetString()!).PostAsync(
                $"/api/v1/api-keys/{key.GetProperty("id")}/rotate", new { });
            rotated.StatusCode.ShouldBe(
                System.Net.HttpStatusCode.Created, await rotated.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            key = await rotated.JsonAsync();
        }

        var knownTo = await app.InAsync<Npgsql.NpgsqlDataSource, Guid[]>(async database =>
        {
            await using var asking = database.CreateCommand("select known_to from identity.api_keys where id = $1");
            asking.Parameters.Add(new() { Value = key.GetProperty("id").GetGuid() });
            return (Guid[])(await asking.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        });
        knownTo.Length.ShouldBe(2);
        knownTo.ShouldContain(person.Id);
    }

    [Fact]
    public async Task A_key_opens_both_headers_until_it_is_revoked()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var issued = await IssueAsync(partner, new { name = "erp", organizationId = branch.Partner.Id.Value, role = Roles.PartnerAdministrator });
        var key = issued.GetProperty("key").GetString()!;
        using var bearer = app.Bearer(key);
        using var header = WithHeader(key);

        key.ShouldMatch("^lk_[0-9A-Za-z]{8}_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}$");
        (await bearer.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.OK);
        (await header.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.OK);
        using var opened = await bearer.PostAsync(
            "/api/v1/tenants", new { partnerId = branch.Partner.Id.Value, externalId = "by-key", displayName = "By key" });
        opened.StatusCode.ShouldBe(HttpStatusCode.Created);

        using var revoked = await partner.DeleteAsync($"/api/v1/api-keys/{issued.GetProperty("id").GetGuid()}", Ct);
        revoked.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await bearer.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.Unauthorized);
        (await header.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.Unauthorized);
        using var again = await partner.DeleteAsync($"/api/v1/api-keys/{issued.GetProperty("id").GetGuid()}", Ct);
        (await again.CodeAsync()).ShouldBe("already_revoked");
    }

    [Fact]
    public async Task A_key_without_a_role_gets_the_weakest_and_expires_when_said()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var issued = await IssueAsync(partner, new { name = "short", expiresAt = app.Clock.GetUtcNow().AddMinutes(1) });
        using var client = app.Bearer(issued.GetProperty("key").GetString()!);

        issued.GetProperty("role").GetString().ShouldBe(Roles.PartnerReader);
        issued.GetProperty("organizationId").GetGuid().ShouldBe(branch.Partner.Id.Value);
        (await client.PostAsync("/api/v1/tenants", new { partnerId = branch.Partner.Id.Value, externalId = "x", displayName = "x" })).StatusCode
            .ShouldBe(HttpStatusCode.Forbidden);
        app.Clock.Advance(TimeSpan.FromSeconds(50));
        (await client.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromSeconds(10));
        (await client.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.Unauthorized);
        (await partner.PostAsync("/api/v1/api-keys", new { name = "past", expiresAt = app.Clock.GetUtcNow() })).StatusCode
            .ShouldBe(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Wrong_keys_are_unauthenticated()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var key = (await IssueAsync(partner, new { name = "k" })).GetProperty("key").GetString()!;
        var (stranger, _) = ApiKeySecret.New();

        foreach (var wrong in new[]
        {
            stranger, key[..^1] + (key[^1] == 'a' ? 'b' : 'a'), key + "x", "lk_", key.ToLowerInvariant(), new string('k', 50),
        })
        {
            using var client = WithHeader(wrong);
            (await client.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.Unauthorized, wrong);
        }

        ApiKeySecret.PrefixOf(key).ShouldBe(key[3..11]);
        ApiKeySecret.Is(key, ApiKeySecret.Digest(key)).ShouldBeTrue();
        ApiKeySecret.Is(stranger, ApiKeySecret.Digest(key)).ShouldBeFalse();
    }

    [Fact]
    public async Task Keys_are_listed_by_prefix_without_their_secret_and_in_scope()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var issued = await IssueAsync(partner, new { name = "listed" });
        var key = issued.GetProperty("key").GetString()!;
        using var client = app.Bearer(key);
        await client.StatusAsync("/api/v1/tenants");

        var list = await partner.GetJsonAsync($"/api/v1/api-keys?prefix={issued.GetProperty("prefix").GetString()}");

        list.GetProperty("items").GetArrayLength().ShouldBe(1);
        list.GetRawText().ShouldNotContain(key.Split('_')[2]);
        list.GetProperty("items")[0].GetProperty("lastUsedAt").GetDateTimeOffset().ShouldBe(app.Clock.GetUtcNow());
        using var stranger = other.As(Roles.PartnerAdministrator);
        (await stranger.GetJsonAsync("/api/v1/api-keys")).GetProperty("items").GetArrayLength().ShouldBe(0);
        (await stranger.StatusAsync($"/api/v1/api-keys/{issued.GetProperty("id").GetGuid()}")).ShouldBe(HttpStatusCode.NotFound);
        (await stranger.DeleteAsync($"/api/v1/api-keys/{issued.GetProperty("id").GetGuid()}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_answer_replays_byte_for_byte_and_lies_sealed()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var first = await partner.PostAsync("/api/v1/api-keys", new { name = "replayed" }, "key-of-key");
        using var second = await partner.PostAsync("/api/v1/api-keys", new { name = "replayed" }, "key-of-key");

        var shown = await first.Content.ReadAsByteArrayAsync(Ct);
        (await second.Content.ReadAsByteArrayAsync(Ct)).ShouldBe(shown);
        var secret = JsonDocument.Parse(shown).RootElement.GetProperty("key").GetString()!;
        var stored = await BytesAsync("select body from kernel.idempotency_records where key = 'key-of-key'");
        Encoding.UTF8.GetString(stored).ShouldNotContain(secret.Split('_')[1]);
        var kept = Encoding.UTF8.GetString(
            await BytesAsync("select convert_to(coalesce(string_agg(k::text, ''), ''), 'UTF8') from identity.api_keys k"));
        kept.ShouldContain(secret.Split('_')[1]);
        kept.ShouldNotContain(secret.Split('_')[2]);
    }

    [Fact]
    public async Task A_key_of_a_suspended_branch_only_reads()
    {
        var branch = await app.BranchAsync();
        var key = (await IssueAsync(branch.As(Roles.PartnerAdministrator), new { name = "k", role = Roles.PartnerAdministrator }))
            .GetProperty("key").GetString()!;
        using var client = app.Bearer(key);
        (await client.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.OK);

        using var suspended = await branch.Administrator().PostAsync(
            $"/api/v1/distributors/{branch.Distributor.Id.Value}/suspend", new { reason = "x" });

        suspended.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await client.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.OK);
        using var refused = await client.PostAsync(
            "/api/v1/tenants", new { partnerId = branch.Partner.Id.Value, externalId = "x", displayName = "x" });
        (await refused.CodeAsync()).ShouldBe("branch_suspended");
    }

    private HttpClient WithHeader(string key)
    {
        var client = app.Anonymous();
        client.DefaultRequestHeaders.TryAddWithoutValidation("X-API-KEY", key);
        return client;
    }

    private Task<byte[]> BytesAsync(string sql) => app.InAsync<NpgsqlDataSource, byte[]>(async database =>
    {
        await using var command = database.CreateCommand(sql);
        return (byte[])(await command.ExecuteScalarAsync(Ct))!;
    });

    private static async Task<JsonElement> IssueAsync(HttpClient issuer, object body)
    {
        using var answer = await issuer.PostAsync("/api/v1/api-keys", body);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return await answer.JsonAsync();
    }
}
