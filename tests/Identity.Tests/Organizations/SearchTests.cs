using System.Net;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Organizations;

public sealed class SearchTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task A_text_finds_names_and_external_ids_that_begin_with_it_and_nothing_else()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var first = await OpenAsync(partner, branch, "zeta-1", "Müller & Söhne", "DE");
        var second = await OpenAsync(partner, branch, "ACME_2", "Zeta Corp", "AT");
        await OpenAsync(partner, branch, "x-9", "100% Zeta", "DE");

        (await Ids(partner, "q=zeta")).ShouldBe([second, first], ignoreOrder: true);
        (await Ids(partner, "q=M%C3%BCLLER")).ShouldBe([first]);
        (await Ids(partner, "q=zeta&country=AT")).ShouldBe([second]);
        (await Ids(partner, "q=acme_")).ShouldBe([second]);
        (await Ids(partner, "q=acme-")).ShouldBeEmpty();
        (await Ids(partner, "q=%25")).ShouldBeEmpty();
        (await Ids(partner, "q=_")).ShouldBeEmpty();
        (await Ids(partner, "q=%5C")).ShouldBeEmpty();
        (await Ids((await app.BranchAsync()).As(Roles.PartnerAdministrator), "q=zeta")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Lists_are_filtered_by_day_and_country()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        app.Clock.Advance(TimeSpan.FromHours(1));
        var from = app.Clock.GetUtcNow();
        var late = await OpenAsync(partner, branch, "late", "Late", "FR");

        (await Ids(partner, $"createdFrom={from:yyyy-MM-ddTHH:mm:ssZ}")).ShouldBe([late]);
        (await Ids(partner, "country=FR")).ShouldBe([late]);
        using var unknown = await partner.GetAsync("/api/v1/tenants?country=fr", TestContext.Current.CancellationToken);
        unknown.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await partner.StatusAsync("/api/v1/tenants?createdFrom=yesterday")).ShouldBe(HttpStatusCode.BadRequest);
    }

    private static async Task<Guid> OpenAsync(HttpClient partner, Branch branch, string externalId, string displayName, string country)
    {
        using var answer = await partner.PostAsync("/api/v1/tenants", new { partnerId = branch.Partner.Id.Value, externalId, displayName, country });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return (await answer.JsonAsync()).GetProperty("id").GetGuid();
    }

    private static async Task<List<Guid>> Ids(HttpClient client, string query) =>
        [.. (await client.GetJsonAsync($"/api/v1/tenants?{query}")).GetProperty("items").EnumerateArray().Select(x => x.GetProperty("id").GetGuid())];
}
