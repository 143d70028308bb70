using System.Net;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Credentials;

/// <summary>
/// What outlives the credential it is asked with is not done for who was shut out a moment ago: at another host, which this one has not
/// heard of, or while his request was on its way.
/// </summary>
public sealed class LastingEffectTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Lasting { get; } = new()
    {
        { "POST", "api-keys" }, { "POST", "clients" }, { "POST", "users" }, { "POST", "auth/login-links" }, { "POST", "certificates" },
        { "POST", "roles" }, { "PUT", "roles/assignments" }, { "POST", "users/*/enable" }, { "PATCH", "settings/identity" }, { "DELETE", "auth/mfa" },
    };

    [Theory]
    [MemberData(nameof(Lasting))]
    public async Task Nobody_is_believed_from_memory_for_what_lasts(string method, string path)
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        using var client = await person.ClientAsync();
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        await app.ExecuteAsync("update identity.users set status = 'Disabled' where id = $1", person.Id);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK, "The test needs a host that has not heard of it.");

        using var answer = await client.SendAsync(new HttpMethod(method), $"/api/v1/{path.Replace("*", person.Id.ToString())}", new { });

        (answer.StatusCode, await answer.CodeAsync()).ShouldBe((HttpStatusCode.Unauthorized, "invalid_credential"));
        // And now this host has heard of it.
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_role_that_was_taken_is_not_believed_from_memory_for_what_lasts()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        using var client = await person.ClientAsync();
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        await app.ExecuteAsync("delete from identity.role_assignments where user_id = $1", person.Id);

        using var answer = await client.PostAsync("/api/v1/api-keys", new { name = "k" });

        answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_revoked_key_is_not_believed_from_memory_for_what_lasts()
    {
        var branch = await app.BranchAsync();
        var (id, client) = await KeyAsync(branch);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        await app.ExecuteAsync("update identity.api_keys set revoked_at = now() where id = $1", id);

        using var answer = await client.PostAsync("/api/v1/api-keys", new { name = "k" });

        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private async Task<(Guid Id, HttpClient Client)> KeyAsync(Branch branch)
    {
        using var made = await branch.Administrator().PostAsync(
            "/api/v1/api-keys", new { name = "k", organizationId = branch.Partner.Id.Value, role = Roles.PartnerAdministrator });
        var key = await made.JsonAsync();
        return (key.GetProperty("id").GetGuid(), app.Bearer(key.GetProperty("key").GetString()!));
    }
}
