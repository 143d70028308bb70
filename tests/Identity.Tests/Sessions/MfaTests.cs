using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Npgsql;

namespace Licensing.Identity.Tests.Sessions;

public sealed class MfaTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_factor_is_asked_for_once_it_is_confirmed_and_its_code_is_taken_once()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var client = await person.ClientAsync();
        using var started = await client.PostAsync("/api/v1/auth/mfa", new { password = person.Password });
        started.StatusCode.ShouldBe(HttpStatusCode.OK);
        var authenticator = await started.JsonAsync();
        var secret = authenticator.GetProperty("secret").GetString()!;
        authenticator.GetProperty("uri").GetString()!.ShouldStartWith(
            $"otpauth://totp/Platform:{Uri.EscapeDataString(person.Email.ToLowerInvariant())}?secret={secret}&issuer=Platform");
        // Begun is not done: nobody is shut out by a QR code that he never scanned.
        await person.LoginAsync();
        using (var wrong = await client.PostAsync("/api/v1/auth/mfa/confirm", new { code = "000000" }))
            (wrong.StatusCode, (await wrong.FieldErrorAsync()).Code).ShouldBe((HttpStatusCode.UnprocessableEntity, "bad_code"));
        using var confirmed = await client.PostAsync("/api/v1/auth/mfa/confirm", new { code = Code(secret) });
        confirmed.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await confirmed.JsonAsync()).GetProperty("recoveryCodes").GetArrayLength().ShouldBe(10);

        (await LoginAsync(person, null)).ShouldBe((HttpStatusCode.Unauthorized, "mfa_required"));
        // It was taken by the confirmation.
        (await LoginAsync(person, Code(secret))).ShouldBe((HttpStatusCode.Unauthorized, "bad_code"));
        app.Clock.Advance(TimeSpan.FromSeconds(30));
        (await LoginAsync(person, Code(secret))).ShouldBe((HttpStatusCode.OK, null));
        (await LoginAsync(person, Code(secret))).ShouldBe((HttpStatusCode.Unauthorized, "bad_code"));
        using (var wrongPassword = await app.Anonymous().PostAsync(
            "/api/v1/auth/login", new { email = person.Email, password = "not the password", otp = Code(secret) }))
            (await wrongPassword.CodeAsync()).ShouldBe("bad_credentials");
        using (var again = await client.PostAsync("/api/v1/auth/mfa", new { password = person.Password }))
            (await again.CodeAsync()).ShouldBe("mfa_active");
        using var administrator = branch.Administrator();
        (await administrator.GetJsonAsync($"/api/v1/users/{person.Id}")).GetProperty("mfaEnabled").GetBoolean().ShouldBeTrue();
        (await administrator.GetJsonAsync("/api/v1/audit?limit=200")).ToString().ShouldNotContain(secret);
    }

    [Fact]
    public async Task Of_log_ins_at_once_with_one_code_one_gets_in()
    {
        var branch = await app.BranchAsync();
        var (person, secret, recovery) = await EnrolAsync(branch);
        for (var round = 0; round < 3; round++)
        {
            app.Clock.Advance(TimeSpan.FromSeconds(30));
            foreach (var code in new[] { Code(secret), recovery[round] })
            {
                var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LoginAsync(person, code)));
                answers.Count(a => a.Status == HttpStatusCode.OK).ShouldBe(1);
                answers.Count(a => a.Code == "bad_code").ShouldBe(3);
            }

            await LoginAsync(person, recovery[9 - round]);
        }
    }

    [Fact]
    public async Task A_recovery_code_is_taken_once_however_it_is_typed_and_is_kept_as_a_digest()
    {
        var branch = await app.BranchAsync();
        var (person, secret, recovery) = await EnrolAsync(branch);

        (await LoginAsync(person, recovery[0].ToLowerInvariant().Replace('-', ' '))).ShouldBe((HttpStatusCode.OK, null));
        (await LoginAsync(person, recovery[0])).ShouldBe((HttpStatusCode.Unauthorized, "bad_code"));
        (await LoginAsync(person, recovery[1])).ShouldBe((HttpStatusCode.OK, null));

        var (kept, key) = await app.InAsync<NpgsqlDataSource, (long, byte[])>(async database =>
        {
            await using var command = database.CreateCommand(
                """
                select (select count(*) from identity.recovery_codes where user_id = u.id), sealed_authenticator_key
                from identity.users u where id = $1
                """);
            command.Parameters.Add(new() { Value = person.Id });
            await using var reader = await command.ExecuteReaderAsync(Ct);
            await reader.ReadAsync(Ct);
            return (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1));
        });
        kept.ShouldBe(8);
        System.Text.Encoding.ASCII.GetString(key).ShouldNotContain(secret);
    }

    [Fact]
    public async Task Wrong_codes_lock_the_account_and_the_right_password_in_between_does_not_help()
    {
        var branch = await app.BranchAsync();
        var (person, secret, _) = await EnrolAsync(branch);
        app.Clock.Advance(TimeSpan.FromSeconds(30));
        for (var i = 0; i < 5; i++)
        {
            (await LoginAsync(person, "000000")).Code.ShouldBe("bad_code");
            (await LoginAsync(person, null)).Code.ShouldBe("mfa_required");
        }

        (await LoginAsync(person, Code(secret))).ShouldBe((HttpStatusCode.Unauthorized, "bad_credentials"));
        app.Clock.Advance(TimeSpan.FromMinutes(15));
        (await LoginAsync(person, Code(secret))).ShouldBe((HttpStatusCode.OK, null));
    }

    [Fact]
    public async Task A_second_factor_is_removed_with_the_password_or_a_code_and_with_nothing_else()
    {
        var branch = await app.BranchAsync();
        var (person, secret, recovery) = await EnrolAsync(branch);
        using var client = app.Bearer(await TokenAsync(person, recovery[0]));
        (await RemoveAsync(client, new { password = "not the password" })).ShouldBe((HttpStatusCode.UnprocessableEntity, "wrong_password"));
        (await RemoveAsync(client, new { code = "000000" })).ShouldBe((HttpStatusCode.UnprocessableEntity, "bad_code"));
        (await RemoveAsync(client, new { })).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await LoginAsync(person, null)).Code.ShouldBe("mfa_required");

        (await RemoveAsync(client, new { password = person.Password })).Status.ShouldBe(HttpStatusCode.NoContent);

        await person.LoginAsync();
        using (var nothing = await client.SendAsync(HttpMethod.Delete, "/api/v1/auth/mfa", new { password = person.Password }))
            (await nothing.CodeAsync()).ShouldBe("mfa_not_active");
        var (other, otherSecret, otherRecovery) = await EnrolAsync(branch);
        using var otherClient = app.Bearer(await TokenAsync(other, otherRecovery[0]));
        app.Clock.Advance(TimeSpan.FromSeconds(30));
        (await RemoveAsync(otherClient, new { code = Code(otherSecret) })).Status.ShouldBe(HttpStatusCode.NoContent);
        secret.ShouldNotBe(otherSecret);
    }

    [Fact]
    public async Task Wrong_codes_at_the_removal_count_as_at_the_log_in()
    {
        var branch = await app.BranchAsync();
        var (person, secret, recovery) = await EnrolAsync(branch);
        using var client = app.Bearer(await TokenAsync(person, recovery[0]));
        app.Clock.Advance(TimeSpan.FromSeconds(30));
        for (var i = 0; i < 10; i++)
            await RemoveAsync(client, new { code = "000000" });

        (await RemoveAsync(client, new { code = Code(secret) })).ShouldBe((HttpStatusCode.UnprocessableEntity, "bad_code"));
    }

    [Fact]
    public async Task Wrong_codes_at_the_confirmation_count_as_at_the_log_in()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var client = await person.ClientAsync();
        var secret = await StartAsync(client, person);
        for (var i = 0; i < 10; i++)
            (await ConfirmAsync(client, "000000")).ShouldBe("422 bad_code");

        (await ConfirmAsync(client, Code(secret))).ShouldBe("422 bad_code");

        app.Clock.Advance(TimeSpan.FromMinutes(2));
        (await ConfirmAsync(client, Code(secret))).ShouldBe("200");
    }

    [Fact]
    public async Task A_second_factor_is_confirmed_in_the_session_that_began_it_and_within_a_quarter_of_an_hour()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var tokens = await person.LoginAsync();
        using var client = app.Bearer(Access(tokens));
        using var other = await person.ClientAsync();
        var secret = await StartAsync(client, person);
        (await ConfirmAsync(other, Code(secret))).ShouldBe("409 mfa_not_started");
        app.Clock.Advance(TimeSpan.FromMinutes(10));
        using var refreshed = await app.RefreshAsync(tokens);
        using var later = app.Bearer(Access(await refreshed.JsonAsync()));
        app.Clock.Advance(TimeSpan.FromMinutes(5));

        (await ConfirmAsync(later, Code(secret))).ShouldBe("409 mfa_not_started");

        secret = await StartAsync(later, person);
        app.Clock.Advance(TimeSpan.FromMinutes(9));
        (await ConfirmAsync(later, Code(secret))).ShouldBe("200");
    }

    [Theory]
    [InlineData("change of password")]
    [InlineData("start")]
    [InlineData("confirmation")]
    [InlineData("removal")]
    public async Task Who_is_disabled_meanwhile_changes_nothing(string what)
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var client = await person.ClientAsync();
        var secret = await StartAsync(client, person);

        using var answer = await app.DuringAsync(
            async sender => (await sender.Send(new DisableUser.Command(new UserId(person.Id)), Ct)).Refusal,
            () => what switch
            {
                "change of password" => client.PostAsync(
                    "/api/v1/auth/password", new { currentPassword = person.Password, newPassword = "quite another long password" }),
                "start" => client.PostAsync("/api/v1/auth/mfa", new { password = person.Password }),
                "confirmation" => client.PostAsync("/api/v1/auth/mfa/confirm", new { code = Code(secret) }),
                _ => client.SendAsync(HttpMethod.Delete, "/api/v1/auth/mfa", new { password = person.Password }),
            });

        // Who may not enter has none.
        answer.StatusCode.ShouldBe(
            what is "confirmation" or "removal" ? HttpStatusCode.Conflict : HttpStatusCode.Unauthorized, await answer.Content.ReadAsStringAsync(Ct));
    }

    private static async Task<string> StartAsync(HttpClient client, Person person)
    {
        using var started = await client.PostAsync("/api/v1/auth/mfa", new { password = person.Password });
        started.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await started.JsonAsync()).GetProperty("secret").GetString()!;
    }

    private static async Task<string> ConfirmAsync(HttpClient client, string code)
    {
        using var answer = await client.PostAsync("/api/v1/auth/mfa/confirm", new { code });
        return answer.StatusCode switch
        {
            HttpStatusCode.OK => "200",
            HttpStatusCode.UnprocessableEntity => $"422 {(await answer.FieldErrorAsync()).Code}",
            _ => $"{(int)answer.StatusCode} {await answer.CodeAsync()}",
        };
    }

    [Fact]
    public async Task Setting_up_a_second_factor_needs_the_password_and_a_person()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var client = await person.ClientAsync();
        using var wrong = await client.PostAsync("/api/v1/auth/mfa", new { password = "not the password" });
        (wrong.StatusCode, (await wrong.FieldErrorAsync()).Code).ShouldBe((HttpStatusCode.UnprocessableEntity, "wrong_password"));
        using var early = await client.PostAsync("/api/v1/auth/mfa/confirm", new { code = "000000" });
        (early.StatusCode, await early.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "mfa_not_started"));

        using var administrator = branch.Administrator();
        using var made = await administrator.PostAsync(
            "/api/v1/api-keys", new { name = "key", organizationId = branch.Tenant.Id.Value, role = Roles.TenantAdministrator });
        using var machine = app.Bearer((await made.JsonAsync()).GetProperty("key").GetString()!);
        using var noUser = await machine.PostAsync("/api/v1/auth/mfa", new { password = person.Password });
        (noUser.StatusCode, await noUser.CodeAsync()).ShouldBe((HttpStatusCode.Forbidden, "not_a_user"));
    }

    [Fact]
    public async Task An_administrator_takes_the_second_factor_from_who_lost_it()
    {
        var branch = await app.BranchAsync();
        var (person, _, recovery) = await EnrolAsync(branch);
        using var login = await app.Anonymous().PostAsync(
            "/api/v1/auth/login", new { email = person.Email, password = person.Password, otp = recovery[0] });
        var refresh = (await login.JsonAsync()).GetProperty("refreshToken").GetString();
        using var administrator = branch.Administrator();

        using var reset = await administrator.PostAsync($"/api/v1/users/{person.Id}/reset-mfa", body: null);

        (await reset.JsonAsync()).GetProperty("mfaEnabled").GetBoolean().ShouldBeFalse();
        (await app.Anonymous().PostAsync("/api/v1/auth/refresh", new { refreshToken = refresh })).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        await person.LoginAsync();
        await app.DrainAsync();
        app.Mailbox.To(person.Email).Select(l => l.Text).ShouldContain(t => t.Contains("An administrator removed the second factor"));
        using var again = await administrator.PostAsync($"/api/v1/users/{person.Id}/reset-mfa", body: null);
        (again.StatusCode, await again.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "mfa_not_active"));
    }

    [Fact]
    public async Task Setting_up_a_second_factor_ends_the_other_sessions_and_the_present_one_has_shown_it()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        await DemandAsync(branch);
        var (present, other) = (await person.LoginAsync(), await person.LoginAsync());
        using var client = app.Bearer(Access(present));
        using var started = await client.PostAsync("/api/v1/auth/mfa", new { password = person.Password });
        var secret = (await started.JsonAsync()).GetProperty("secret").GetString()!;

        (await client.PostAsync("/api/v1/auth/mfa/confirm", new { code = Code(secret) })).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await app.RefreshAsync(other)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using (var elsewhere = app.Bearer(Access(other)))
        using (var dead = await elsewhere.PostAsync("/api/v1/auth/mfa", new { password = person.Password }))
            dead.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using var refreshed = await app.RefreshAsync(present);
        var next = await refreshed.JsonAsync();
        next.GetProperty("mfaEnrolmentRequired").GetBoolean().ShouldBeFalse();
        using var free = app.Bearer(Access(next));
        (await free.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Removing_a_second_factor_ends_the_other_sessions()
    {
        var branch = await app.BranchAsync();
        var (person, _, recovery) = await EnrolAsync(branch);
        using var first = await app.Anonymous().PostAsync(
            "/api/v1/auth/login", new { email = person.Email, password = person.Password, otp = recovery[0] });
        using var client = app.Bearer(await TokenAsync(person, recovery[1]));

        (await RemoveAsync(client, new { code = recovery[2] })).Status.ShouldBe(HttpStatusCode.NoContent);

        (await app.RefreshAsync(await first.JsonAsync())).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_change_of_password_neither_forgets_nor_claims_that_a_second_factor_was_shown()
    {
        var branch = await app.BranchAsync();
        var (shown, _, recovery) = await EnrolAsync(branch);
        var without = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        await DemandAsync(branch);
        using var withCode = app.Bearer(await TokenAsync(shown, recovery[0]));
        using var plain = await without.ClientAsync();

        (await EnrolmentAfterChangeAsync(withCode, shown)).ShouldBeFalse();
        (await EnrolmentAfterChangeAsync(plain, without)).ShouldBeTrue();
    }

    private static async Task<bool> EnrolmentAfterChangeAsync(HttpClient client, Person person)
    {
        using var changed = await client.PostAsync(
            "/api/v1/auth/password", new { currentPassword = person.Password, newPassword = "quite another long password" });
        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await changed.JsonAsync()).GetProperty("mfaEnrolmentRequired").GetBoolean();
    }

    private static async Task DemandAsync(Branch branch)
    {
        using var set = await branch.As(Roles.DistributorAdministrator)
            .SendAsync(HttpMethod.Patch, $"/api/v1/settings/identity?organizationId={branch.Distributor.Id.Value}", new { mfaRequired = "All" });
        set.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static string Access(System.Text.Json.JsonElement tokens) => tokens.GetProperty("accessToken").GetString()!;

    private string Code(string secret) => Totp.CodeOf(secret, app.Clock.GetUtcNow());

    private async Task<(Person Person, string Secret, List<string> Recovery)> EnrolAsync(Branch branch)
    {
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var client = await person.ClientAsync();
        using var started = await client.PostAsync("/api/v1/auth/mfa", new { password = person.Password });
        var secret = (await started.JsonAsync()).GetProperty("secret").GetString()!;
        using var confirmed = await client.PostAsync("/api/v1/auth/mfa/confirm", new { code = Code(secret) });
        return (person, secret, [.. (await confirmed.JsonAsync()).GetProperty("recoveryCodes").EnumerateArray().Select(c => c.GetString()!)]);
    }

    private async Task<string> TokenAsync(Person person, string otp)
    {
        using var answer = await app.Anonymous().PostAsync("/api/v1/auth/login", new { email = person.Email, password = person.Password, otp });
        return (await answer.JsonAsync()).GetProperty("accessToken").GetString()!;
    }

    private async Task<(HttpStatusCode Status, string? Code)> LoginAsync(Person person, string? otp)
    {
        using var answer = await app.Anonymous().PostAsync("/api/v1/auth/login", new { email = person.Email, password = person.Password, otp });
        return (answer.StatusCode, answer.IsSuccessStatusCode ? null : await answer.CodeAsync());
    }

    private static async Task<(HttpStatusCode Status, string? Code)> RemoveAsync(HttpClient client, object body)
    {
        using var answer = await client.SendAsync(HttpMethod.Delete, "/api/v1/auth/mfa", body);
        if (answer.IsSuccessStatusCode)
            return (answer.StatusCode, null);
        var told = (await answer.JsonAsync()).TryGetProperty("errors", out var errors) && errors.GetArrayLength() > 0;
        return (answer.StatusCode, told ? errors[0].GetProperty("code").GetString() : null);
    }
}
