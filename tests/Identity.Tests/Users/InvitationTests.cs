using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Npgsql;

namespace Licensing.Identity.Tests.Users;

public sealed class InvitationTests(App app) : IClassFixture<App>
{
    private const string Chosen = "a password of my own";
    private static int _last;

    [Fact]
    public async Task An_invited_user_chooses_his_password_once_and_logs_in()
    {
        var branch = await app.BranchAsync();
        var (email, created) = await InviteAsync(branch);

        created.GetProperty("status").GetString().ShouldBe("Invited");
        created.TryGetProperty("initialPassword", out _).ShouldBeFalse();
        var waiting = await TextsAsync("select body::text from identity.outbox");
        await app.DrainAsync();
        var token = app.Mailbox.TokenFor(email);
        app.Mailbox.To(email).ShouldHaveSingleItem().Text.ShouldContain("http://localhost:5000/activate#token=");
        waiting.ShouldNotBeEmpty();
        waiting.ShouldAllBe(body => !body.Contains(token) && !body.Contains(email));
        (await LoginAsync(email)).ShouldBe(HttpStatusCode.Unauthorized);

        (await ActivateAsync(token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await LoginAsync(email)).ShouldBe(HttpStatusCode.OK);
        using var again = await ActivateAsync(token, "another good one");
        again.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await again.FieldErrorAsync()).Code.ShouldBe("bad_token");
        using var administrator = branch.Administrator();
        var shown = await administrator.GetJsonAsync($"/api/v1/users/{created.GetProperty("id")}");
        shown.GetProperty("status").GetString().ShouldBe("Active");
        shown.GetProperty("mustChangePassword").GetBoolean().ShouldBeFalse();
        (await administrator.GetJsonAsync("/api/v1/audit?limit=200")).ToString().ShouldNotContain(token);
    }

    [Theory]
    [InlineData("short", "too_short")]
    [InlineData("P4ssw0rd2024", "common_password")]
    [InlineData("passwordpassword", "common_password")]
    [InlineData("abababababababab", "common_password")]
    [InlineData("ada.lovelace-77", "like_own_name")]
    [InlineData("xAda LovelaceAda", "like_own_name")]
    public async Task A_password_against_the_policy_does_not_spend_the_token(string password, string code)
    {
        var branch = await app.BranchAsync();
        var (email, _) = await InviteAsync(branch, $"ada.lovelace@mail{Interlocked.Increment(ref _last)}.example.com");
        await app.DrainAsync();
        var token = app.Mailbox.TokenFor(email);

        using var refused = await ActivateAsync(token, password);
        refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await refused.FieldErrorAsync()).ShouldBe(("/password", code));

        (await ActivateAsync(token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_token_ends_after_seven_days_and_with_the_next_one()
    {
        var branch = await app.BranchAsync();
        var (email, created) = await InviteAsync(branch);
        await app.DrainAsync();
        var old = app.Mailbox.TokenFor(email);
        app.Clock.Advance(TimeSpan.FromDays(7));
        (await ActivateAsync(old)).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);

        using var administrator = branch.Administrator();
        (await administrator.PostAsync($"/api/v1/users/{created.GetProperty("id")}/invitation", body: null)).StatusCode
            .ShouldBe(HttpStatusCode.NoContent);
        await app.DrainAsync();
        var second = app.Mailbox.TokenFor(email);
        (await administrator.PostAsync($"/api/v1/users/{created.GetProperty("id")}/invitation", body: null)).StatusCode
            .ShouldBe(HttpStatusCode.NoContent);
        await app.DrainAsync();

        (await ActivateAsync(second)).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await ActivateAsync(app.Mailbox.TokenFor(email))).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Of_two_activations_with_one_token_one_wins()
    {
        var branch = await app.BranchAsync();
        for (var round = 0; round < 5; round++)
        {
            var (email, _) = await InviteAsync(branch);
            await app.DrainAsync();
            var token = app.Mailbox.TokenFor(email);

            var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => ActivateAsync(token, $"a password of number {i}")));

            answers.Count(a => a.StatusCode == HttpStatusCode.NoContent).ShouldBe(1);
            answers.Count(a => a.StatusCode == HttpStatusCode.UnprocessableEntity).ShouldBe(3);
        }
    }

    [Fact]
    public async Task An_invitation_goes_to_whom_the_address_was_changed_to_and_no_longer_to_the_first()
    {
        var branch = await app.BranchAsync();
        var (email, created) = await InviteAsync(branch);
        await app.DrainAsync();
        var old = app.Mailbox.TokenFor(email);
        using var administrator = branch.Administrator();

        (await administrator.SendAsync(HttpMethod.Patch, $"/api/v1/users/{created.GetProperty("id")}", new { email = $"other-{email}" })).StatusCode
            .ShouldBe(HttpStatusCode.OK);
        await app.DrainAsync();

        (await ActivateAsync(old)).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await ActivateAsync(app.Mailbox.TokenFor($"other-{email}"))).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Only_the_invited_get_invitations()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantUser);
        using var administrator = branch.Administrator();

        using var refused = await administrator.PostAsync($"/api/v1/users/{person.Id}/invitation", body: null);

        refused.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await refused.CodeAsync()).ShouldBe("not_invited");
    }

    [Fact]
    public async Task Who_is_only_invited_gets_no_password_through_the_customer_area()
    {
        var branch = await app.BranchAsync();
        var (email, _) = await InviteAsync(branch);
        await app.DrainAsync();
        using var partner = await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync();
        using var area = await partner.CustomerAreaAsync(app);
        Task<HttpResponseMessage> SetAsync() =>
            area.PostAsync("/customerarea/customers/password", new { customer_code = branch.Tenant.Code, password = Chosen });

        using var refused = await SetAsync();

        refused.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        await app.DrainAsync();
        app.Mailbox.To(email).ShouldHaveSingleItem();
        (await ActivateAsync(app.Mailbox.TokenFor(email), "another good one")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await SetAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await LoginAsync(email)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_invitation_goes_with_no_password_and_with_no_provider()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        var at = branch.Tenant.Id.Value;
        foreach (var (body, code) in new (object, string)[]
        {
            (new { email = "x@example.com", displayName = "X", organizationId = at, invite = true, password = Chosen }, "not_with_password"),
            (new { email = "x@example.com", displayName = "X", organizationId = at, invite = true, federatedOnly = true }, "not_with_federated_only"),
        })
        {
            using var refused = await administrator.PostAsync("/api/v1/users", body);
            refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
            (await refused.FieldErrorAsync()).Code.ShouldBe(code);
        }
    }

    [Fact]
    public async Task One_letter_that_does_not_get_through_does_not_send_the_others_twice()
    {
        var branch = await app.BranchAsync();
        var (first, _) = await InviteAsync(branch);
        var (broken, _) = await InviteAsync(branch);
        app.Mailbox.Broken[broken] = true;
        var (last, _) = await InviteAsync(branch);

        await app.DrainAsync();

        app.Mailbox.To(first).Count.ShouldBe(1);
        app.Mailbox.To(last).Count.ShouldBe(1);
        app.Mailbox.Broken.Clear();
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        await app.DrainAsync();
        app.Mailbox.To(broken).Count.ShouldBe(1);
        app.Mailbox.To(first).Count.ShouldBe(1);
    }

    private async Task<(string Email, JsonElement Created)> InviteAsync(Branch branch, string? email = null)
    {
        email ??= $"invited-{Interlocked.Increment(ref _last)}@example.com";
        using var administrator = branch.Administrator();
        using var created = await administrator.PostAsync("/api/v1/users", new
        {
            email,
            displayName = "Ada Lovelace",
            organizationId = branch.Tenant.Id.Value,
            role = Roles.TenantAdministrator,
            invite = true,
        });
        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        return (email, await created.JsonAsync());
    }

    private Task<HttpResponseMessage> ActivateAsync(string token, string password = Chosen) =>
        app.Anonymous().PostAsync("/api/v1/auth/activation", new { token, password });

    private async Task<HttpStatusCode> LoginAsync(string email)
    {
        using var answer = await app.Anonymous().PostAsync("/api/v1/auth/login", new { email, password = Chosen });
        return answer.StatusCode;
    }

    private Task<List<string>> TextsAsync(string sql) => app.InAsync<NpgsqlDataSource, List<string>>(async database =>
    {
        var texts = new List<string>();
        await using var command = database.CreateCommand(sql);
        await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await rows.ReadAsync(TestContext.Current.CancellationToken))
            texts.Add(rows.GetString(0));
        return texts;
    });
}
