using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests.Users;

public sealed class PasswordResetTests(App app) : IClassFixture<App>
{
    private const string Chosen = "another good password";
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_forgotten_password_is_replaced_once_and_everything_opened_with_it_ends()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator, mustChange: true);
        using var client = await person.ClientAsync();
        var session = await person.LoginAsync();
        for (var i = 0; i < 10; i++)
            (await person.TryLoginAsync("not the password")).Dispose();
        app.Clock.Advance(TimeSpan.FromSeconds(1));

        var answer = await RequestAsync(person.Email);
        await app.DrainAsync();
        var token = app.Mailbox.TokenFor(person.Email);
        using (var weak = await ConfirmAsync(token, "welcome12345!"))
            (await weak.FieldErrorAsync()).Pointer.ShouldBe("/newPassword");
        (await ConfirmAsync(token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        answer.Status.ShouldBe(HttpStatusCode.Accepted);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await app.RefreshAsync(session)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await person.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await (person with { Password = Chosen }).LoginAsync()).GetProperty("passwordChangeRequired").GetBoolean().ShouldBeFalse();
        using var again = await ConfirmAsync(token, "yet another password");
        (await again.FieldErrorAsync()).Code.ShouldBe("bad_token");
        await app.DrainAsync();
        // Beside the one about the lock.
        var letters = app.Mailbox.To(person.Email).Where(l => !l.Text.Contains("failed so often")).ToList();
        letters.Count.ShouldBe(2);
        letters[1].Text.ShouldContain("Your password was changed");
    }

    [Fact]
    public async Task The_answer_is_the_same_for_all_and_only_who_may_use_it_gets_a_mail()
    {
        var branch = await app.BranchAsync();
        var known = await Person.AddAsync(branch, branch.Tenant, null);
        var disabled = await Person.AddAsync(branch, branch.Tenant, null);
        var federated = await Person.AddAsync(branch, branch.Tenant, null);
        using var administrator = branch.Administrator();
        await administrator.PostAsync($"/api/v1/users/{disabled.Id}/disable", body: null);
        await administrator.SendAsync(HttpMethod.Patch, $"/api/v1/users/{federated.Id}", new { federatedOnly = true });

        var answers = new List<(HttpStatusCode, string)>();
        foreach (var email in new[] { known.Email, disabled.Email, federated.Email, "nobody-at-all@example.com", "no address" })
            answers.Add(await RequestAsync(email));
        await app.DrainAsync();

        answers.Distinct().ShouldHaveSingleItem().Item1.ShouldBe(HttpStatusCode.Accepted);
        app.Mailbox.To(known.Email).Count.ShouldBe(1);
        foreach (var email in new[] { disabled.Email, federated.Email, "nobody-at-all@example.com", "no address" })
            app.Mailbox.To(email).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nobody_is_flooded_and_only_the_newest_mail_works_for_an_hour()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        for (var i = 0; i < 5; i++)
            await RequestAsync(person.Email);
        await app.DrainAsync();
        app.Mailbox.To(person.Email).Count.ShouldBe(1);
        var first = app.Mailbox.TokenFor(person.Email);

        // A stranger who goes on asking neither sends more nor makes worthless what its owner is just using.
        app.Clock.Advance(TimeSpan.FromMinutes(14));
        await RequestAsync(person.Email);
        await app.DrainAsync();
        app.Mailbox.To(person.Email).Count.ShouldBe(1);
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        await RequestAsync(person.Email);
        await app.DrainAsync();
        var second = app.Mailbox.TokenFor(person.Email);
        (await ConfirmAsync(first)).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        app.Clock.Advance(TimeSpan.FromHours(1));
        (await ConfirmAsync(second)).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Of_two_who_use_one_token_one_wins()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        await RequestAsync(person.Email);
        await app.DrainAsync();
        var token = app.Mailbox.TokenFor(person.Email);

        // All have seen the token before any of them gets to the user, whose row we hold.
        await using var scope = app.Services.CreateAsyncScope();
        var holding = scope.ServiceProvider.GetRequiredService<DbSession>();
        await holding.BeginAsync(Ct);
        await holding.LockUserAsync(new UserId(person.Id), alone: true, Ct);
        var confirming = Enumerable.Range(0, 4).Select(i => ConfirmAsync(token, $"another good password {i}")).ToList();
        await Eventually.TrueAsync(() => app.InAsync<NpgsqlDataSource, bool>(async database =>
        {
            await using var waiting = database.CreateCommand(
                """
                select count(distinct l.pid) = 4 from pg_locks l join pg_stat_activity a on a.pid = l.pid
                where not l.granted and a.datname = current_database()
                """);
            return (bool)(await waiting.ExecuteScalarAsync(Ct))!;
        }));
        await holding.CommitAsync(Ct);
        var answers = await Task.WhenAll(confirming);

        answers.Select(a => a.StatusCode).Order().ShouldBe([
            HttpStatusCode.NoContent, HttpStatusCode.UnprocessableEntity, HttpStatusCode.UnprocessableEntity, HttpStatusCode.UnprocessableEntity]);
    }

    [Fact]
    public async Task A_log_in_beside_a_reset_does_not_outlive_it()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        await RequestAsync(person.Email);
        await app.DrainAsync();
        var proven = (await app.InAsync<PasswordCheck, ProvenPassword?>(check => check.HoldsAsync(person.Email, person.Password, "", Ct)))!;
        (await ConfirmAsync(app.Mailbox.TokenFor(person.Email))).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        var opened = await app.InAsync<ISender, Result<SessionView>>(sender => sender.Send(new OpenSession.Command(proven), Ct));

        opened.Refusal!.Code.ShouldBe("bad_credentials");
    }

    [Fact]
    public async Task A_token_of_another_purpose_is_none()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        await RequestAsync(person.Email);
        await app.DrainAsync();
        var token = app.Mailbox.TokenFor(person.Email);

        (await app.Anonymous().PostAsync("/api/v1/auth/activation", new { token, password = Chosen })).StatusCode
            .ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await ConfirmAsync(token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    private async Task<(HttpStatusCode Status, string Body)> RequestAsync(string email)
    {
        using var answer = await app.Anonymous().PostAsync("/api/v1/auth/password-reset", new { email });
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    private Task<HttpResponseMessage> ConfirmAsync(string token, string newPassword = Chosen) =>
        app.Anonymous().PostAsync("/api/v1/auth/password-reset/confirm", new { token, newPassword });
}
