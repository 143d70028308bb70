using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Identity.Users;
using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Tests.Users;

/// <summary><c>ops users reset-password</c>, through the command that the terminal runs.</summary>
public sealed class ResetPasswordTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task The_new_password_opens_only_its_change_and_the_old_ones_sessions_end()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        var session = await person.LoginAsync();
        using var client = app.Bearer(session.GetProperty("accessToken").GetString()!);
        // The account is locked, too.
        for (var i = 0; i < 10; i++)
            (await person.TryLoginAsync("not the password")).Dispose();
        app.Clock.Advance(TimeSpan.FromSeconds(1));

        (await RunAsync(person.Email)).Refused(out _, out var answer).ShouldBeFalse();
        var shown = (ResetPassword.NewPasswordView)answer!.Value;

        shown.Email.ShouldBe(person.Email.ToLowerInvariant());
        shown.Password.Length.ShouldBe(24);
        (await client.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.Unauthorized);
        (await app.RefreshAsync(session)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await person.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await (person with { Password = shown.Password }).LoginAsync()).GetProperty("passwordChangeRequired").GetBoolean().ShouldBeTrue();
        using var administrator = branch.Administrator();
        var audit = (await administrator.GetJsonAsync("/api/v1/audit?action=identity.reset_password")).GetProperty("items");
        audit.EnumerateArray().Any(e => e.ToString().Contains($"{person.Id}")).ShouldBeTrue();
        audit.ToString().ShouldNotContain(shown.Password);
    }

    [Fact]
    public async Task Nobody_of_that_name_is_a_refusal() => (await RunAsync("nobody@example.com")).Refusal!.Code.ShouldBe("user_not_found");

    private async Task<Result<OpsAnswer>> RunAsync(string email)
    {
        var command = app.Services.GetServices<OpsCommand>().Single(c => c.Name == "users reset-password");
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        return await command.RunAsync(
            new OpsCall(scope.ServiceProvider, new Dictionary<string, IReadOnlyList<string>> { ["email"] = [email] }),
            TestContext.Current.CancellationToken);
    }
}
