using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Organizations;

/// <summary>An organisation is opened together with the one who will run it.</summary>
public sealed class FirstAdministratorOfOrganizationTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("distributors", "DistributorAdministrator")]
    [InlineData("partners", "PartnerAdministrator")]
    [InlineData("tenants", "TenantAdministrator")]
    public async Task The_first_administrator_is_invited_and_holds_his_role_there(string level, string role)
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var email = $"first@{level}.example.com";

        using var created = await platform.PostAsync($"/api/v1/{level}", Body(branch, level, "with-admin", email));

        created.StatusCode.ShouldBe(HttpStatusCode.Created, await created.Content.ReadAsStringAsync(Ct));
        created.Headers.ETag!.Tag.ShouldBe("\"1\"");
        var id = (await created.JsonAsync()).GetProperty("id").GetGuid();
        await app.DrainAsync();
        using var activated = await app.Anonymous().PostAsJsonAsync(
            "/api/v1/auth/activation", new { token = app.Mailbox.TokenFor(email), password = "a password of my own" }, Ct);
        activated.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var login = await app.Anonymous().PostAsJsonAsync("/api/v1/auth/login", new { email, password = "a password of my own" }, Ct);
        using var first = app.Bearer((await login.JsonAsync()).GetProperty("accessToken").GetString()!);
        (await first.StatusAsync($"/api/v1/{level}/{id}")).ShouldBe(HttpStatusCode.OK);
        (await first.GetJsonAsync("/api/v1/users")).GetProperty("items")[0].GetProperty("roles")[0].GetProperty("role").GetString().ShouldBe(role);
    }

    [Fact]
    public async Task An_address_that_is_taken_or_malformed_opens_nothing_and_invites_nobody()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var taken = (await Person.AddAsync(branch, branch.Tenant, null)).Email;

        using var twice = await partner.PostAsync("/api/v1/tenants", Body(branch, "tenants", "t-1", taken));
        (await twice.CodeAsync()).ShouldBe("email_taken");
        using var malformed = await partner.PostAsync("/api/v1/tenants", Body(branch, "tenants", "t-1", "nobody"));
        (await malformed.FieldErrorAsync()).Pointer.ShouldBe("/administrator/email");
        using var foreign = await partner.PostAsync("/api/v1/tenants", Body(await app.BranchAsync(), "tenants", "t-1", "foreign@example.com"));
        foreign.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        using var batch = await partner.PostAsync(
            "/api/v1/tenants/batch", new { items = new[] { Body(branch, "tenants", "t-1", "batch@example.com") } });
        (await batch.JsonAsync()).GetProperty("results")[0].GetProperty("error").GetProperty("errors")[0].GetProperty("code").GetString()
            .ShouldBe("not_in_batch");

        await app.DrainAsync();
        (await partner.GetJsonAsync("/api/v1/tenants?externalId=t-1")).GetProperty("items").GetArrayLength().ShouldBe(0);
        app.Mailbox.To("foreign@example.com").ShouldBeEmpty();
        app.Mailbox.To("batch@example.com").ShouldBeEmpty();
    }

    private static Dictionary<string, object> Body(Branch branch, string level, string externalId, string email)
    {
        var body = new Dictionary<string, object>
        {
            ["externalId"] = externalId,
            ["displayName"] = "New",
            ["administrator"] = new { email, displayName = "Ada Lovelace" },
        };
        if (level == "partners")
            body["distributorId"] = branch.Distributor.Id.Value;
        if (level == "tenants")
            body["partnerId"] = branch.Partner.Id.Value;
        return body;
    }
}
