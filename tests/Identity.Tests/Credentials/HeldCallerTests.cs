using System.Net;
using System.Security.Cryptography;
using Licensing.Identity.ApiKeys;
using Licensing.Identity.Clients;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Federation;
using Licensing.Identity.OAuth;
using Licensing.Identity.Rights;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Tests.Credentials;

/// <summary>
/// Who asks for what outlives his credential is held until that is done. So whoever takes something from him meanwhile comes before or after
/// it, and is not kept waiting by what he asks next.
/// </summary>
public sealed class HeldCallerTests(App app) : IClassFixture<App>
{
    private const string NewPassword = "quite another long password";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Ends { get; } = new(
        "user disabled", "session ended", "sessions ended", "log-out", "own session ended", "other sessions ended", "password changed",
        "password reset", "password reset at the terminal", "second factor reset", "federated only", "identity unlinked", "refresh token used twice",
        "token revoked", "key revoked", "key rotated at once", "client revoked", "secret removed", "secret rotated at once", "keys replaced",
        "client's token revoked", "link's maker disabled");

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Who_is_shut_out_while_he_asks_is_refused(string how)
    {
        var caller = await app.HeldCallerAsync(how);

        using var answer = await app.DuringAsync(caller.By, sender => EndAsync(sender, caller, how), () => AskAsync(caller));

        (answer.StatusCode, await answer.CodeAsync()).ShouldBe((HttpStatusCode.Unauthorized, "invalid_credential"));
    }

    [Theory]
    [InlineData("role")]
    [InlineData("role of his account")]
    [InlineData("custom role")]
    [InlineData("key narrowed")]
    [InlineData("client narrowed")]
    [InlineData("link's maker's role")]
    public async Task What_is_taken_from_him_while_he_asks_is_not_used(string what)
    {
        var caller = await app.HeldCallerAsync(what);

        using var answer = await app.DuringAsync(sender => EndAsync(sender, caller, what), () => AskAsync(caller));

        // Of a link nothing is left; else he may still do other things.
        (answer.StatusCode, await answer.CodeAsync()).ShouldBe(
            what == "link's maker's role" ? (HttpStatusCode.Unauthorized, "invalid_credential") : (HttpStatusCode.Conflict, "concurrent_change"));
    }

    [Fact]
    public async Task What_is_suspended_while_the_body_is_on_its_way_counts()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        var access = await app.AccessAsync(person);
        var partner = $"/api/v1/partners/{branch.Partner.Id.Value}";
        using var suspended = await branch.Administrator().PostAsync($"{partner}/suspend", new { reason = "unpaid" });
        suspended.StatusCode.ShouldBe(HttpStatusCode.OK);

        var refused = await SendAsync(access, async sender => (await sender.Send(new CreateApiKey.Command("k"), Ct)).Refusal);

        refused!.Code.ShouldBe("branch_suspended");
    }

    [Theory]
    [InlineData("user disabled")]
    [InlineData("session ended")]
    [InlineData("key revoked")]
    [InlineData("secret removed")]
    [InlineData("role")]
    [InlineData("role of his account")]
    public async Task Whoever_ends_a_caller_is_not_passed_by_what_that_one_asks_next(string how)
    {
        var caller = await app.HeldCallerAsync(how);
        var taken = how.StartsWith("role", StringComparison.Ordinal);
        await using var asking = await app.OpenAsync(caller.Self, async provider =>
            (await provider.GetRequiredService<ISender>().Send(new CreateApiKey.Command("first"), Ct)).Refusal);

        var ending = SendAsync(Access.System, sender => EndAsync(sender, caller, how));
        await app.WaitsForALockAsync(ending);
        var next = AskAsync(caller);
        await app.WaitForLocksAsync(ending, next);
        await asking.CommitAsync();

        (await ending).ShouldBeNull();
        using var refused = await next;
        refused.StatusCode.ShouldBe(taken ? HttpStatusCode.Conflict : HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_change_of_password_is_not_passed_by_who_logs_in_again_and_again()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        using var client = await person.ClientAsync();
        await using var entering = await app.OpenAsync(Access.System, async provider =>
        {
            await provider.GetRequiredService<DbSession>().LockUserAsync(new UserId(person.Id), alone: false, Ct);
            return null;
        });

        var changing = client.PostAsync("/api/v1/auth/password", new { currentPassword = person.Password, newPassword = NewPassword });
        await app.WaitsForALockAsync(changing);
        var next = person.TryLoginAsync();
        await app.WaitForLocksAsync(changing, next);
        await entering.CommitAsync();

        (await changing).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await next).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Two_who_change_each_other_do_not_wait_for_each_other()
    {
        var branch = await app.BranchAsync();
        var one = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        var other = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        using var first = await one.ClientAsync();
        using var second = await other.ClientAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => i % 2 == 0
            ? first.SendAsync(HttpMethod.Patch, $"/api/v1/users/{other.Id}", new { displayName = $"Name {i}" })
            : second.SendAsync(HttpMethod.Patch, $"/api/v1/users/{one.Id}", new { displayName = $"Name {i}" })));

        answers.Select(a => a.StatusCode).ShouldAllBe(s => s == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_stranger_waits_for_nobody_whom_he_does_not_reach()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        await using var ending = await app.OpenAsync(Access.System, async provider =>
        {
            await provider.GetRequiredService<DbSession>().LockAloneAsync(person.Id, Ct);
            return null;
        });

        using var answer = await other.As(Roles.PartnerAdministrator).PostAsync($"/api/v1/users/{person.Id}/disable", new { })
            .WaitAsync(TimeSpan.FromSeconds(20), Ct);

        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Nobody_waits_for_the_holder_of_a_role_whom_he_does_not_reach()
    {
        var branch = await app.BranchAsync();
        var above = await Person.AddAsync(branch, branch.Distributor, null);
        using var administrator = branch.Administrator();
        var assignment = await HeldCallers.PutAsync(
            administrator, "/api/v1/roles/assignments",
            new { userId = above.Id, role = Roles.PartnerReader, organizationId = branch.Partner.Id.Value });
        await using var ending = await app.OpenAsync(Access.System, async provider =>
        {
            await provider.GetRequiredService<DbSession>().LockAloneAsync(above.Id, Ct);
            return null;
        });

        using var answer = await branch.As(Roles.PartnerAdministrator).SendAsync(HttpMethod.Delete, $"/api/v1/roles/assignments/{assignment}", null)
            .WaitAsync(TimeSpan.FromSeconds(20), Ct);

        answer.IsSuccessStatusCode.ShouldBeFalse();
        (await answer.CodeAsync()).ShouldBe("outside_reach");
    }

    [Theory]
    [InlineData("narrowed")]
    [InlineData("deleted")]
    public async Task The_end_of_a_role_is_not_passed_by_who_asks_for_it_again_and_again(string how)
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        using var client = await person.ClientAsync();
        var role = new CustomRoleId(await HeldCallers.DefineAsync(branch));
        await using var asking = await app.OpenAsync(await app.AccessAsync(person), async provider =>
            (await provider.GetRequiredService<ISender>().Send(new CreateApiKey.Command("first", branch.Partner.Id, "Desk"), Ct)).Refusal);

        var ending = SendAsync(Access.System, async sender => how == "deleted"
            ? (await sender.Send(new DeleteRole.Command(role), Ct)).Refusal
            : (await sender.Send(new ChangeRole.Command { Id = role, Permissions = new(["identity.users.read"]) }, Ct)).Refusal);
        await app.WaitsForALockAsync(ending);
        var next = client.PostAsync("/api/v1/api-keys", new { name = "k", role = "Desk" });
        await app.WaitForLocksAsync(ending, next);
        await asking.CommitAsync();

        (await ending)?.Code.ShouldBe("role_in_use");
        (await next).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Who_changes_a_role_that_he_holds_and_who_changes_him_do_not_wait_for_each_other()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        for (var round = 0; round < 4; round++)
        {
            var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
            var role = await HeldCallers.DefineAsync(branch, $"Desk {round}");
            await HeldCallers.PutAsync(
                administrator, "/api/v1/roles/assignments",
                new { userId = person.Id, role = $"Desk {round}", organizationId = branch.Partner.Id.Value });
            using var client = await person.ClientAsync();

            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => i % 2 == 0
                ? client.SendAsync(HttpMethod.Patch, $"/api/v1/roles/{role}", new { permissions = new[] { "identity.users.read" } })
                : administrator.SendAsync(HttpMethod.Patch, $"/api/v1/users/{person.Id}", new { displayName = $"Name {i}" })));

            answers.Select(a => a.StatusCode).ShouldAllBe(s => s == HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task What_ends_by_the_clock_while_he_waits_has_ended()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        using var client = await person.ClientAsync();
        await using var holding = await app.OpenAsync(Access.System, async provider =>
        {
            await provider.GetRequiredService<DbSession>().LockAloneAsync(person.Id, Ct);
            return null;
        });

        var asked = client.PostAsync("/api/v1/api-keys", new { name = "k" });
        await app.WaitsForALockAsync(asked);
        app.Clock.Advance(AccessTokens.Lifetime);
        await holding.CommitAsync();

        using var answer = await asked;
        (answer.StatusCode, await answer.CodeAsync()).ShouldBe((HttpStatusCode.Unauthorized, "invalid_credential"));
    }

    [Fact]
    public async Task A_link_leads_to_no_other_administrator_than_the_one_who_was_held()
    {
        var branch = await app.BranchAsync();
        var first = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        // Ids follow the clock, and the first of them is asked for.
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        var second = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var partner = await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync();
        using var refused = await app.DuringAsync(
            async sender => (await sender.Send(new DisableUser.Command(new UserId(first.Id)), Ct)).Refusal, LinkAsync);

        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "concurrent_change"));
        using var again = await LinkAsync();
        (await again.JsonAsync()).GetProperty("userId").GetGuid().ShouldBe(second.Id);

        Task<HttpResponseMessage> LinkAsync() => partner.PostAsync("/api/v1/auth/login-links", new { organizationId = branch.Tenant.Id.Value });
    }

    [Fact]
    public async Task A_caller_who_may_be_one_of_too_many_makes_no_way_in()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        using var client = await person.ClientAsync();
        await app.ExecuteAsync(
            "update identity.users set password_given_by = gen_random_uuid(), "
            + "password_known_to = array(select gen_random_uuid() from generate_series(1, 100)) where id = $1", person.Id);

        using var answer = await client.PostAsync("/api/v1/api-keys", new { name = "k" });

        (answer.StatusCode, await answer.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "too_many_know"));
    }

    private static Task<HttpResponseMessage> AskAsync(HeldCaller caller) => caller.ByLink
        // What a log-in by a link may still do that lasts.
        ? caller.Client.PostAsync("/api/v1/tenants", new { partnerId = caller.Branch.Partner.Id.Value, externalId = "late", displayName = "Late" })
        : caller.Client.PostAsync("/api/v1/api-keys", new { name = "k" });

    private static async Task<Refusal?> EndAsync(ISender sender, HeldCaller caller, string how) => how switch
    {
        "user disabled" or "link's maker disabled" => (await sender.Send(new DisableUser.Command(new UserId(caller.Id)), Ct)).Refusal,
        "session ended" => (await sender.Send(new EndUserSession.Command(new UserId(caller.Id), caller.Session), Ct)).Refusal,
        "sessions ended" => (await sender.Send(new EndUserSessions.Command(new UserId(caller.Id)), Ct)).Refusal,
        "log-out" => (await sender.Send(new Logout.Command(caller.Refresh), Ct)).Refusal,
        "own session ended" => (await sender.Send(new EndOwnSession.Command(caller.Session), Ct)).Refusal,
        "other sessions ended" => (await sender.Send(new EndOtherSessions.Command(), Ct)).Refusal,
        "password changed" => (await sender.Send(
            new ChangePassword.Command(new ProvenPassword(new UserId(caller.Id), caller.PasswordNumber, false), NewPassword), Ct)).Refusal,
        "password reset" => (await sender.Send(new ConfirmPasswordReset.Command(caller.Mailed, NewPassword), Ct)).Refusal,
        "password reset at the terminal" => (await sender.Send(new ResetPassword.Command(caller.Email), Ct)).Refusal,
        "second factor reset" => (await sender.Send(new ResetMfa.Command(new UserId(caller.Id)), Ct)).Refusal,
        "federated only" => (await sender.Send(new PatchUser.Command { Id = new UserId(caller.Id), FederatedOnly = new(true) }, Ct)).Refusal,
        "identity unlinked" => (await sender.Send(new RemoveIdentity.Command(new UserId(caller.Id), caller.Other), Ct)).Refusal,
        "refresh token used twice" => (await sender.Send(new EndSession.Command(caller.Session, new UserId(caller.Id)), Ct)).Refusal,
        "token revoked" => (await sender.Send(RevokingToken(caller, caller.Session), Ct)).Refusal,
        "client's token revoked" => (await sender.Send(RevokingToken(caller, null), Ct)).Refusal,
        "key revoked" => (await sender.Send(new RevokeApiKey.Command(new ApiKeyId(caller.Id)), Ct)).Refusal,
        "key rotated at once" => (await sender.Send(new RotateApiKey.Command(new ApiKeyId(caller.Id), 0), Ct)).Refusal,
        "key narrowed" => (await sender.Send(
            new PatchApiKey.Command { Id = new ApiKeyId(caller.Id), Scopes = new(["identity.users.read"]) }, Ct)).Refusal,
        "client revoked" => (await sender.Send(new RevokeClient.Command(new ClientId(caller.Id)), Ct)).Refusal,
        "secret removed" => (await sender.Send(new RemoveClientSecret.Command(new ClientId(caller.Id), caller.Other), Ct)).Refusal,
        "secret rotated at once" => (await sender.Send(new RotateClientSecret.Command(new ClientId(caller.Id), 0), Ct)).Refusal,
        "keys replaced" => (await sender.Send(new PatchClient.Command { Id = new ClientId(caller.Id), PublicKeyPem = NewKey() }, Ct)).Refusal,
        "client narrowed" => (await sender.Send(
            new PatchClient.Command { Id = new ClientId(caller.Id), Scopes = new(["identity.users.read"]) }, Ct)).Refusal,
        "role" or "link's maker's role" => (await sender.Send(new RemoveRole.Command(caller.Other), Ct)).Refusal,
        "role of his account" => (await sender.Send(new RemoveRoleFromAccount.Command(caller.Other), Ct)).Refusal,
        "custom role" => (await sender.Send(
            new ChangeRole.Command { Id = new CustomRoleId(caller.Other), Permissions = new(["identity.users.read"]) }, Ct)).Refusal,
        _ => throw new ArgumentOutOfRangeException(nameof(how), how, null),
    };

    private static RevokeAccessToken.Command RevokingToken(HeldCaller caller, Guid? session) =>
        new(caller.Other, caller.Id, session, DateTimeOffset.MinValue, DateTimeOffset.MaxValue);

    private async Task<Refusal?> SendAsync(Access by, Func<ISender, Task<Refusal?>> send)
    {
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(by);
        return await send(scope.ServiceProvider.GetRequiredService<ISender>());
    }

    private static string NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportSubjectPublicKeyInfoPem();
    }
}
