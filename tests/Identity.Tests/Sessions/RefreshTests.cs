using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests.Sessions;

/// <summary>F42: a refresh token that two hold ends for both, whoever comes first; a client that merely did not hear the answer goes on.</summary>
public sealed class RefreshTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Attacker_first_then_the_victim_s_use_ends_both()
    {
        var (_, token) = await LoginAsync();
        var attacker = await PairAsync(token);
        using var his = app.Bearer(attacker.Access);
        (await his.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);

        (await StatusAsync(token)).ShouldBe(HttpStatusCode.Unauthorized);

        (await StatusAsync(attacker.Refresh)).ShouldBe(HttpStatusCode.Unauthorized);
        (await his.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Victim_first_then_the_attacker_s_use_ends_both_also_with_keys_and_credentials_of_his_own()
    {
        var (_, token) = await LoginAsync();
        var victim = await PairAsync(token, "victim's key");
        var (_, others) = await LoginAsync();
        using var attacker = app.Bearer((await PairAsync(others)).Access);

        using var refused = await attacker.PostAsync("/api/v1/auth/refresh", new { refreshToken = token }, "attacker's key");

        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(victim.Refresh)).ShouldBe(HttpStatusCode.Unauthorized);
        using var his = app.Bearer(victim.Access);
        (await his.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Of_many_at_once_on_two_hosts_one_wins_and_the_session_ends()
    {
        await using var second = await app.StartSecondHostAsync();
        for (var round = 0; round < 5; round++)
        {
            var (_, token) = await LoginAsync();

            var answers = await Task.WhenAll(
                Enumerable.Range(0, 8).Select(i => RefreshAsync(token, at: i % 2 == 0 ? app.Anonymous() : second.Anonymous())));

            answers.Count(a => a.StatusCode == HttpStatusCode.OK).ShouldBe(1);
            answers.Count(a => a.StatusCode == HttpStatusCode.Unauthorized).ShouldBe(7);
            var winner = await answers.Single(a => a.IsSuccessStatusCode).JsonAsync();
            (await StatusAsync(winner.GetProperty("refreshToken").GetString()!)).ShouldBe(HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task A_retry_with_the_first_key_gets_the_first_answer_on_any_host_and_only_for_a_minute()
    {
        await using var second = await app.StartSecondHostAsync();
        var (_, token) = await LoginAsync();
        using var first = await RefreshAsync(token, "lost answer");
        var body = await first.Content.ReadAsStringAsync(Ct);
        app.Clock.Advance(TimeSpan.FromSeconds(59));

        using var retried = await RefreshAsync(token, "lost answer", second.Anonymous());
        (await retried.Content.ReadAsStringAsync(Ct)).ShouldBe(body);
        var next = JsonDocument.Parse(body).RootElement.GetProperty("refreshToken").GetString()!;
        var third = await PairAsync(next);

        app.Clock.Advance(TimeSpan.FromSeconds(1));
        (await StatusAsync(token, "lost answer")).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(third.Refresh)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("first", null)]
    [InlineData("first", "other")]
    [InlineData(null, "first")]
    [InlineData(null, null)]
    public async Task Inside_the_grace_any_other_client_ends_the_session(string? first, string? second)
    {
        var (_, token) = await LoginAsync();
        var pair = await PairAsync(token, first);

        (await StatusAsync(token, second)).ShouldBe(HttpStatusCode.Unauthorized);

        (await StatusAsync(pair.Refresh)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_retry_after_the_session_has_ended_gets_nothing()
    {
        var (_, token) = await LoginAsync();
        var pair = await PairAsync(token, "key");
        (await app.Anonymous().PostAsync("/api/v1/auth/logout", new { refreshToken = pair.Refresh })).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await StatusAsync(token, "key")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_refresh_waits_for_a_log_out_and_comes_too_late()
    {
        var (_, token) = await LoginAsync();
        await using var scope = app.Services.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(Ct);
        await scope.ServiceProvider.GetRequiredService<ISender>().Send(new Logout.Command(token), Ct);

        var refreshing = RefreshAsync(token);
        await app.WaitsForALockAsync(refreshing);
        await session.CommitAsync(Ct);

        (await refreshing).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_log_out_waits_for_a_refresh_and_ends_what_it_gave()
    {
        var (_, token) = await LoginAsync();
        await using var scope = app.Services.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(Ct);
        (await scope.ServiceProvider.GetRequiredService<ISender>().Send(new RefreshSession.Attempt(token, null), Ct)).Refused(out _, out var next)
            .ShouldBeFalse();

        var leaving = app.Anonymous().PostAsync("/api/v1/auth/logout", new { refreshToken = token });
        await app.WaitsForALockAsync(leaving);
        await session.CommitAsync(Ct);

        (await leaving).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await StatusAsync(next!.RefreshToken)).ShouldBe(HttpStatusCode.Unauthorized);
        using var client = app.Bearer(next.AccessToken);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_session_lives_thirty_days_unused_and_ninety_at_most()
    {
        var (person, token) = await LoginAsync();
        for (var day = 0; day < 87; day += 29)
        {
            app.Clock.Advance(TimeSpan.FromDays(29));
            token = (await PairAsync(token)).Refresh;
        }

        app.Clock.Advance(TimeSpan.FromDays(3) - TimeSpan.FromSeconds(1));
        token = (await PairAsync(token)).Refresh;
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        (await StatusAsync(token)).ShouldBe(HttpStatusCode.Unauthorized);

        var unused = (await person.LoginAsync()).GetProperty("refreshToken").GetString()!;
        app.Clock.Advance(TimeSpan.FromDays(30));
        (await StatusAsync(unused)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_stolen_token_s_second_use_is_in_the_trail()
    {
        var (person, token) = await LoginAsync();
        await PairAsync(token);

        await StatusAsync(token);

        var trail = await app.InAsync<NpgsqlDataSource, long>(async database =>
        {
            await using var command = database.CreateCommand(
                """
                select count(*) from identity.audit_entries a join identity.sessions s on s.id::text = any (a.resources)
                where s.user_id = $1 and a.action = 'identity.end_session' and a.principal_kind = 'Anonymous' and a.changes::text like '%revokedAt%'
                """);
            command.Parameters.Add(new() { Value = person.Id });
            return (long)(await command.ExecuteScalarAsync(Ct))!;
        });
        trail.ShouldBe(1);
    }

    [Fact]
    public async Task What_nobody_can_use_is_removed_and_what_is_alive_stays()
    {
        var (_, old) = await LoginAsync();
        await PairAsync(old, "answer kept for a while");
        app.Clock.Advance(TimeSpan.FromDays(31));
        var (_, alive) = await LoginAsync();

        await app.Services.GetRequiredService<Housekeeping>().CleanAsync(Ct);

        var left = await app.InAsync<NpgsqlDataSource, (long, long)>(async database =>
        {
            await using var command = database.CreateCommand(
                "select count(*) filter (where token_hash = $1), count(*) filter (where sealed_answer is not null) from identity.refresh_tokens");
            command.Parameters.Add(new() { Value = SessionTokens.Digest(old) });
            await using var row = await command.ExecuteReaderAsync(Ct);
            await row.ReadAsync(Ct);
            return (row.GetInt64(0), row.GetInt64(1));
        });
        left.ShouldBe((0L, 0L));
        (await StatusAsync(alive)).ShouldBe(HttpStatusCode.OK);
    }

    private async Task<(Person Person, string Token)> LoginAsync()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        return (person, (await person.LoginAsync()).GetProperty("refreshToken").GetString()!);
    }

    private Task<HttpResponseMessage> RefreshAsync(string token, string? key = null, HttpClient? at = null) =>
        (at ?? app.Anonymous()).PostAsync("/api/v1/auth/refresh", new { refreshToken = token }, key);

    private async Task<HttpStatusCode> StatusAsync(string token, string? key = null)
    {
        using var answer = await RefreshAsync(token, key);
        return answer.StatusCode;
    }

    private async Task<(string Access, string Refresh)> PairAsync(string token, string? key = null)
    {
        using var answer = await RefreshAsync(token, key);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var pair = await answer.JsonAsync();
        return (pair.GetProperty("accessToken").GetString()!, pair.GetProperty("refreshToken").GetString()!);
    }
}
