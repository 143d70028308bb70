using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Identity.Tests.Requests;
using Licensing.Kernel.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests.Sessions;

/// <summary>Who guesses is slowed down; whom he guesses at is not kept out.</summary>
public sealed class LoginAttemptsTests(ProxiedApp app) : IClassFixture<ProxiedApp>
{
    private const string Wrong = "not the password";
    private static int _last;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stranger_locks_out_only_himself()
    {
        var person = await SomebodyAsync();
        var (stranger, home) = (Address(), Address());
        for (var i = 0; i < 30; i++)
            (await TryAsync(person, stranger, Wrong)).ShouldBe(HttpStatusCode.Unauthorized);

        // Even with the right password, from there.
        (await TryAsync(person, stranger)).ShouldBe(HttpStatusCode.Unauthorized);
        (await TryAsync(person, home)).ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromSeconds(59));
        (await TryAsync(person, stranger)).ShouldBe(HttpStatusCode.Unauthorized);
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        (await TryAsync(person, stranger)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_lock_doubles_up_to_a_quarter_of_an_hour_and_a_success_ends_the_count()
    {
        var person = await SomebodyAsync();
        var stranger = Address();
        foreach (var minutes in new[] { 1, 2, 4, 8, 15, 15 })
        {
            for (var i = 0; i < 10; i++)
                await TryAsync(person, stranger, Wrong);
            app.Clock.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(1));
            (await TryAsync(person, stranger)).ShouldBe(HttpStatusCode.Unauthorized, $"{minutes}");
            app.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        (await TryAsync(person, stranger)).ShouldBe(HttpStatusCode.OK);
        for (var i = 0; i < 10; i++)
            await TryAsync(person, stranger, Wrong);
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        (await TryAsync(person, stranger)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Many_addresses_lock_the_account_shortly_but_not_for_where_its_user_was_before()
    {
        var person = await SomebodyAsync();
        var (home, elsewhere) = (Address(), Address());
        (await TryAsync(person, home)).ShouldBe(HttpStatusCode.OK);

        // Nine each, so that no address locks itself out.
        await GuessAsync(person, addresses: 6, tries: 9);

        (await TryAsync(person, elsewhere)).ShouldBe(HttpStatusCode.Unauthorized);
        (await TryAsync(person, home)).ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        (await TryAsync(person, elsewhere)).ShouldBe(HttpStatusCode.OK);

        // The second lock is twice as long.
        await GuessAsync(person, addresses: 6, tries: 9);
        var third = Address();
        app.Clock.Advance(TimeSpan.FromMinutes(2) - TimeSpan.FromSeconds(1));
        (await TryAsync(person, third)).ShouldBe(HttpStatusCode.Unauthorized);
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        (await TryAsync(person, third)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Few_addresses_never_lock_the_account()
    {
        var person = await SomebodyAsync();
        for (var round = 0; round < 4; round++)
        {
            await GuessAsync(person, addresses: 4, tries: 20);
            app.Clock.Advance(TimeSpan.FromMinutes(31));
        }

        await GuessAsync(person, addresses: 4, tries: 20);
        (await TryAsync(person, Address())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_address_that_tries_all_accounts_is_told_to_wait()
    {
        var person = await SomebodyAsync();
        var stranger = Address();
        for (var i = 0; i < 100; i++)
            (await TryAsync(person with { Email = $"someone-{i}@example.com" }, stranger)).ShouldBe(HttpStatusCode.Unauthorized);

        using var client = app.From(stranger);
        using var refused = await client.PostAsync("/api/v1/auth/login", new { email = person.Email, password = person.Password });

        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        (await refused.CodeAsync()).ShouldBe("too_many_tries");
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromMinutes(30));
        (await TryAsync(person, Address())).ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromMinutes(30) + TimeSpan.FromSeconds(1));
        (await TryAsync(person, stranger)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_one_says_was_his_address_changes_nothing()
    {
        var person = await SomebodyAsync();
        var stranger = Address();
        for (var i = 0; i < 10; i++)
        {
            using var client = app.From(stranger, $"203.0.113.{i}");
            (await client.PostAsync("/api/v1/auth/login", new { email = person.Email, password = Wrong })).StatusCode
                .ShouldBe(HttpStatusCode.Unauthorized);
        }

        using var last = app.From(stranger, "203.0.113.200");
        (await last.PostAsync("/api/v1/auth/login", new { email = person.Email, password = person.Password })).StatusCode
            .ShouldBe(HttpStatusCode.Unauthorized);
        (await TryAsync(person, Address())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_ipv6_network_is_one_address()
    {
        var person = await SomebodyAsync();
        for (var i = 0; i < 10; i++)
            await TryAsync(person, $"2001:db8:1:2::{i + 1:x}", Wrong);

        (await TryAsync(person, "2001:db8:1:2:ffff::1")).ShouldBe(HttpStatusCode.Unauthorized);
        (await TryAsync(person, "2001:db8:1:3::1")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_networks_of_one_ipv6_site_are_one_of_the_many_addresses_that_lock_an_account()
    {
        var (person, other) = (await SomebodyAsync(), await SomebodyAsync());
        for (var network = 0; network < 8; network++)
            for (var i = 0; i < 9; i++)
            {
                await TryAsync(person, $"2001:db8:50:{network:x}::1", Wrong);
                await TryAsync(other, $"2001:db8:5{network}:1::1", Wrong);
            }

        (await TryAsync(person, Address())).ShouldBe(HttpStatusCode.OK);
        (await TryAsync(other, Address())).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_try_is_given_back_in_the_order_in_which_it_was_counted()
    {
        const string address = "2001:db8:51:1::1";
        var (network, site) = (CallerNetwork.Of(address), CallerNetwork.SiteOf(address));
        // Of so few rows the database reads all, as they lie; and here the one that is counted last lies first.
        await app.ExecuteAsync("truncate identity.login_tries");
        foreach (var row in new[] { site, network })
            await app.ExecuteAsync("insert into identity.login_tries values ('', $1, 1, 0, 0, $2)", row, app.Clock.GetUtcNow());
        await app.ExecuteAsync("analyze identity.login_tries");
        await using var counting = await app.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(Ct);
        await using var transaction = await counting.BeginTransactionAsync(Ct);
        await LockAsync(network, "");

        var givingBack = app.Services.GetRequiredService<LoginAttempts>().HeldAtLogInAsync("somebody", address, needsCode: true, Ct);
        await app.WaitsForALockAsync(givingBack);
        await LockAsync(site, "nowait");
        await transaction.CommitAsync(Ct);
        await givingBack;

        async Task LockAsync(string row, string wait)
        {
            await using var command = new NpgsqlCommand(
                $"select from identity.login_tries where account = '' and address = $1 for update {wait}", counting, transaction)
            { Parameters = { new() { Value = row } } };
            await command.ExecuteNonQueryAsync(Ct);
        }
    }

    [Fact]
    public async Task The_networks_of_one_ipv6_site_are_counted_together()
    {
        var attempts = app.Services.GetRequiredService<LoginAttempts>();
        for (var i = 0; i < 1_000; i++)
            (await attempts.RefusalOfAsync($"2001:db8:48:{i % 16:x}::1", Ct)).ShouldBeNull();

        (await attempts.RefusalOfAsync("2001:db8:48:ffff::1", Ct))!.Code.ShouldBe("too_many_tries");
        (await attempts.RefusalOfAsync("2001:db8:49:ffff::1", Ct)).ShouldBeNull();
    }

    [Fact]
    public async Task Parallel_guesses_count_and_names_are_not_kept()
    {
        var person = await SomebodyAsync();
        var stranger = Address();
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => TryAsync(person, stranger, $"{Wrong} {i}")));
        (await TryAsync(person, stranger)).ShouldBe(HttpStatusCode.Unauthorized);

        var kept = await app.InAsync<NpgsqlDataSource, string>(async database =>
        {
            await using var command = database.CreateCommand("select string_agg(encode(account, 'escape'), ',') from identity.login_tries");
            return (string)(await command.ExecuteScalarAsync(Ct))!;
        });
        kept.ShouldNotContain("example");
    }

    private static string Address()
    {
        var number = Interlocked.Increment(ref _last);
        return $"198.18.{number / 250}.{number % 250 + 1}";
    }

    private async Task<Person> SomebodyAsync()
    {
        var branch = await app.BranchAsync();
        return await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
    }

    private async Task GuessAsync(Person person, int addresses, int tries)
    {
        for (var a = 0; a < addresses; a++)
        {
            var address = Address();
            for (var i = 0; i < tries; i++)
                await TryAsync(person, address, Wrong);
        }
    }

    private async Task<HttpStatusCode> TryAsync(Person person, string address, string? password = null)
    {
        using var client = app.From(address);
        using var answer = await client.PostAsync("/api/v1/auth/login", new { email = person.Email, password = password ?? person.Password });
        return answer.StatusCode;
    }
}
