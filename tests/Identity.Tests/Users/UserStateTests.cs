using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Tests.Users;

public sealed class UserStateTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_disabled_user_is_out_at_once_and_stays_out_until_he_is_enabled()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var session = await person.LoginAsync();
        using var client = app.Bearer(session.GetProperty("accessToken").GetString()!);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        // Not shown to anybody while he is out, which would end it as well.
        var kept = await person.LoginAsync();
        app.Clock.Advance(TimeSpan.FromSeconds(1));

        (await ActAsync(branch, person.Id, "disable")).ShouldBe((HttpStatusCode.OK, "Disabled"));

        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await RefreshAsync(session)).ShouldBe(HttpStatusCode.Unauthorized);
        using var login = await person.TryLoginAsync();
        (await login.CodeAsync()).ShouldBe("bad_credentials");
        (await ActAsync(branch, person.Id, "disable")).ShouldBe((HttpStatusCode.Conflict, "already_disabled"));

        (await ActAsync(branch, person.Id, "enable")).ShouldBe((HttpStatusCode.OK, "Active"));
        (await ActAsync(branch, person.Id, "enable")).ShouldBe((HttpStatusCode.Conflict, "not_disabled"));
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await RefreshAsync(session)).ShouldBe(HttpStatusCode.Unauthorized);
        using var again = app.Bearer(kept.GetProperty("accessToken").GetString()!);
        (await again.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await RefreshAsync(kept)).ShouldBe(HttpStatusCode.Unauthorized);
        await person.LoginAsync();
    }

    [Fact]
    public async Task A_log_in_beside_being_disabled_does_not_outlive_it()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var proven = (await app.InAsync<PasswordCheck, ProvenPassword?>(check => check.HoldsAsync(person.Email, person.Password, "", Ct)))!;
        await ActAsync(branch, person.Id, "disable");

        var opened = await app.InAsync<ISender, Result<SessionView>>(sender => sender.Send(new OpenSession.Command(proven), Ct));

        opened.Refusal!.Code.ShouldBe("bad_credentials");
    }

    [Fact]
    public async Task Nobody_disables_himself_and_the_last_administrators_do_not_disable_each_other()
    {
        var branch = await app.BranchAsync();
        var first = await Person.AddAsync(branch, branch.Platform, Roles.PlatformAdministrator);
        var second = await Person.AddAsync(branch, branch.Platform, Roles.PlatformAdministrator);
        using (var administrator = branch.Administrator())
        {
            var all = (await administrator.GetJsonAsync($"/api/v1/users?limit=200&organizationId={branch.Platform.Id.Value}")).GetProperty("items");
            foreach (var other in all.EnumerateArray().Where(u => u.GetProperty("status").GetString() != "Disabled")
                .Select(u => u.GetProperty("id").GetGuid()).Where(id => id != first.Id && id != second.Id))
                (await ActAsync(branch, other, "disable")).ShouldBe((HttpStatusCode.OK, "Disabled"));
        }
        using var client = await first.ClientAsync();
        using (var himself = await client.PostAsync($"/api/v1/users/{first.Id}/disable", body: null))
            (await himself.CodeAsync()).ShouldBe("own_account");

        var outcomes = await Task.WhenAll(ActAsync(branch, first.Id, "disable"), ActAsync(branch, second.Id, "disable"));

        outcomes.Order().ShouldBe([(HttpStatusCode.OK, "Disabled"), (HttpStatusCode.Conflict, "last_administrator")]);
        // Nor does the role go from him who is left.
        var left = outcomes[0].Status == HttpStatusCode.OK ? second : first;
        using var root = branch.Administrator();
        var assignment = (await root.GetJsonAsync($"/api/v1/users/{left.Id}")).GetProperty("roles")[0].GetProperty("id");
        using var refused = await root.DeleteAsync($"/api/v1/roles/assignments/{assignment}", Ct);
        (await refused.CodeAsync()).ShouldBe("last_administrator");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("key")]
    [InlineData("key of a key")]
    [InlineData("client")]
    [InlineData("user")]
    public async Task A_token_alone_turns_into_nobodys_account(string? first)
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        using var token = await person.ClientAsync();
        using var client = first is null ? token : await MadeFirst.ByAsync(branch, token, first);
        var identity = await app.LinkIdentityAsync(person.Id);

        foreach (var (method, path, body) in new (HttpMethod, string, object)[]
        {
            (HttpMethod.Patch, "", new { email = $"thief-{person.Id}@example.com" }), (HttpMethod.Patch, "", new { federatedOnly = true }),
            (HttpMethod.Post, "/reset-mfa", new { }), (HttpMethod.Post, "/disable", new { }), (HttpMethod.Post, "/unlock", new { }),
            (HttpMethod.Delete, $"/identities/{identity}", new { }),
        })
        {
            using var answer = await client.SendAsync(method, $"/api/v1/users/{person.Id}{path}", body);
            (answer.StatusCode, await answer.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "own_account"));
        }

        // What is no way in stays his to say, and the same address is no change.
        using var named = await client.SendAsync(
            HttpMethod.Patch, $"/api/v1/users/{person.Id}", new { displayName = "Ada", email = person.Email, federatedOnly = false });
        named.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var byOther = await branch.Administrator().SendAsync(
            HttpMethod.Patch, $"/api/v1/users/{person.Id}", new { email = $"moved-{person.Id}@example.com" });
        byOther.StatusCode.ShouldBe(HttpStatusCode.OK);

        // Nor does he come back by it.
        (await ActAsync(branch, person.Id, "disable")).Status.ShouldBe(HttpStatusCode.OK);
        using var enabled = await client.PostAsync($"/api/v1/users/{person.Id}/enable", body: null);
        enabled.StatusCode.ShouldBe(first is null ? HttpStatusCode.Unauthorized : HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task Unlocking_lets_a_locked_user_in_at_once()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        for (var i = 0; i < 10; i++)
            (await person.TryLoginAsync("not the password")).Dispose();
        (await person.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        using var administrator = branch.Administrator();
        (await administrator.PostAsync($"/api/v1/users/{person.Id}/unlock", body: null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await person.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_user_is_described_renamed_and_logs_in_by_his_user_name()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        var number = Id.NewGuid(DateTimeOffset.UnixEpoch).ToString("N");
        using var created = await administrator.PostAsync("/api/v1/users", new
        {
            email = $"{number}@example.com",
            displayName = "Ada",
            organizationId = branch.Tenant.Id.Value,
            password = "a long enough password",
            mustChangePassword = false,
            username = $"Ada.{number}",
            firstName = "Ada",
            lastName = "Lovelace",
            mobilePhone = "+4915112345678",
            landlinePhone = "+4930123456",
            notes = "First of all.",
        });
        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        var id = (await created.JsonAsync()).GetProperty("id").GetGuid();

        using var changed = await administrator.SendAsync(
            HttpMethod.Patch,
            $"/api/v1/users/{id}",
            new { displayName = "Countess", landlinePhone = (string?)null, email = $"new-{number}@example.com" },
            ifMatch: "\"1\"");

        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        var shown = await administrator.GetJsonAsync($"/api/v1/users/{id}");
        (await changed.JsonAsync()).ToString().ShouldBe(shown.ToString());
        shown.GetProperty("code").GetInt32().ShouldBeGreaterThan(0);
        Text(shown, "displayName").ShouldBe("Countess");
        Text(shown, "username").ShouldBe($"ada.{number}");
        Text(shown, "firstName").ShouldBe("Ada");
        Text(shown, "lastName").ShouldBe("Lovelace");
        Text(shown, "mobilePhone").ShouldBe("+4915112345678");
        Text(shown, "landlinePhone").ShouldBeNull();
        Text(shown, "notes").ShouldBe("First of all.");
        Text(shown, "email").ShouldBe($"new-{number}@example.com");
        (await LoginAsync($"ADA.{number}")).ShouldBe(HttpStatusCode.OK);
        (await LoginAsync($"new-{number}@example.com")).ShouldBe(HttpStatusCode.OK);
        (await LoginAsync($"{number}@example.com")).ShouldBe(HttpStatusCode.Unauthorized);
        await app.DrainAsync();
        app.Mailbox.To($"{number}@example.com").ShouldHaveSingleItem().Text.ShouldContain("another e-mail address");
        app.Mailbox.To($"new-{number}@example.com").ShouldHaveSingleItem().Text.ShouldContain("the e-mail address of your account");
        using var stale = await administrator.SendAsync(HttpMethod.Patch, $"/api/v1/users/{id}", new { displayName = "X" }, ifMatch: "\"1\"");
        stale.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
    }

    [Fact]
    public async Task Addresses_and_user_names_are_one_persons()
    {
        var branch = await app.BranchAsync();
        var first = await Person.AddAsync(branch, branch.Tenant, null);
        var second = await Person.AddAsync(branch, branch.Tenant, null);
        using var administrator = branch.Administrator();
        (await administrator.SendAsync(HttpMethod.Patch, $"/api/v1/users/{first.Id}", new { username = $"u{first.Id:N}" })).StatusCode
            .ShouldBe(HttpStatusCode.OK);

        using var email = await administrator.SendAsync(HttpMethod.Patch, $"/api/v1/users/{second.Id}", new { email = first.Email });
        using var username = await administrator.SendAsync(HttpMethod.Patch, $"/api/v1/users/{second.Id}", new { username = $"U{first.Id:N}" });

        (email.StatusCode, await email.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "email_taken"));
        (username.StatusCode, await username.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "username_taken"));
    }

    [Theory]
    [InlineData("""{"email":"nobody"}""", "/email")]
    [InlineData("""{"email":"a@b.example, c@d.example"}""", "/email")]
    [InlineData("""{"email":null}""", "/email")]
    [InlineData("""{"username":"ada@example.com"}""", "/username")]
    [InlineData("""{"username":"ab"}""", "/username")]
    [InlineData("""{"displayName":""}""", "/displayName")]
    [InlineData("""{"mobilePhone":"015112345678"}""", "/mobilePhone")]
    [InlineData("""{"landlinePhone":"+0301234567"}""", "/landlinePhone")]
    public async Task A_field_that_breaks_a_rule_is_named(string body, string pointer)
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, null);
        using var administrator = branch.Administrator();

        using var refused = await administrator.SendAsync(HttpMethod.Patch, $"/api/v1/users/{person.Id}", JsonDocument.Parse(body).RootElement);

        refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        var error = (await refused.JsonAsync()).GetProperty("errors")[0];
        error.GetProperty("pointer").GetString().ShouldBe(pointer);
        error.GetProperty("message").GetString().ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task Who_comes_through_a_provider_has_no_password_and_loses_what_he_opened_with_one()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var session = await person.LoginAsync();
        using var client = app.Bearer(session.GetProperty("accessToken").GetString()!);
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        using var administrator = branch.Administrator();

        (await administrator.SendAsync(HttpMethod.Patch, $"/api/v1/users/{person.Id}", new { federatedOnly = true })).StatusCode
            .ShouldBe(HttpStatusCode.OK);

        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await RefreshAsync(session)).ShouldBe(HttpStatusCode.Unauthorized);
        (await person.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        await administrator.SendAsync(HttpMethod.Patch, $"/api/v1/users/{person.Id}", new { federatedOnly = false });
        (await person.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("POST", "/disable")]
    [InlineData("POST", "/enable")]
    [InlineData("POST", "/unlock")]
    [InlineData("POST", "/reset-mfa")]
    [InlineData("POST", "/invitation")]
    [InlineData("PATCH", "")]
    public async Task From_another_branch_a_user_does_not_exist(string method, string action)
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var stranger = other.As(Roles.DistributorAdministrator);

        using var refused = await stranger.SendAsync(
            new HttpMethod(method), $"/api/v1/users/{person.Id}{action}", method == "PATCH" ? new { displayName = "X" } : null);

        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.NotFound, "user_not_found"));
        (await person.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_terminal_makes_an_administrator_who_must_change_his_password_and_lists_him()
    {
        (await OpsAsync("users create-administrator", ("--email", "Second@Example.com"))).Refused(out _, out var made).ShouldBeFalse();
        var shown = (CreateAdministrator.NewAdministratorView)made!.Value;

        using var login = await app.Anonymous().PostAsync("/api/v1/auth/login", new { email = "second@example.com", password = shown.Password });
        (await login.JsonAsync()).GetProperty("passwordChangeRequired").GetBoolean().ShouldBeTrue();
        (await OpsAsync("users list", ("--email", "second@example.com"))).Refused(out _, out var listed).ShouldBeFalse();
        JsonSerializer.Serialize(listed!.Value, Licensing.Kernel.Http.ApiJson.Options).ShouldContain("PlatformAdministrator");
        (await OpsAsync("users create-administrator", ("--email", "second@example.com"))).Refusal!.Code.ShouldBe("email_taken");
        (await OpsAsync("users create-administrator", ("--email", "nobody"))).Refusal!.Fields[0].Pointer.ShouldBe("/email");
        (await OpsAsync("users create-administrator", ("--email", "ada@b\u00FCcher.example"))).Refusal!.Fields[0].Code.ShouldBe("not_ascii");
        (await OpsAsync("users list", ("--limit", "0"))).Refusal!.Message.ShouldBe("--limit must be 1 to 10000, not '0'.");
        (await OpsAsync("users list", ("--organization", "x"))).Refusal!.Message.ShouldBe("--organization must be an organization's id, not 'x'.");
    }

    private static string? Text(JsonElement user, string name) => user.GetProperty(name).GetString();

    private async Task<HttpStatusCode> LoginAsync(string name)
    {
        using var answer = await app.Anonymous().PostAsync("/api/v1/auth/login", new { email = name, password = "a long enough password" });
        return answer.StatusCode;
    }

    private async Task<HttpStatusCode> RefreshAsync(JsonElement session)
    {
        using var answer = await app.RefreshAsync(session);
        return answer.StatusCode;
    }

    private static async Task<(HttpStatusCode Status, string? Outcome)> ActAsync(Branch branch, Guid id, string action)
    {
        using var administrator = branch.Administrator();
        using var answer = await administrator.PostAsync($"/api/v1/users/{id}/{action}", body: null);
        var body = await answer.JsonAsync();
        return (answer.StatusCode, body.GetProperty(answer.IsSuccessStatusCode ? "status" : "code").GetString());
    }

    private async Task<Result<OpsAnswer>> OpsAsync(string name, params (string Name, string Value)[] given)
    {
        var command = app.Services.GetServices<OpsCommand>().Single(c => c.Name == name);
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        return await command.RunAsync(
            new OpsCall(scope.ServiceProvider, given.ToDictionary(g => g.Name, g => (IReadOnlyList<string>)[g.Value])), Ct);
    }
}
