using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Tests.Reseller;

/// <summary>Users of accounts and their roles through the reseller service.</summary>
public sealed class UserTests(App app) : IClassFixture<App>
{
    private const string Password = "Maple-7-r";

    private static int _last;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static JsonObject New(int account)
    {
        var number = Interlocked.Increment(ref _last);
        return new JsonObject
        {
            ["AccountId"] = account,
            ["Username"] = $"ada.{number}",
            ["Password"] = Password,
            ["Firstname"] = "Ada",
            ["LastName"] = "Lovelace",
            ["EmailAddress"] = $"ada.{number}@acme.example",
            ["MobilePhoneNumber"] = "+4915112345678",
            ["LandlinePhoneNumber"] = "+4930123456",
        };
    }

    [Fact]
    public async Task A_user_is_added_changed_kept_out_and_let_in_again()
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);
        var asked = New(branch.Tenant.Code);
        var id = (int)(await reseller.DoAsync("AddUserToAccount", asked))["UserId"]!;
        var email = (string)asked["EmailAddress"]!;

        var user = (await reseller.DoAsync("GetUsersForAccount", new { AccountId = branch.Tenant.Code }))["Users"]!.AsArray().Single()!.AsObject();
        user.Remove("CreatedAt");
        user.ToJsonString().ShouldBe(JsonSerializer.Serialize(new
        {
            AccountId = branch.Tenant.Code,
            ChangePasswordAtNextLogon = false,
            EmailAddress = email,
            Firstname = "Ada",
            LandlinePhoneNumber = "+4930123456",
            LastName = "Lovelace",
            MobilePhoneNumber = "+4915112345678",
            Status = "Active",
            UserId = id,
            Username = (string)asked["Username"]!,
        }));
        (await LogInAsync(email, Password)).ShouldBe(HttpStatusCode.OK);

        var changed = await reseller.DoAsync("UpdateUser", new { UserId = id, LastName = "King", Notes = "countess" });
        (changed["Firstname"], changed["LastName"], changed["Notes"]).ToString().ShouldBe("(Ada, King, countess)");
        (await reseller.CallAsync("UpdateUser", new { UserId = id, MobilePhoneNumber = "0151 1" })).Fault
            .ShouldEndWith("Parameter name: MobilePhoneNumber");
        (await reseller.CallAsync("UpdateUser", new { UserId = id, Username = "" })).Fault.ShouldEndWith("Parameter name: Username");
        ((string?)(await reseller.DoAsync("DisableUser", new { UserId = id }))["Status"]).ShouldBe("Disabled");
        (await LogInAsync(email, Password)).ShouldBe(HttpStatusCode.Unauthorized);
        (await reseller.CallAsync("DisableUser", new { UserId = id })).Fault.ShouldBe("409 ConflictFaultContract The user is disabled.");
        ((string?)(await reseller.DoAsync("EnableUser", new { UserId = id }))["Status"]).ShouldBe("Active");
        (await LogInAsync(email, Password)).ShouldBe(HttpStatusCode.OK);
        (await reseller.CallAsync("AddUserToAccount", asked)).Status.ShouldBe(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_new_password_drops_the_old_one_at_once_also_at_this_door()
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);
        var asked = New(branch.Tenant.Code);
        var id = (int)(await reseller.DoAsync("AddUserToAccount", asked))["UserId"]!;
        var name = (string)asked["EmailAddress"]!;
        await reseller.DoAsync("AddRoleToUser", new { UserId = id, RoleId = 8 });
        async Task<HttpStatusCode> AsHimselfAsync(HttpClient door, string password) =>
            (await door.Basic(name, password).AskAsync($"GetUsersForAccount?AccountId={branch.Tenant.Code}")).Status;
        await using var second = await app.StartSecondHostAsync();
        (await AsHimselfAsync(app.Anonymous(), Password)).ShouldBe(HttpStatusCode.OK);
        (await AsHimselfAsync(second.Anonymous(), Password)).ShouldBe(HttpStatusCode.OK);

        await reseller.DoAsync("ResetUserPassword", new { UserId = id, Password = "Cedar-8-lake" });

        (await AsHimselfAsync(app.Anonymous(), Password)).ShouldBe(HttpStatusCode.Unauthorized);
        (await AsHimselfAsync(app.Anonymous(), "Cedar-8-lake")).ShouldBe(HttpStatusCode.OK);
        // Another process believes what it knew for at most five seconds.
        app.Clock.Advance(TimeSpan.FromSeconds(5));
        (await AsHimselfAsync(second.Anonymous(), Password)).ShouldBe(HttpStatusCode.Unauthorized);
        (await AsHimselfAsync(second.Anonymous(), "Cedar-8-lake")).ShouldBe(HttpStatusCode.OK);
        (await LogInAsync(name, Password)).ShouldBe(HttpStatusCode.Unauthorized);
        await app.DrainAsync();
        var must = await reseller.DoAsync("ResetUserPassword", new { UserId = id, Password, ChangePasswordAtNextLogon = true });
        ((bool)must["ChangePasswordAtNextLogon"]!).ShouldBeTrue();
        (await AsHimselfAsync(app.Anonymous(), Password)).ShouldBe(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("Map-7-ri", "too_short")]
    [InlineData("maple-river", "not_complex")]
    [InlineData("mapleriver7", "not_complex")]
    [InlineData("Password1!", "common_password")]
    public async Task A_password_that_is_too_simple_is_refused_by_its_name(string password, string why)
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);
        var asked = New(branch.Tenant.Code);
        asked["Password"] = password;

        var told = await reseller.CallAsync("AddUserToAccount", asked);
        told.Fault.ShouldStartWith("400 ArgumentFaultContract Password ", Case.Sensitive, why);
        told.Fault.ShouldEndWith("Parameter name: Password");
        (await reseller.DoAsync("GetUsersForAccount", new { AccountId = branch.Tenant.Code }))["Users"]!.AsArray().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Username", "x")]
    [InlineData("EmailAddress", "nobody")]
    [InlineData("MobilePhoneNumber", "0151123")]
    [InlineData("LandlinePhoneNumber", "")]
    [InlineData("Firstname", "")]
    [InlineData("LastName", "")]
    public async Task What_is_wrong_with_a_user_is_told_by_the_field(string field, string value)
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);
        foreach (var wrong in new[] { (JsonNode?)null, value })
        {
            var asked = New(branch.Tenant.Code);
            asked[field] = wrong?.DeepClone();
            (await reseller.CallAsync("AddUserToAccount", asked)).Fault.ShouldEndWith($"Parameter name: {field}");
        }
    }

    [Fact]
    public async Task A_role_of_the_account_counts_for_each_of_its_users_until_it_is_taken_away()
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);
        var asked = New(branch.Tenant.Code);
        var id = (int)(await reseller.DoAsync("AddUserToAccount", asked))["UserId"]!;
        var roles = (await reseller.DoAsync("GetRoles", new { }))["Roles"]!.AsArray();
        roles.Select(r => $"{r!["RoleId"]} {r["Name"]}").ShouldBe(Roles.All.Select((name, i) => $"{i + 1} {name}"));
        roles.Single(r => (int)r!["RoleId"]! == 8)!["Actions"]!.AsArray().Select(a => (string?)a!["Name"]).ShouldContain("identity.users.manage");
        var himself = app.Anonymous().Basic((string)asked["EmailAddress"]!, Password);
        async Task<HttpStatusCode> MayAsync() => (await himself.AskAsync($"GetUsersForAccount?AccountId={branch.Tenant.Code}")).Status;
        (await MayAsync()).ShouldBe(HttpStatusCode.Forbidden);

        var ofAccount = await reseller.DoAsync("AddRoleToAccount", new { AccountId = branch.Tenant.Code, RoleId = 8 });
        ofAccount["Roles"]!.ToJsonString().ShouldBe("""[{"Name":"TenantAdministrator","RoleId":8,"Source":"Account"}]""");
        (await MayAsync()).ShouldBe(HttpStatusCode.OK);
        var both = await reseller.DoAsync("AddRoleToUser", new { UserId = id, RoleId = 9 });
        both["Roles"]!.AsArray().Select(r => $"{r!["RoleId"]} {r["Source"]}").ShouldBe(["8 Account", "9 User"], ignoreOrder: true);
        both["Actions"]!.AsArray().Count.ShouldBe(ofAccount["Actions"]!.AsArray().Count);

        var left = await reseller.DoAsync("RemoveRoleFromAccount", new { AccountId = branch.Tenant.Code, RoleId = 8 });
        left["Roles"]!.AsArray().ShouldBeEmpty();
        (await MayAsync()).ShouldBe(HttpStatusCode.Forbidden);
        (await reseller.CallAsync("RemoveRoleFromAccount", new { AccountId = branch.Tenant.Code, RoleId = 8 })).Fault
            .ShouldBe("404 NotFoundFaultContract The role 8 is not held there.");
        (await reseller.DoAsync("RemoveRoleFromUser", new { UserId = id, RoleId = 9 }))["Roles"]!.AsArray().ShouldBeEmpty();
        (await reseller.CallAsync("RemoveRoleFromUser", new { UserId = id, RoleId = 9 })).Status.ShouldBe(HttpStatusCode.NotFound);
        // It is in the trail, as what is done at the other door.
        using var above = branch.As(Roles.PartnerAdministrator);
        var trail = await above.GetStringAsync("/api/v1/audit?limit=200", Ct);
        foreach (var action in new[] { "create_user", "assign_role_to_account", "remove_role_from_account", "assign_role", "remove_role" })
            trail.ShouldContain($"identity.{action}\"");
        trail.ShouldNotContain(Password);
    }

    [Fact]
    public async Task A_role_that_is_none_or_of_another_level_is_refused()
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);
        var id = (int)(await reseller.DoAsync("AddUserToAccount", New(branch.Tenant.Code)))["UserId"]!;
        foreach (var role in new[] { 0, 10, -1, int.MaxValue })
        {
            (await reseller.CallAsync("AddRoleToUser", new { UserId = id, RoleId = role })).Fault
                .ShouldBe($"404 NotFoundFaultContract There is no role {role}.");
            (await reseller.CallAsync("AddRoleToAccount", new { AccountId = branch.Tenant.Code, RoleId = role })).Status
                .ShouldBe(HttpStatusCode.NotFound);
        }

        (await reseller.CallAsync("AddRoleToUser", new { UserId = id, RoleId = 1 })).Fault.ShouldEndWith("Parameter name: RoleId");
        (await reseller.CallAsync("AddRoleToAccount", new { AccountId = branch.Tenant.Code, RoleId = 6 })).Fault
            .ShouldEndWith("Parameter name: RoleId");
    }

    [Fact]
    public async Task Anothers_users_and_the_resellers_own_are_not_there()
    {
        var (near, far) = (await app.BranchAsync(), await app.BranchAsync());
        using var stranger = far.As(Roles.PartnerAdministrator);
        var theirs = (int)(await stranger.DoAsync("AddUserToAccount", New(far.Tenant.Code)))["UserId"]!;
        using var reseller = near.As(Roles.PartnerAdministrator);
        using var made = await near.Administrator().PostAsJsonAsync("/api/v1/users", new
        {
            email = $"own-{near.Partner.Code}@partner.example",
            displayName = "Own",
            organizationId = near.Partner.Id.Value,
            password = "a long enough password",
        }, Ct);
        var own = (await made.JsonAsync()).GetProperty("code").GetInt32();
        foreach (var id in new[] { theirs, own, -1 })
            foreach (var (method, asked) in new (string, object)[]
            {
                ("UpdateUser", new { UserId = id, Firstname = "x" }), ("DisableUser", new { UserId = id }), ("EnableUser", new { UserId = id }),
                ("ResetUserPassword", new { UserId = id, Password }), ("AddRoleToUser", new { UserId = id, RoleId = 9 }),
                ("RemoveRoleFromUser", new { UserId = id, RoleId = 9 }),
            })
                (await reseller.CallAsync(method, asked)).Fault.ShouldBe($"404 NotFoundFaultContract There is no user {id} of an account.", method);
        (await reseller.CallAsync("AddUserToAccount", New(far.Tenant.Code))).Fault
            .ShouldBe($"404 NotFoundFaultContract There is no account {far.Tenant.Code}.");
        (await reseller.CallAsync("GetUsersForAccount", new { AccountId = far.Tenant.Code })).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    private async Task<HttpStatusCode> LogInAsync(string email, string password)
    {
        using var answer = await app.Anonymous().PostAsJsonAsync("/api/v1/auth/login", new { email, password }, Ct);
        return answer.StatusCode;
    }
}
