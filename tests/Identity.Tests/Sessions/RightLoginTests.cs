using System.Net;
using System.Text.Json;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Identity.Tests.Credentials;
using Licensing.Identity.Tests.Requests;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests.Sessions;

/// <summary>Who has the right password is no guesser, however often and however many at once he logs in.</summary>
public sealed class RightLoginTests(RightLoginTests.Strict app) : IClassFixture<RightLoginTests.Strict>
{
    public sealed class Strict : ProxiedApp
    {
        // Few at all accounts; and a hash that takes so long that none is done when the last log-in has come.
        protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
        {
            ["Security:Login:TriesOfAddress"] = "30",
            ["Security:PasswordIterations"] = "210000",
        };
    }

    private const string Home = "198.51.100.1";
    private const string Office = "198.51.100.2";
    private const string Stranger = "198.51.100.3";
    private const string Cafe = "198.51.100.4";
    private const string Library = "198.51.100.5";
    private const string Station = "198.51.100.6";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Log_ins_at_once_with_the_right_password_all_enter_and_lock_nobody_out()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);

        var answers = await Task.WhenAll(Enumerable.Range(0, 15).Select(_ => LoginAsync(person, Home)));

        answers.ShouldAllBe(a => a.Status == HttpStatusCode.OK);
        // Each has a log-in of his own.
        answers.Select(a => a.Session.GetProperty("refreshToken").GetString()).Distinct().Count().ShouldBe(15);
        (await LoginAsync(person, Home)).Status.ShouldBe(HttpStatusCode.OK);
        await app.DrainAsync();
        app.Mailbox.To(person.Email).ShouldBeEmpty();
    }

    [Fact]
    public async Task Log_ins_at_once_from_the_machines_of_one_ipv6_network_are_one_try()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);

        var answers = await Task.WhenAll(Enumerable.Range(1, 15).Select(i => LoginAsync(person, $"2001:db8:31:1::{i:x}")));

        answers.ShouldAllBe(a => a.Status == HttpStatusCode.OK);
        await app.DrainAsync();
        app.Mailbox.To(person.Email).ShouldBeEmpty();
    }

    [Fact]
    public async Task Each_code_is_a_guess_of_its_own_though_the_password_is_the_same()
    {
        var branch = await app.BranchAsync();
        var (person, recovery) = await EnrolAsync(branch);

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => LoginAsync(person, Stranger, $"wrong-{i}")));

        answers.ShouldAllBe(a => a.Status == HttpStatusCode.Unauthorized);
        var (status, session) = await LoginAsync(person, Stranger, recovery[0]);
        status.ShouldBe(HttpStatusCode.Unauthorized);
        session.GetProperty("code").GetString().ShouldBe("bad_credentials");
    }

    [Fact]
    public async Task Whoever_logs_in_at_once_with_the_same_password_is_each_himself()
    {
        var branch = await app.BranchAsync();
        var people = new List<Person>();
        for (var i = 0; i < 5; i++)
            people.Add(await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator));

        var answers = await Task.WhenAll(people.Select(person => LoginAsync(person, Cafe)));

        answers.Select(a => HeldCallers.Claim(a.Session.GetProperty("accessToken").GetString()!, "sub")).ShouldBe(people.Select(person => person.Id));
    }

    [Fact]
    public async Task Who_is_locked_out_does_not_enter_beside_who_is_not_nor_keep_him_out()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        for (var i = 0; i < 10; i++)
            await LoginAsync(person with { Password = $"wrong-{i}" }, Library);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => LoginAsync(person, i % 2 == 0 ? Library : Station)));

        answers.Where((_, i) => i % 2 == 0).ShouldAllBe(a => a.Status == HttpStatusCode.Unauthorized);
        answers.Where((_, i) => i % 2 == 1).ShouldAllBe(a => a.Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Who_asked_first_and_goes_away_leaves_the_others_their_answer()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var check = app.Services.GetRequiredService<PasswordCheck>();
        using var leaving = new CancellationTokenSource();
        await using var connection = await app.Services.GetRequiredService<SchemaOwner>().Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await using (var hold = new NpgsqlCommand("lock table identity.users", connection, transaction))
            await hold.ExecuteNonQueryAsync(Ct);
        var first = check.AtLogInAsync(person.Email, person.Password, null, Station, leaving.Token);
        await app.WaitsForALockAsync(first);
        var second = check.AtLogInAsync(person.Email, person.Password, null, Station, Ct);

        await leaving.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(first);
        await transaction.CommitAsync(Ct);
        (await second).Proven!.UserId.Value.ShouldBe(person.Id);
    }

    [Fact]
    public async Task A_password_that_is_asked_for_inside_a_session_gives_no_guesses_back()
    {
        const string street = "198.51.100.7";
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var inside = app.From(street);
        inside.DefaultRequestHeaders.Authorization = new("Bearer", (await LoginAsync(person, street)).Session.GetProperty("accessToken").GetString());
        for (var i = 0; i < 25; i++)
            (await LoginAsync(person with { Email = $"none-{i}@example.com" }, street)).Status.ShouldBe(HttpStatusCode.Unauthorized);

        for (var i = 0; i < 9; i++)
            (await inside.PostAsync("/api/v1/auth/mfa", new { password = person.Password })).StatusCode.ShouldBe(HttpStatusCode.OK);

        for (var i = 25; i < 30; i++)
            (await LoginAsync(person with { Email = $"none-{i}@example.com" }, street)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await LoginAsync(person, street)).Status.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Log_ins_with_a_second_factor_do_not_spend_what_others_at_their_address_may_try()
    {
        var branch = await app.BranchAsync();
        var other = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        for (var i = 0; i < 4; i++)
        {
            var (person, recovery) = await EnrolAsync(branch);
            foreach (var code in recovery.Take(9))
                (await LoginAsync(person, Office, code)).Status.ShouldBe(HttpStatusCode.OK);
        }

        (await LoginAsync(other, Office)).Status.ShouldBe(HttpStatusCode.OK);
        // Wrong passwords spend it.
        for (var i = 0; i < 30; i++)
            await LoginAsync(other with { Email = $"nobody-{i}@example.com" }, Office);
        (await LoginAsync(other, Office)).Status.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    private async Task<(Person Person, string[] Recovery)> EnrolAsync(Branch branch)
    {
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var client = await person.ClientAsync();
        using var started = await client.PostAsync("/api/v1/auth/mfa", new { password = person.Password });
        var code = Totp.CodeOf((await started.JsonAsync()).GetProperty("secret").GetString()!, app.Clock.GetUtcNow());
        using var confirmed = await client.PostAsync("/api/v1/auth/mfa/confirm", new { code });
        return (person, [.. (await confirmed.JsonAsync()).GetProperty("recoveryCodes").EnumerateArray().Select(c => c.GetString()!)]);
    }

    private async Task<(HttpStatusCode Status, JsonElement Session)> LoginAsync(Person person, string address, string? otp = null)
    {
        using var client = app.From(address);
        using var answer = await client.PostAsync("/api/v1/auth/login", new { email = person.Email, password = person.Password, otp });
        return (answer.StatusCode, await answer.JsonAsync());
    }
}
