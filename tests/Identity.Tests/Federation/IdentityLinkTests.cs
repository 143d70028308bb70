using System.Net;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;

namespace Licensing.Identity.Tests.Federation;

/// <summary>Whose an identity is: found by e-mail once, by issuer and subject ever after, taken away by an administrator.</summary>
public sealed class IdentityLinkTests(StubApp app) : IClassFixture<StubApp>
{
    private const string Refused = "401 federated_login_refused";
    private static int _last;

    [Fact]
    public async Task Once_linked_the_subject_counts_and_not_the_address()
    {
        var (first, other) = (await app.PersonAsync(), await app.PersonAsync());
        (await app.SayAsync("plain", Token("linked", first.Email))).ShouldBe("200");

        using var answer = await app.TryAsync("plain", Token("linked", other.Email));

        using var client = app.Bearer((await answer.JsonAsync()).GetProperty("accessToken").GetString()!);
        (await client.StatusAsync($"/api/v1/users/{first.Id}")).ShouldBe(HttpStatusCode.OK);
        (await client.StatusAsync($"/api/v1/users/{other.Id}")).ShouldBe(HttpStatusCode.NotFound);
        (await app.SayAsync("plain", Token("linked", null))).ShouldBe("200");
        (await app.SayAsync("subjects-only", Token("linked", null))).ShouldBe("200");
    }

    [Fact]
    public async Task Whoever_gets_the_address_later_does_not_get_the_account()
    {
        var person = await app.PersonAsync();
        (await app.SayAsync("plain", Token("owner", person.Email))).ShouldBe("200");

        (await app.SayAsync("plain", Token("heir", person.Email))).ShouldBe(Refused);
        (await app.SayAsync("plain", Token("owner", person.Email))).ShouldBe("200");
    }

    [Fact]
    public async Task Of_two_subjects_that_claim_one_address_at_once_one_gets_it()
    {
        var person = await app.PersonAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => app.SayAsync("plain", Token($"racer-{i}", person.Email))));

        answers.Count(a => a == "200").ShouldBe(1);
        answers.Count(a => a == Refused).ShouldBe(7);
    }

    [Fact]
    public async Task First_log_ins_at_once_make_one_link_and_all_enter()
    {
        var branch = await app.BranchAsync();
        var person = await FederationApp.PersonAsync(branch);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => app.SayAsync("plain", Token("eager", person.Email))));

        answers.ShouldAllBe(a => a == "200");
        using var administrator = branch.Administrator();
        (await administrator.GetJsonAsync($"/api/v1/users/{person.Id}/identities")).GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Theory]
    // The Kelvin sign, which is a k in lower case.
    [InlineData("\u212Aelvin@example.com")]
    [InlineData("kelvin@example.com\u0000")]
    [InlineData(" kelvin@example.com")]
    [InlineData("@")]
    [InlineData("nobody@example.com")]
    public async Task An_address_that_only_looks_like_a_users_finds_nobody(string email)
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        using var _ = await administrator.PostAsync(
            "/api/v1/users", new { email = "kelvin@example.com", displayName = "K", organizationId = branch.Tenant.Id.Value });

        (await app.SayAsync("plain", Token("lookalike", email))).ShouldBe(Refused);
    }

    [Fact]
    public async Task A_user_is_told_by_mail_that_an_identity_was_linked_and_that_it_was_taken_away()
    {
        var branch = await app.BranchAsync();
        var person = await FederationApp.PersonAsync(branch);
        // Refused, it has linked nothing.
        (await app.SayAsync("subjects-only", Token("told", person.Email))).ShouldBe(Refused);
        (await app.SayAsync("plain", Token("told", person.Email))).ShouldBe("200");
        (await app.SayAsync("plain", Token("told", person.Email))).ShouldBe("200");
        (await NoticesAsync()).ShouldBe(["Your account was linked with an account at plain; it opens yours from now on."]);

        using var administrator = branch.Administrator();
        var identity = (await administrator.GetJsonAsync($"/api/v1/users/{person.Id}/identities"))
            .GetProperty("items")[0].GetProperty("id").GetGuid();
        using var removed = await administrator.SendAsync(HttpMethod.Delete, $"/api/v1/users/{person.Id}/identities/{identity}", null);
        removed.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await NoticesAsync()).Last().ShouldBe("An administrator took away the link of your account with one at plain, and ended your sessions.");

        async Task<string[]> NoticesAsync()
        {
            await app.DrainAsync();
            const string Ending = " If you did not expect it, tell your administrator.";
            return [.. app.Mailbox.To(person.Email).Where(l => l.Subject.EndsWith("Your account was changed", StringComparison.Ordinal))
                .Select(l => l.Text.Split('\n')[2].Replace(Ending, "", StringComparison.Ordinal).Trim())];
        }
    }

    [Fact]
    public async Task A_provider_may_be_kept_from_linking()
    {
        var person = await app.PersonAsync();

        (await app.SayAsync("subjects-only", Token("unlinked", person.Email))).ShouldBe(Refused);
        (await app.SayAsync("plain", Token("unlinked", person.Email))).ShouldBe("200");
        (await app.SayAsync("subjects-only", Token("unlinked", person.Email))).ShouldBe("200");
    }

    [Fact]
    public async Task Users_of_the_platform_are_linked_only_where_that_is_allowed()
    {
        (await app.SayAsync("plain", Token("root", App.AdministratorEmail))).ShouldBe(Refused);
        (await app.SayAsync("platform", Token("root", App.AdministratorEmail))).ShouldBe("200");
    }

    [Fact]
    public async Task Nobody_enters_through_an_organization_that_is_closed()
    {
        var branch = await app.BranchAsync();
        var (known, unknown) = (await FederationApp.PersonAsync(branch), await FederationApp.PersonAsync(branch));
        (await app.SayAsync("plain", Token("closed", known.Email))).ShouldBe("200");

        using var administrator = branch.Administrator();
        using var closed = await administrator.SendAsync(HttpMethod.Delete, $"/api/v1/tenants/{branch.Tenant.Id.Value}", null);
        closed.StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await app.SayAsync("plain", Token("closed", known.Email))).ShouldBe(Refused);
        (await app.SayAsync("plain", Token("closed-too", unknown.Email))).ShouldBe(Refused);
    }

    [Fact]
    public async Task An_administrator_sees_a_users_identities_and_takes_one_away()
    {
        var branch = await app.BranchAsync();
        var person = await FederationApp.PersonAsync(branch);
        using var session = await app.TryAsync("plain", Token("taken", person.Email));
        var tokens = await session.JsonAsync();
        using var client = app.Bearer(tokens.GetProperty("accessToken").GetString()!);
        using var administrator = branch.As(Roles.PartnerAdministrator);

        var shown = (await administrator.GetJsonAsync($"/api/v1/users/{person.Id}/identities")).GetProperty("items").EnumerateArray().Single();
        shown.GetProperty("provider").GetString().ShouldBe("plain");
        shown.GetProperty("issuer").GetString().ShouldBe(app.Issuer.Address);
        shown.GetProperty("subject").GetString().ShouldBe("taken");
        shown.GetProperty("email").GetString().ShouldBe(person.Email.ToLowerInvariant());

        // A token's instants are whole seconds.
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        var path = $"/api/v1/users/{person.Id}/identities/{shown.GetProperty("id").GetGuid()}";
        using var stale = await administrator.SendAsync(HttpMethod.Delete, path, null, ifMatch: "\"2\"");
        stale.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        using var taken = await administrator.SendAsync(HttpMethod.Delete, path, null);
        taken.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        using var refreshed = await app.RefreshAsync(tokens);
        refreshed.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await app.SayAsync("subjects-only", Token("taken", person.Email))).ShouldBe(Refused);
        using var again = await administrator.SendAsync(HttpMethod.Delete, path, null);
        (await again.CodeAsync()).ShouldBe("identity_not_found");

        // The place is free for who has the address now.
        (await app.SayAsync("plain", Token("heir-of-taken", person.Email))).ShouldBe("200");
    }

    [Fact]
    public async Task Identities_of_another_branch_do_not_exist()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var (person, stranger) = (await FederationApp.PersonAsync(branch), await FederationApp.PersonAsync(other));
        (await app.SayAsync("plain", Token("scoped", person.Email))).ShouldBe("200");
        using var near = branch.As(Roles.DistributorAdministrator);
        using var far = other.As(Roles.DistributorAdministrator);
        var id = (await near.GetJsonAsync($"/api/v1/users/{person.Id}/identities")).GetProperty("items")[0].GetProperty("id").GetGuid();

        (await far.StatusAsync($"/api/v1/users/{person.Id}/identities")).ShouldBe(HttpStatusCode.NotFound);
        foreach (var user in new[] { person.Id, stranger.Id })
        {
            using var refused = await far.SendAsync(HttpMethod.Delete, $"/api/v1/users/{user}/identities/{id}", null);
            refused.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        }

        (await near.GetJsonAsync($"/api/v1/users/{person.Id}/identities")).GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Linking_and_unlinking_are_in_the_trail()
    {
        var branch = await app.BranchAsync();
        var person = await FederationApp.PersonAsync(branch);
        (await app.SayAsync("plain", Token("trailed", person.Email))).ShouldBe("200");

        using var administrator = branch.As(Roles.TenantAdministrator);
        var trail = (await administrator.GetJsonAsync("/api/v1/audit")).GetProperty("items").EnumerateArray().ToList();

        trail.ShouldContain(
            e => e.GetProperty("action").GetString() == "identity.open_federated_session" && e.GetRawText().Contains("federated_identity"));
    }

    [Fact]
    public async Task A_second_factor_is_asked_for_here_unless_the_issuer_is_believed_to_have_asked()
    {
        var person = await app.PersonAsync();
        using var client = await person.ClientAsync();
        using var started = await client.PostAsync("/api/v1/auth/mfa", new { password = person.Password });
        var secret = (await started.JsonAsync()).GetProperty("secret").GetString()!;
        (await client.PostAsync("/api/v1/auth/mfa/confirm", new { code = Totp.CodeOf(secret, app.Clock.GetUtcNow()) })).StatusCode
            .ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromSeconds(30));
        var token = Token("careful", person.Email);

        (await app.SayAsync("plain", token)).ShouldBe("401 mfa_required");
        (await app.SayAsync("plain", token, otp: "000000")).ShouldBe("401 bad_code");
        (await app.SayAsync("trusted", Token("careful", person.Email))).ShouldBe("401 mfa_required");
        // What was refused has used nothing up.
        (await app.SayAsync("plain", token, otp: Totp.CodeOf(secret, app.Clock.GetUtcNow()))).ShouldBe("200");
        (await app.SayAsync("plain", Token("careful", person.Email, "mfa"))).ShouldBe("401 mfa_required");
        (await app.SayAsync("trusted", Token("careful", person.Email, "mfa"))).ShouldBe("200");
    }

    [Fact]
    public async Task Codes_are_not_tried_for_ever_through_another_issuer()
    {
        var person = await app.PersonAsync();
        using var client = await person.ClientAsync();
        using var started = await client.PostAsync("/api/v1/auth/mfa", new { password = person.Password });
        var secret = (await started.JsonAsync()).GetProperty("secret").GetString()!;
        await client.PostAsync("/api/v1/auth/mfa/confirm", new { code = Totp.CodeOf(secret, app.Clock.GetUtcNow()) });
        app.Clock.Advance(TimeSpan.FromSeconds(30));
        for (var attempt = 0; attempt < new LoginSettings().TriesPerAddress; attempt++)
            (await app.SayAsync("plain", Token("guesser", person.Email), otp: "000000")).ShouldBe("401 bad_code");

        (await app.SayAsync("plain", Token("guesser", person.Email), otp: Totp.CodeOf(secret, app.Clock.GetUtcNow()))).ShouldBe("401 bad_code");
    }

    [Fact]
    public async Task An_organization_takes_the_providers_that_it_names()
    {
        var branch = await app.BranchAsync();
        var person = await FederationApp.PersonAsync(branch);
        using var allowed = await branch.As(Roles.PartnerAdministrator).SendAsync(
            HttpMethod.Patch,
            $"/api/v1/settings/identity?organizationId={branch.Partner.Id.Value}",
            new { federationProviders = new[] { "google" } });
        allowed.StatusCode.ShouldBe(HttpStatusCode.OK);

        (await app.SayAsync("plain", Token("elsewhere", person.Email))).ShouldBe("401 provider_not_allowed");
    }

    [Fact]
    public async Task A_user_without_a_password_sets_up_a_second_factor_while_his_log_in_is_fresh_and_removes_it_with_a_code()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        var email = $"federated-{branch.Tenant.Code}@example.com";
        (await administrator.PostAsync("/api/v1/users", new
        {
            email,
            displayName = "Federated",
            organizationId = branch.Tenant.Id.Value,
            role = Roles.TenantAdministrator,
            federatedOnly = true,
        })).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await branch.As(Roles.DistributorAdministrator).SendAsync(
            HttpMethod.Patch,
            $"/api/v1/settings/identity?organizationId={branch.Distributor.Id.Value}",
            new { mfaRequired = "All" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var opened = await app.TryAsync("plain", Token($"no-password-{branch.Tenant.Code}", email));
        var tokens = await opened.JsonAsync();
        tokens.GetProperty("mfaEnrolmentRequired").GetBoolean().ShouldBeTrue();
        using var stale = app.Bearer(tokens.GetProperty("accessToken").GetString()!);
        app.Clock.Advance(TimeSpan.FromMinutes(5));
        using (var late = await stale.PostAsync("/api/v1/auth/mfa", new { }))
            (late.StatusCode, (await late.FieldErrorAsync()).Pointer).ShouldBe((HttpStatusCode.UnprocessableEntity, "/password"));

        using var again = await app.TryAsync("plain", Token($"no-password-{branch.Tenant.Code}", email));
        tokens = await again.JsonAsync();
        using var client = app.Bearer(tokens.GetProperty("accessToken").GetString()!);
        app.Clock.Advance(TimeSpan.FromMinutes(4));
        using var started = await client.PostAsync("/api/v1/auth/mfa", new { });
        started.StatusCode.ShouldBe(HttpStatusCode.OK);
        var secret = (await started.JsonAsync()).GetProperty("secret").GetString()!;
        using var confirmed = await client.PostAsync("/api/v1/auth/mfa/confirm", new { code = Totp.CodeOf(secret, app.Clock.GetUtcNow()) });
        var recovery = (await confirmed.JsonAsync()).GetProperty("recoveryCodes")[0].GetString();

        using var refreshed = await app.RefreshAsync(tokens);
        var next = await refreshed.JsonAsync();
        next.GetProperty("mfaEnrolmentRequired").GetBoolean().ShouldBeFalse();
        using var free = app.Bearer(next.GetProperty("accessToken").GetString()!);
        (await free.SendAsync(HttpMethod.Delete, "/api/v1/auth/mfa", new { code = recovery })).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_session_from_a_password_or_a_link_does_not_stand_for_the_password()
    {
        var branch = await app.BranchAsync();
        var person = await FederationApp.PersonAsync(branch);
        using var client = await person.ClientAsync();

        using var refused = await client.PostAsync("/api/v1/auth/mfa", new { });

        (await refused.FieldErrorAsync()).Code.ShouldBe("required");
    }

    [Fact]
    public async Task A_provider_that_the_organization_no_longer_takes_ends_its_sessions_at_the_refresh()
    {
        var branch = await app.BranchAsync();
        var person = await FederationApp.PersonAsync(branch);
        using var opened = await app.TryAsync("plain", Token($"dropped-{branch.Tenant.Code}", person.Email));
        var refresh = (await opened.JsonAsync()).GetProperty("refreshToken").GetString();
        using var allowed = await branch.As(Roles.PartnerAdministrator).SendAsync(
            HttpMethod.Patch,
            $"/api/v1/settings/identity?organizationId={branch.Partner.Id.Value}",
            new { federationProviders = new[] { "google" } });
        allowed.StatusCode.ShouldBe(HttpStatusCode.OK);

        using var refused = await app.Anonymous().PostAsync("/api/v1/auth/refresh", new { refreshToken = refresh });

        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Unauthorized, "provider_not_allowed"));
    }

    private string Token(string subject, string? email, string? amr = null)
    {
        var now = app.Clock.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = app.Issuer.Address,
            ["sub"] = subject,
            ["aud"] = "licensing",
            ["iat"] = now,
            ["exp"] = now + 3600,
            ["jti"] = $"{Interlocked.Increment(ref _last)}",
        };
        if (email is not null)
            (claims["email"], claims["email_verified"]) = (email, true);
        if (amr is not null)
            claims["amr"] = new JsonArray(amr);
        return app.Issuer.RS256(claims);
    }
}
