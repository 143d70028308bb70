using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Identity.Tests.Requests;
using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Tests.Sessions;

/// <summary>Where someone is logged in, shown and ended by himself and by who may change him.</summary>
public sealed class OpenSessionTests(ProxiedApp app) : IClassFixture<ProxiedApp>
{
    private const string Own = "/api/v1/auth/sessions";

    [Fact]
    public async Task One_sees_where_one_is_logged_in_and_ends_what_one_does_not_know()
    {
        var person = await SomebodyAsync(await app.BranchAsync());
        var start = app.Clock.GetUtcNow();
        var here = await LoginAsync(person, "198.51.100.7");
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        var there = await LoginAsync(person, "2001:db8::5");
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        here = await RefreshedAsync(here);
        using var client = app.Bearer(Access(here));

        var shown = (await client.GetJsonAsync(Own)).GetProperty("items");

        shown.GetArrayLength().ShouldBe(2);
        var (stranger, present) = (shown[0], shown[1]);
        (present.GetProperty("current").GetBoolean(), stranger.GetProperty("current").GetBoolean()).ShouldBe((true, false));
        present.GetProperty("openedBy").GetString().ShouldBe("Password");
        present.GetProperty("address").GetString().ShouldBe("198.51.100.7");
        stranger.GetProperty("address").GetString().ShouldBe("2001:db8::5");
        present.GetProperty("secondFactor").GetBoolean().ShouldBeFalse();
        present.GetProperty("createdAt").GetDateTimeOffset().ShouldBe(start);
        present.GetProperty("lastUsedAt").GetDateTimeOffset().ShouldBe(start.AddMinutes(2));
        present.GetProperty("expiresAt").GetDateTimeOffset().ShouldBe(start.AddMinutes(2).AddDays(30));

        (await client.SendAsync(HttpMethod.Delete, $"{Own}/{Id(stranger)}", null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await StatusAsync(there)).ShouldBe((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized));
        (await StatusAsync(here)).ShouldBe((HttpStatusCode.OK, HttpStatusCode.OK));
        (await client.GetJsonAsync(Own)).GetProperty("items").GetArrayLength().ShouldBe(1);
        using var again = await client.SendAsync(HttpMethod.Delete, $"{Own}/{Id(stranger)}", null);
        (again.StatusCode, await again.CodeAsync()).ShouldBe((HttpStatusCode.NotFound, "session_not_found"));
    }

    [Fact]
    public async Task All_others_end_at_once_and_nobody_elses()
    {
        var branch = await app.BranchAsync();
        var (person, colleague) = (await SomebodyAsync(branch), await SomebodyAsync(branch));
        var (present, one, two) = (await person.LoginAsync(), await person.LoginAsync(), await person.LoginAsync());
        var foreign = await colleague.LoginAsync();
        using var client = app.Bearer(Access(present));
        using var other = app.Bearer(Access(foreign));
        var foreignId = Id((await other.GetJsonAsync(Own)).GetProperty("items")[0]);
        (await client.SendAsync(HttpMethod.Delete, $"{Own}/{foreignId}", null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        (await client.SendAsync(HttpMethod.Delete, Own, null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        foreach (var ended in new[] { one, two })
            (await StatusAsync(ended)).ShouldBe((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized));
        foreach (var alive in new[] { present, foreign })
            (await StatusAsync(alive)).ShouldBe((HttpStatusCode.OK, HttpStatusCode.OK));
    }

    [Fact]
    public async Task What_nobody_can_use_any_more_is_not_shown_and_pages_hold_together()
    {
        var person = await SomebodyAsync(await app.BranchAsync());
        await person.LoginAsync();
        app.Clock.Advance(TimeSpan.FromDays(31));
        for (var i = 0; i < 5; i++)
        {
            await person.LoginAsync();
            app.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        using var client = await person.ClientAsync();
        var seen = new List<Guid>();
        for (var (after, pages) = ("", 0); pages < 4; pages++)
        {
            var page = await client.GetJsonAsync($"{Own}?limit=2{(after.Length > 0 ? $"&after={after}" : "")}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(Id));
            if (page.GetProperty("next").ValueKind is JsonValueKind.Null)
                break;
            after = page.GetProperty("next").GetString()!;
        }

        seen.Count.ShouldBe(6);
        seen.Distinct().Count().ShouldBe(6);
    }

    [Fact]
    public async Task An_administrator_ends_the_sessions_of_whom_he_may_change()
    {
        var branch = await app.BranchAsync();
        var (person, chief) = (await SomebodyAsync(branch), await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator));
        var (one, two) = (await person.LoginAsync(), await person.LoginAsync());
        var path = $"/api/v1/users/{person.Id}/sessions";
        using var administrator = branch.As(Roles.PartnerAdministrator);
        var shown = (await administrator.GetJsonAsync(path)).GetProperty("items");
        shown.GetArrayLength().ShouldBe(2);
        shown.EnumerateArray().ShouldAllBe(s => !s.GetProperty("current").GetBoolean());

        using (var single = await administrator.SendAsync(HttpMethod.Delete, $"{path}/{Id(shown[1])}", null))
            single.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var states = new[] { await StatusAsync(one), await StatusAsync(two) };
        states.Count(s => s.Api == HttpStatusCode.OK).ShouldBe(1);
        await person.LoginAsync();
        using (var all = await administrator.SendAsync(HttpMethod.Delete, path, null))
            (await all.JsonAsync()).GetProperty("ended").GetInt32().ShouldBe(2);
        (await administrator.GetJsonAsync(path)).GetProperty("items").GetArrayLength().ShouldBe(0);
        (await administrator.GetJsonAsync("/api/v1/audit?action=identity.end_user_sessions")).GetProperty("items").ToString()
            .ShouldContain($"{person.Id}");

        // Nobody ends the sessions of who may do more, nor sees those of another branch.
        var held = await chief.LoginAsync();
        using var made = await branch.Administrator().PostAsync("/api/v1/api-keys", new
        {
            name = "desk",
            organizationId = branch.Partner.Id.Value,
            role = Roles.PartnerAdministrator,
            scopes = new[] { "identity.users.manage", "identity.users.read" },
        });
        using var desk = app.Bearer((await made.JsonAsync()).GetProperty("key").GetString()!);
        var chiefs = $"/api/v1/users/{chief.Id}/sessions";
        var held1 = Id((await desk.GetJsonAsync(chiefs)).GetProperty("items")[0]);
        foreach (var target in new[] { chiefs, $"{chiefs}/{held1}" })
        {
            using var refused = await desk.SendAsync(HttpMethod.Delete, target, null);
            (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Forbidden, "exceeds_own"));
        }

        using var stranger = (await app.BranchAsync()).As(Roles.PartnerAdministrator);
        (await stranger.StatusAsync(chiefs)).ShouldBe(HttpStatusCode.NotFound);
        (await stranger.SendAsync(HttpMethod.Delete, chiefs, null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await StatusAsync(held)).ShouldBe((HttpStatusCode.OK, HttpStatusCode.OK));
    }

    [Fact]
    public async Task The_terminal_ends_sessions_too()
    {
        var person = await SomebodyAsync(await app.BranchAsync());
        var tokens = await person.LoginAsync();
        var command = app.Services.GetServices<OpsCommand>().Single(c => c.Name == "users end-sessions");
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Licensing.Kernel.Access.System);

        var outcome = await command.RunAsync(
            new OpsCall(scope.ServiceProvider, new Dictionary<string, IReadOnlyList<string>> { ["email"] = [person.Email] }),
            TestContext.Current.CancellationToken);

        outcome.Refused(out _, out var answer).ShouldBeFalse();
        ((EndUserSessions.EndedView)answer!.Value).Ended.ShouldBe(1);
        (await StatusAsync(tokens)).ShouldBe((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task A_machine_has_no_sessions()
    {
        var branch = await app.BranchAsync();
        using var made = await branch.Administrator().PostAsync(
            "/api/v1/api-keys", new { name = "key", organizationId = branch.Tenant.Id.Value, role = Roles.TenantAdministrator });
        using var machine = app.Bearer((await made.JsonAsync()).GetProperty("key").GetString()!);

        (await machine.StatusAsync(Own)).ShouldBe(HttpStatusCode.Forbidden);
        (await machine.SendAsync(HttpMethod.Delete, Own, null)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await machine.SendAsync(HttpMethod.Delete, $"{Own}/{Guid.Empty}", null)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    private static Task<Person> SomebodyAsync(Branch branch) => Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);

    private async Task<JsonElement> LoginAsync(Person person, string address)
    {
        using var client = app.From(address);
        using var answer = await client.PostAsync("/api/v1/auth/login", new { email = person.Email, password = person.Password });
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await answer.JsonAsync();
    }

    private async Task<JsonElement> RefreshedAsync(JsonElement tokens)
    {
        using var answer = await app.RefreshAsync(tokens);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await answer.JsonAsync();
    }

    // The access token first: its session's second use would end it.
    private async Task<(HttpStatusCode Api, HttpStatusCode Refresh)> StatusAsync(JsonElement tokens)
    {
        using var client = app.Bearer(Access(tokens));
        var api = await client.StatusAsync("/api/v1/users");
        using var refreshed = await app.RefreshAsync(tokens);
        return (api, refreshed.StatusCode);
    }

    private static string Access(JsonElement tokens) => tokens.GetProperty("accessToken").GetString()!;

    private static Guid Id(JsonElement thing) => thing.GetProperty("id").GetGuid();
}
