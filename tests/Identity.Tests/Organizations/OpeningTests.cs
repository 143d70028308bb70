using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Organizations;

public sealed class OpeningTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_branch_has_four_levels_and_paths_of_codes()
    {
        var branch = await app.BranchAsync();

        branch.Platform.Path.ShouldBe("1.");
        branch.Platform.Currency.Code.ShouldBe("USD");
        branch.Distributor.Path.ShouldBe($"1.{branch.Distributor.Code}.");
        branch.Partner.Path.ShouldBe($"{branch.Distributor.Path}{branch.Partner.Code}.");
        branch.Tenant.Path.ShouldBe($"{branch.Partner.Path}{branch.Tenant.Code}.");
        branch.Tenant.Kind.ShouldBe(OrganizationKind.Tenant);
        branch.Tenant.ParentId.ShouldBe(branch.Partner.Id);
        branch.Tenant.Country.ShouldBe("DE");
        branch.Tenant.Currency.Code.ShouldBe("EUR");
        branch.Tenant.Active.ShouldBeTrue();
    }

    [Fact]
    public async Task Everything_sent_is_read_back()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var created = await partner.PostAsJsonAsync("/api/v1/tenants", new
        {
            partnerId = branch.Partner.Id.Value,
            externalId = "shop-1",
            displayName = "Shop",
            legalName = "Shop GmbH",
            country = "AT",
            currency = "CHF",
            contact = new { name = "Ada", email = "ada@shop.example" },
            billingAddress = new { lines = new[] { "Ring 1" }, city = "Wien" },
            taxId = "ATU1",
        }, Ct);

        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        created.Headers.ETag!.Tag.ShouldBe("\"1\"");
        using var read = await partner.GetAsync(created.Headers.Location, Ct);
        var body = await read.JsonAsync();
        body.GetProperty("externalId").GetString().ShouldBe("shop-1");
        body.GetProperty("legalName").GetString().ShouldBe("Shop GmbH");
        body.GetProperty("country").GetString().ShouldBe("AT");
        body.GetProperty("currency").GetString().ShouldBe("CHF");
        body.GetProperty("contact").GetProperty("email").GetString().ShouldBe("ada@shop.example");
        body.GetProperty("billingAddress").GetProperty("lines")[0].GetString().ShouldBe("Ring 1");
        body.GetProperty("taxId").GetString().ShouldBe("ATU1");
        body.GetProperty("status").GetString().ShouldBe("Active");
        body.GetProperty("kind").GetString().ShouldBe("Tenant");
    }

    [Fact]
    public async Task An_external_id_is_taken_once_under_a_parent_but_free_under_another()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var administrator = branch.Administrator();

        (await administrator.PostAsJsonAsync("/api/v1/tenants", Tenant(branch.Partner, "twice"), Ct)).StatusCode.ShouldBe(HttpStatusCode.Created);
        using var again = await administrator.PostAsJsonAsync("/api/v1/tenants", Tenant(branch.Partner, "twice"), Ct);
        again.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await again.CodeAsync()).ShouldBe("external_id_taken");
        (await administrator.PostAsJsonAsync("/api/v1/tenants", Tenant(other.Partner, "twice"), Ct)).StatusCode.ShouldBe(HttpStatusCode.Created);

        var found = await app.InAsync<IOrganizationDirectory, ILookup<string, OrganizationRef>>(
            d => d.FindTenantsAsync(["twice"], Scope.Of([branch.Partner.Path]), Ct));
        found["twice"].Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_parent_of_another_branch_or_level_is_unknown()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var foreign = await partner.PostAsJsonAsync("/api/v1/tenants", Tenant(other.Partner, "x"), Ct);
        foreign.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await foreign.FieldErrorAsync()).Pointer.ShouldBe("/partnerId");
        (await partner.PostAsJsonAsync("/api/v1/tenants", Tenant(branch.Tenant, "x"), Ct)).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await partner.PostAsJsonAsync("/api/v1/distributors", new { externalId = "x", displayName = "x" }, Ct)).StatusCode
            .ShouldBe(HttpStatusCode.Forbidden);
        using var reader = branch.As(Roles.PartnerReader);
        (await reader.PostAsJsonAsync("/api/v1/tenants", Tenant(branch.Partner, "x"), Ct)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await app.Anonymous().PostAsJsonAsync("/api/v1/tenants", Tenant(branch.Partner, "x"), Ct)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("""{"externalId":"a","displayName":"b","colour":"red"}""", "/colour", HttpStatusCode.BadRequest)]
    [InlineData("""{"externalId":"a","displayName":"b","currency":"XYZ"}""", "/currency", HttpStatusCode.BadRequest)]
    [InlineData("""{"externalId":"a","displayName":"b","country":"ZZ"}""", "/country", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"externalId":" a","displayName":"b"}""", "/externalId", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"externalId":"a","displayName":""}""", "/displayName", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"externalId":"a","displayName":"b","contact":{"email":"nobody"}}""", "/contact/email", HttpStatusCode.UnprocessableEntity)]
    public async Task Bad_input_is_named_by_pointer(string body, string pointer, HttpStatusCode status)
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();

        using var answer = await administrator.PostAsync(
            "/api/v1/distributors", new StringContent(body, System.Text.Encoding.UTF8, "application/json"), Ct);

        answer.StatusCode.ShouldBe(status);
        (await answer.FieldErrorAsync()).Pointer.ShouldBe(pointer);
    }

    private static object Tenant(OrganizationRef partner, string externalId) =>
        new { partnerId = partner.Id.Value, externalId, displayName = "Some tenant" };
}
