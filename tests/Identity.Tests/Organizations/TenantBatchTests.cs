using System.Net;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Organizations;

public sealed class TenantBatchTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task Each_item_is_opened_or_refused_by_itself()
    {
        var branch = await app.BranchAsync();
        var second = await app.PartnerAsync(branch.Platform, branch.Distributor);
        var foreign = await app.BranchAsync();
        using var distributor = branch.As(Roles.DistributorAdministrator);

        using var answer = await distributor.PostAsync("/api/v1/tenants/batch", new
        {
            items = new object[]
            {
                Tenant(branch.Partner, "a"), Tenant(second, "a"), Tenant(branch.Partner, "a"), Tenant(branch.Partner, branch.Tenant.ExternalId),
                Tenant(foreign.Partner, "b"), Tenant(branch.Partner, " c"), Tenant(branch.Partner, "d"),
            },
        });

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var results = (await answer.JsonAsync()).GetProperty("results").EnumerateArray().ToList();
        results.Select(x => x.GetProperty("index").GetInt32()).ShouldBe([0, 1, 2, 3, 4, 5, 6]);
        results.Select(x => x.GetProperty("status").GetInt32()).ShouldBe([201, 201, 409, 409, 422, 422, 201]);
        results[2].GetProperty("error").GetProperty("code").GetString().ShouldBe("external_id_taken");
        results[4].GetProperty("error").GetProperty("errors")[0].GetProperty("pointer").GetString().ShouldBe("/partnerId");
        results[5].GetProperty("error").GetProperty("errors")[0].GetProperty("pointer").GetString().ShouldBe("/externalId");
        var opened = await distributor.GetJsonAsync($"/api/v1/tenants/{results[6].GetProperty("tenant").GetProperty("id").GetGuid()}");
        opened.GetProperty("externalId").GetString().ShouldBe("d");
        (await distributor.GetJsonAsync($"/api/v1/tenants?parentId={branch.Partner.Id.Value}")).GetProperty("items").GetArrayLength().ShouldBe(3);
    }

    [Theory]
    [InlineData(0, HttpStatusCode.UnprocessableEntity)]
    [InlineData(1, HttpStatusCode.OK)]
    [InlineData(1_000, HttpStatusCode.OK)]
    [InlineData(1_001, HttpStatusCode.UnprocessableEntity)]
    public async Task A_batch_has_one_to_a_thousand_items(int count, HttpStatusCode expected)
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var answer = await partner.PostAsync(
            "/api/v1/tenants/batch", new { items = Enumerable.Range(0, count).Select(i => Tenant(branch.Partner, $"n-{i}")) });

        answer.StatusCode.ShouldBe(expected);
        if (expected is HttpStatusCode.OK)
            (await answer.JsonAsync()).GetProperty("results").EnumerateArray().Count(x => x.GetProperty("status").GetInt32() == 201).ShouldBe(count);
    }

    [Fact]
    public async Task Parallel_batches_with_the_same_items_open_each_once()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var body = new { items = Enumerable.Range(0, 20).Select(i => Tenant(branch.Partner, $"r-{i}")).ToList() };

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => partner.PostAsync("/api/v1/tenants/batch", body)));

        answers.ShouldAllBe(x => x.StatusCode == HttpStatusCode.OK || x.StatusCode == HttpStatusCode.Conflict);
        (await partner.GetJsonAsync("/api/v1/tenants?limit=200")).GetProperty("items").GetArrayLength().ShouldBe(21);
    }

    private static object Tenant(OrganizationRef partner, string externalId) =>
        new { partnerId = partner.Id.Value, externalId, displayName = "Some tenant" };
}
