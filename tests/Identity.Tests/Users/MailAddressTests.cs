using System.Net;
using Licensing.Identity.Contracts;
using static Licensing.Identity.Tests.FieldErrors;

namespace Licensing.Identity.Tests.Users;

/// <summary>What passes for somebody's address is the same at every door.</summary>
public sealed class MailAddressTests(App app) : IClassFixture<App>
{
    [Theory]
    // A capital that .NET leaves as it is in lower case and PostgreSQL does not; one that becomes a plain letter.
    [InlineData("\u0130lker@example.com")]
    [InlineData("\u212Aelvin@example.com")]
    [InlineData("ada@b\u00FCcher.example")]
    public async Task An_address_that_is_not_plain_ascii_is_refused_at_every_door(string email)
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var (tenant, partnerId) = (branch.Tenant.Id.Value, branch.Partner.Id.Value);
        var person = await Person.AddAsync(branch, branch.Tenant, null);
        const string password = "a long enough password";

        (await ErrorAsync(partner.PostAsync("/api/v1/users", new { email, displayName = "A", organizationId = tenant, password })))
            .ShouldBe("/email not_ascii");
        (await ErrorAsync(partner.SendAsync(HttpMethod.Patch, $"/api/v1/users/{person.Id}", new { email }))).ShouldBe("/email not_ascii");
        (await ErrorAsync(partner.PostAsync(
            "/api/v1/tenants", new { partnerId, externalId = "x", displayName = "X", administrator = new { email, displayName = "A" } })))
            .ShouldBe("/administrator/email not_ascii");
        (await ErrorAsync(partner.PostAsync(
            "/api/v1/tenants", new { partnerId, externalId = "x", displayName = "X", contact = new { email } })))
            .ShouldBe("/contact/email not_ascii");
        (await ErrorAsync(partner.SendAsync(HttpMethod.Patch, $"/api/v1/tenants/{tenant}", new { contact = new { email } })))
            .ShouldBe("/contact/email not_ascii");
        using var area = await partner.CustomerAreaAsync(app);
        using var opened = await area.PostAsync(
            "/customerarea/customers/new", new { email, password, customer_name = "Ada", country_code = "IT", industry_code = "family" });
        opened.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await opened.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("xn--");
    }

    [Theory]
    [InlineData("n1 <victim@x.example>")]
    [InlineData("\"n1\"victim@x.example")]
    [InlineData("victim@x.example,y")]
    public async Task A_contact_is_one_plain_address_because_letters_are_counted_by_it(string email)
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var (distributorId, partnerId) = (branch.Distributor.Id.Value, branch.Partner.Id.Value);
        foreach (var (path, body) in new (string, object)[]
        {
            ("distributors", new { externalId = "x", displayName = "X", country = "DE", currency = "EUR", contact = new { email } }),
            ("partners", new { distributorId, externalId = "x", displayName = "X", contact = new { email } }),
            ("tenants", new { partnerId, externalId = "x", displayName = "X", contact = new { email } }),
        })
            (await ErrorAsync(platform.PostAsync($"/api/v1/{path}", body))).ShouldBe("/contact/email malformed", path);
        (await ErrorAsync(platform.SendAsync(HttpMethod.Patch, $"/api/v1/partners/{partnerId}", new { contact = new { email } })))
            .ShouldBe("/contact/email malformed");

        using var without = await platform.SendAsync(HttpMethod.Patch, $"/api/v1/partners/{partnerId}", new { contact = new { name = "Ada" } });
        without.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_domain_in_its_ascii_form_is_an_address()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var made = await partner.PostAsync("/api/v1/users", new
        {
            email = "Ada@XN--bcher-kva.example",
            displayName = "A",
            organizationId = branch.Tenant.Id.Value,
            password = "a long enough password",
        });

        made.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await made.JsonAsync()).GetProperty("email").GetString().ShouldBe("ada@xn--bcher-kva.example");
    }
}
