using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Licensing.Identity.Clients;
using Licensing.Identity.Contracts;
using Npgsql;

namespace Licensing.Identity.Tests.Clients;

/// <summary>A client's secrets: rotated, removed, ended, and never kept as they are.</summary>
public sealed class ClientSecretTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

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

        (await administrator.SendAsync(HttpMethod.Delete, $"{client.Path}/secrets/{client.SecretId}", null)).StatusCode
            .ShouldBe(HttpStatusCode.NoContent);

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

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 12).Select(i => (i % 2 == 0 ? here : there).PostAsync($"{client.Path}/secrets", new { })));

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
    public async Task However_often_and_by_whom_a_client_is_rotated_it_is_known_to_those_who_know_a_secret_that_is_good()
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
