using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Tests.Sessions;

public sealed class LoginTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_user_logs_in_and_acts_with_his_roles()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);

        var session = await person.LoginAsync();

        session.GetProperty("expiresIn").GetInt32().ShouldBe(900);
        session.GetProperty("tokenType").GetString().ShouldBe("Bearer");
        using var client = app.Bearer(session.GetProperty("accessToken").GetString()!);
        (await client.StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}")).ShouldBe(HttpStatusCode.OK);
        (await client.StatusAsync($"/api/v1/distributors/{branch.Distributor.Id.Value}")).ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Unknown_users_wrong_passwords_and_locked_accounts_get_one_answer()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var answers = new List<string>();
        for (var i = 0; i < 10; i++)
            answers.Add(await SayAsync(await person.TryLoginAsync("not the password")));

        answers.Add(await SayAsync(await person.TryLoginAsync()));
        answers.Add(await SayAsync(await (person with { Email = "nobody@example.com" }).TryLoginAsync()));
        answers.Distinct().ShouldHaveSingleItem().ShouldContain("bad_credentials");

        app.Clock.Advance(TimeSpan.FromMinutes(15));
        (await person.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Parallel_guesses_are_counted_too()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);

        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => person.TryLoginAsync($"not the password {i}")));

        (await person.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_success_forgets_the_failures_before_it()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 9; i++)
                await person.TryLoginAsync("not the password");
            (await person.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task A_refresh_token_works_once_and_its_second_use_ends_the_session()
    {
        var branch = await app.BranchAsync();
        var first = await (await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator)).LoginAsync();

        using var refreshed = await RefreshAsync(Token(first));
        refreshed.StatusCode.ShouldBe(HttpStatusCode.OK);
        var second = await refreshed.JsonAsync();
        using var client = app.Bearer(second.GetProperty("accessToken").GetString()!);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);

        using var reused = await RefreshAsync(Token(first));
        reused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await reused.CodeAsync()).ShouldBe("bad_refresh_token");
        (await RefreshAsync(Token(second))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Refresh_tokens_end_with_the_log_out_and_with_time()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var left = await person.LoginAsync();
        (await app.Anonymous().PostAsync("/api/v1/auth/logout", new { refreshToken = Token(left) })).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await RefreshAsync(Token(left))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await app.Anonymous().PostAsync("/api/v1/auth/logout", new { refreshToken = "unknown" })).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        var old = await person.LoginAsync();
        app.Clock.Advance(TimeSpan.FromDays(30));
        (await RefreshAsync(Token(old))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_first_password_opens_nothing_but_its_change()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator, mustChange: true);
        var session = await person.LoginAsync();
        session.GetProperty("passwordChangeRequired").GetBoolean().ShouldBeTrue();
        using var client = app.Bearer(session.GetProperty("accessToken").GetString()!);

        using var read = await client.GetAsync("/api/v1/tenants", Ct);
        read.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await read.CodeAsync()).ShouldBe("password_change_required");
        (await client.PostAsync("/api/v1/api-keys", new { name = "x" })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await client.PostAsync("/api/v1/auth/password", new { currentPassword = "not the password", newPassword = "another good one" })).StatusCode
            .ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await client.PostAsync("/api/v1/auth/password", new { currentPassword = person.Password, newPassword = "short" })).StatusCode
            .ShouldBe(HttpStatusCode.UnprocessableEntity);

        app.Clock.Advance(TimeSpan.FromSeconds(1));
        using var changed = await client.PostAsync(
            "/api/v1/auth/password", new { currentPassword = person.Password, newPassword = "another good one" });
        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var fresh = app.Bearer((await changed.JsonAsync()).GetProperty("accessToken").GetString()!);
        (await fresh.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.OK);
        // What was proved with the old password is over.
        (await client.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.Unauthorized);
        (await RefreshAsync(Token(session))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await person.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_log_in_during_a_change_of_password_does_not_outlive_it()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var proven = (await app.InAsync<PasswordCheck, ProvenPassword?>(check => check.HoldsAsync(person.Email, person.Password, "", Ct)))!;
        using var client = await person.ClientAsync();
        (await client.PostAsync("/api/v1/auth/password", new { currentPassword = person.Password, newPassword = "another good one" })).StatusCode
            .ShouldBe(HttpStatusCode.OK);

        var opened = await app.InAsync<ISender, Result<SessionView>>(sender => sender.Send(new OpenSession.Command(proven), Ct));

        opened.Refusal!.Code.ShouldBe("bad_credentials");
    }

    [Fact]
    public async Task A_change_of_password_waits_for_a_log_in_and_ends_its_session()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var client = await person.ClientAsync();
        var proven = (await app.InAsync<PasswordCheck, ProvenPassword?>(check => check.HoldsAsync(person.Email, person.Password, "", Ct)))!;
        await using var scope = app.Services.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(Ct);
        var opened = await scope.ServiceProvider.GetRequiredService<ISender>().Send(new OpenSession.Command(proven), Ct);
        opened.Refused(out _, out var tokens).ShouldBeFalse();

        // Its own check of the password does not pass the lock either, so it has not listed the sessions before we commit.
        var changing = client.PostAsync("/api/v1/auth/password", new { currentPassword = person.Password, newPassword = "another good one" });
        await session.CommitAsync(Ct);

        (await changing).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await RefreshAsync(tokens!.RefreshToken)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_first_administrator_has_the_password_of_the_setting_and_must_change_it()
    {
        using var answer = await app.Anonymous().PostAsJsonAsync(
            "/api/v1/auth/login", new { email = App.AdministratorEmail, password = App.AdministratorPassword }, Ct);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await answer.JsonAsync()).GetProperty("passwordChangeRequired").GetBoolean().ShouldBeTrue();
    }

    private static string Token(System.Text.Json.JsonElement session) => session.GetProperty("refreshToken").GetString()!;

    private Task<HttpResponseMessage> RefreshAsync(string token) => app.Anonymous().PostAsync("/api/v1/auth/refresh", new { refreshToken = token });

    // All but what differs on every answer.
    private static async Task<string> SayAsync(HttpResponseMessage answer)
    {
        var body = await answer.JsonAsync();
        answer.Dispose();
        return string.Join(
            "|", body.EnumerateObject().Where(p => p.Name != "traceId").Select(p => $"{p.Name}={p.Value}").Prepend(answer.StatusCode.ToString()));
    }
}
