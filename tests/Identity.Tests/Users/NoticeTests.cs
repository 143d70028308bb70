using System.Net;
using System.Text;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Identity.Tests.Requests;
using Npgsql;

namespace Licensing.Identity.Tests.Users;

/// <summary>What a user is told of when something about his account changes; never with a secret in it.</summary>
public sealed class NoticeTests(ProxiedApp app) : IClassFixture<ProxiedApp>
{
    private const string NewPassword = "quite another long password";
    private static int _last;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_of_password_and_a_second_factor_set_up_and_removed_are_told()
    {
        var person = await SomebodyAsync();
        using var first = await person.ClientAsync();
        using var changed = await first.PostAsync("/api/v1/auth/password", new { currentPassword = person.Password, newPassword = NewPassword });
        using var client = app.Bearer((await changed.JsonAsync()).GetProperty("accessToken").GetString()!);
        using var started = await client.PostAsync("/api/v1/auth/mfa", new { password = NewPassword });
        var secret = (await started.JsonAsync()).GetProperty("secret").GetString()!;
        using var confirmed = await client.PostAsync("/api/v1/auth/mfa/confirm", new { code = Totp.CodeOf(secret, app.Clock.GetUtcNow()) });
        var recovery = (await confirmed.JsonAsync()).GetProperty("recoveryCodes")[0].GetString()!;
        using var removed = await client.SendAsync(HttpMethod.Delete, "/api/v1/auth/mfa", new { code = recovery });
        removed.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await app.DrainAsync();

        var letters = app.Mailbox.To(person.Email).Select(l => l.Text).ToList();

        letters.Count.ShouldBe(3);
        letters.ShouldContain(t => t.Contains("Your password was changed."));
        letters.ShouldContain(t => t.Contains("A second factor was set up"));
        letters.ShouldContain(t => t.Contains("The second factor of your account was removed."));
        foreach (var secretText in new[] { NewPassword, person.Password, secret, recovery })
            letters.ShouldAllBe(t => !t.Contains(secretText));
    }

    [Fact]
    public async Task A_locked_log_in_is_told_once_a_day()
    {
        var person = await SomebodyAsync();
        await LockAsync(person.Email);
        await LockAsync(person.Email);
        await app.DrainAsync();
        app.Mailbox.To(person.Email).ShouldHaveSingleItem().Text.ShouldContain("log-ins to your account failed so often");

        app.Clock.Advance(TimeSpan.FromHours(23));
        await LockAsync(person.Email);
        await app.DrainAsync();
        app.Mailbox.To(person.Email).Count.ShouldBe(1);
        app.Clock.Advance(TimeSpan.FromHours(1));
        await LockAsync(person.Email);
        await app.DrainAsync();
        app.Mailbox.To(person.Email).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_lock_for_all_is_told_too_and_a_single_wrong_password_is_not()
    {
        var (person, careless) = (await SomebodyAsync(), await SomebodyAsync());
        await GuessAsync(careless.Email, Address(), 9);
        for (var i = 0; i < 6; i++)
            await GuessAsync(person.Email, Address(), 9);
        await app.DrainAsync();

        app.Mailbox.To(person.Email).Count.ShouldBe(1);
        app.Mailbox.To(careless.Email).ShouldBeEmpty();
    }

    [Fact]
    public async Task Of_a_name_that_nobody_has_as_much_is_written_and_nothing_in_clear()
    {
        const string typed = "my-secret-in-the-wrong-field";
        await LockAsync(typed);

        var written = await app.InAsync<NpgsqlDataSource, (long Count, string All)>(async database =>
        {
            await using var command = database.CreateCommand(
                """
                select count(*), coalesce(string_agg(convert_from(body::text::bytea, 'UTF8'), ','), '')
                from identity.outbox where name = 'identity.login-locked.v1'
                """);
            await using var row = await command.ExecuteReaderAsync(Ct);
            await row.ReadAsync(Ct);
            return (row.GetInt64(0), row.GetString(1));
        });

        written.Count.ShouldBeGreaterThan(0);
        written.All.ShouldNotContain(typed);
        written.All.ShouldNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(typed)));
        await app.DrainAsync();
    }

    [Fact]
    public async Task Old_counts_of_log_ins_are_removed_and_what_still_counts_stays()
    {
        var (gone, known) = (await SomebodyAsync(), await SomebodyAsync());
        await GuessAsync(gone.Email, Address(), 1);
        using (var old = app.From(Address()))
            (await old.PostAsync("/api/v1/auth/login", new { email = gone.Email, password = gone.Password })).StatusCode.ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromDays(31));
        using (var lately = app.From(Address()))
            (await lately.PostAsync("/api/v1/auth/login", new { email = known.Email, password = known.Password })).StatusCode
                .ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromHours(2));
        await GuessAsync(known.Email, Address(), 1);

        await app.InAsync<IEnumerable<Kernel.Persistence.IChore>, int>(async chores =>
        {
            foreach (var chore in chores)
                await chore.RunAsync(Ct);
            return 0;
        });

        // Two of the one whose user was there lately; of what is older nothing, whether it failed or not.
        var left = await app.InAsync<NpgsqlDataSource, (long Old, long Known)>(async database =>
        {
            await using var command = database.CreateCommand(
                """
                select count(*) filter (where last_at < $1), count(*) filter (where last_at >= $1 and length(account) > 0)
                from identity.login_tries
                """);
            command.Parameters.Add(new() { Value = app.Clock.GetUtcNow() - TimeSpan.FromDays(1) });
            await using var row = await command.ExecuteReaderAsync(Ct);
            await row.ReadAsync(Ct);
            return (row.GetInt64(0), row.GetInt64(1));
        });
        left.Old.ShouldBe(0);
        left.Known.ShouldBeGreaterThanOrEqualTo(2);
    }

    private async Task<Person> SomebodyAsync()
    {
        var branch = await app.BranchAsync();
        return await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
    }

    private Task LockAsync(string name) => GuessAsync(name, Address(), 10);

    private async Task GuessAsync(string name, string address, int tries)
    {
        using var client = app.From(address);
        for (var i = 0; i < tries; i++)
            (await client.PostAsync("/api/v1/auth/login", new { email = name, password = "not the password" })).StatusCode
                .ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static string Address()
    {
        var number = Interlocked.Increment(ref _last);
        return $"198.19.{number / 250}.{number % 250 + 1}";
    }
}
