using System.Net;
using System.Text;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests.LoginLinks;

public sealed class LoginLinkTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_link_logs_its_user_in_once()
    {
        var branch = await app.BranchAsync();
        using var partner = await PartnerAsync(branch);
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var made = await partner.PostAsync("/api/v1/auth/login-links", new { userId = person.Id });
        made.StatusCode.ShouldBe(HttpStatusCode.OK);
        var link = await made.JsonAsync();
        link.GetProperty("token").GetString()!.Length.ShouldBe(43);
        link.GetProperty("expiresAt").GetDateTimeOffset().ShouldBe(app.Clock.GetUtcNow().AddMinutes(15));

        using var redeemed = await RedeemAsync(Token(link));

        redeemed.StatusCode.ShouldBe(HttpStatusCode.OK);
        var session = await redeemed.JsonAsync();
        using var client = app.Bearer(session.GetProperty("accessToken").GetString()!);
        (await client.StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}")).ShouldBe(HttpStatusCode.OK);
        (await app.RefreshAsync(session)).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var again = await RedeemAsync(Token(link));
        again.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await again.CodeAsync()).ShouldBe("bad_login_link");
        (await (await RedeemAsync("unknown")).CodeAsync()).ShouldBe("bad_login_link");
    }

    [Fact]
    public async Task Of_racing_redemptions_one_wins()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantUser);
        var token = Token(await (await (await PartnerAsync(branch)).PostAsync("/api/v1/auth/login-links", new { userId = person.Id })).JsonAsync());

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RedeemAsync(token)));

        answers.Count(a => a.StatusCode == HttpStatusCode.OK).ShouldBe(1);
        answers.Count(a => a.StatusCode == HttpStatusCode.Unauthorized).ShouldBe(7);
    }

    [Fact]
    public async Task A_link_ends_after_a_quarter_of_an_hour_and_lies_hashed()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantUser);
        using var partner = await PartnerAsync(branch);
        var token = Token(await (await partner.PostAsync("/api/v1/auth/login-links", new { userId = person.Id })).JsonAsync());
        var stored = await app.InAsync<NpgsqlDataSource, string>(async database =>
        {
            await using var command = database.CreateCommand(
                "select string_agg(l::text, '') || (select string_agg(changes::text, '') from identity.audit_entries) from identity.login_links l");
            return (string)(await command.ExecuteScalarAsync(Ct))!;
        });
        stored.ShouldNotContain(token);
        stored.ShouldNotContain(Convert.ToHexStringLower(Encoding.ASCII.GetBytes(token)));

        app.Clock.Advance(TimeSpan.FromMinutes(15));

        (await RedeemAsync(token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_link_for_a_tenant_leads_to_its_first_administrator()
    {
        var branch = await app.BranchAsync();
        using var partner = await PartnerAsync(branch);
        using var nobody = await partner.PostAsync("/api/v1/auth/login-links", new { organizationId = branch.Tenant.Id.Value });
        (await nobody.CodeAsync()).ShouldBe("no_administrator");
        await Person.AddAsync(branch, branch.Tenant, Roles.TenantUser);
        app.Clock.Advance(TimeSpan.FromMilliseconds(1));
        var first = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        app.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);

        using var made = await partner.PostAsync("/api/v1/auth/login-links", new { organizationId = branch.Tenant.Id.Value });
        (await made.JsonAsync()).GetProperty("userId").GetGuid().ShouldBe(first.Id);

        // What a door of another module asks, as its caller.
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        (await scope.ServiceProvider.GetRequiredService<ILoginLinks>().ForTenantAsync(branch.Tenant.Id, Ct)).Refused(out _, out var link)
            .ShouldBeFalse();
        link!.UserId.ShouldBe(first.Id);
        (await RedeemAsync(link.Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Nobody_logs_in_as_someone_who_may_do_more()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.As(Roles.PartnerAdministrator);
        using var defined = await administrator.PostAsync("/api/v1/roles", new
        {
            name = "Front desk",
            level = "Partner",
            organizationId = branch.Partner.Id.Value,
            permissions = new[] { "identity.login_links.create", "identity.organizations.read" },
        });
        defined.StatusCode.ShouldBe(HttpStatusCode.Created);
        var key = (await (await administrator.PostAsync("/api/v1/api-keys", new { name = "desk", role = "Front desk" })).JsonAsync())
            .GetProperty("key").GetString()!;
        using var desk = app.Bearer(key);
        var chief = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        var tenant = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var plain = await Person.AddAsync(branch, branch.Tenant, null);

        foreach (var more in new[] { chief, tenant })
        {
            using var refused = await desk.PostAsync("/api/v1/auth/login-links", new { userId = more.Id });
            refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            (await refused.CodeAsync()).ShouldBe("exceeds_own");
        }

        using var forTenant = await desk.PostAsync("/api/v1/auth/login-links", new { organizationId = branch.Tenant.Id.Value });
        (await forTenant.CodeAsync()).ShouldBe("exceeds_own");
        (await desk.PostAsync("/api/v1/auth/login-links", new { userId = plain.Id })).StatusCode.ShouldBe(HttpStatusCode.OK);
        // What his organisation holds counts as his.
        await administrator.SendAsync(
            HttpMethod.Put, "/api/v1/roles/account-assignments", new { organizationId = branch.Tenant.Id.Value, role = Roles.TenantUser });
        (await desk.PostAsync("/api/v1/auth/login-links", new { userId = plain.Id })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Outside_the_scope_there_is_nobody_and_either_a_user_or_a_tenant_is_named()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var stranger = other.As(Roles.PartnerAdministrator);
        using var partner = branch.As(Roles.PartnerAdministrator);

        (await ErrorAsync(stranger, new { userId = person.Id })).ShouldBe("user_not_found");
        (await ErrorAsync(stranger, new { organizationId = branch.Tenant.Id.Value })).ShouldBe("organization_not_found");
        (await ErrorAsync(partner, new { organizationId = branch.Partner.Id.Value })).ShouldBe("organization_not_found");
        (await ErrorAsync(partner, new { })).ShouldBe("one_of");
        (await ErrorAsync(partner, new { userId = person.Id, organizationId = branch.Tenant.Id.Value })).ShouldBe("one_of");
        (await branch.As(Roles.TenantAdministrator).PostAsync("/api/v1/auth/login-links", new { userId = person.Id })).StatusCode
            .ShouldBe(HttpStatusCode.Forbidden);
        (await branch.As(Roles.PartnerReader).PostAsync("/api/v1/auth/login-links", new { userId = person.Id })).StatusCode
            .ShouldBe(HttpStatusCode.Forbidden);
    }

    // A session from a link hangs on its maker's right, so he must be somebody.
    private static async Task<HttpClient> PartnerAsync(Branch branch) =>
        await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync();

    private static string Token(JsonElement link) => link.GetProperty("token").GetString()!;

    private Task<HttpResponseMessage> RedeemAsync(string token) => app.Anonymous().PostAsync("/api/v1/auth/login-links/redeem", new { token });

    private static async Task<string?> ErrorAsync(HttpClient client, object body)
    {
        using var answer = await client.PostAsync("/api/v1/auth/login-links", body);
        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        return (await answer.FieldErrorAsync()).Code;
    }
}
