using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Identity.Tests.Requests;

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
        (status, session.GetProperty("code").GetString()).ShouldBe((HttpStatusCode.Unauthorized, "bad_credentials"));
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
