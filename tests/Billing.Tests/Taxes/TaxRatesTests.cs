using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Taxes;

/// <summary>Who may set a rate for whom, what may be set, and who sees it.</summary>
public sealed class TaxRatesTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task A_rate_is_set_within_the_callers_branch_and_for_a_country_by_the_platform_alone()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        // As a custom role would give it.
        using var distributor = branch.As(Roles.PlatformAdministrator, branch.Distributor);
        foreach (var own in (OrganizationRef[])[branch.Distributor, branch.Partner, branch.Tenant])
            (await Sent(await distributor.SetAsync(own, "5"))).Text("organizationId").ShouldBe(own.Id.Value.ToString());
        foreach (var foreign in (OrganizationRef[])[branch.Platform, other.Distributor, other.Partner, other.Tenant])
            await RefusedAsync(await distributor.SetAsync(foreign, "5"), HttpStatusCode.NotFound, "organization_not_found");
        await RefusedAsync(await distributor.SetAsync(null, "5", country: "NO"), HttpStatusCode.Forbidden, "not_the_seller");
        using (var nobody = await distributor.PutAsJsonAsync("/api/v1/tax-rates", new
        {
            organizationId = Guid.Parse("019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01"),
            category = "S",
            percent = "5",
            validFrom = "2020-01-01",
        }))
            await RefusedAsync(nobody, HttpStatusCode.NotFound, "organization_not_found");
        using var platform = branch.Administrator();
        await Sent(await platform.SetAsync(branch.Platform, "5", country: "NO"));
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await partner.SetAsync(branch.Tenant, "5")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        // What is set is in the trail of the place that it is of.
        var entry = (await ItemsAsync(platform, $"/api/v1/audit?organizationId={branch.Tenant.Id.Value}&action=billing.set_tax_rate"))
            .ShouldHaveSingleItem();
        var changed = entry.GetProperty("resources").EnumerateArray().ShouldHaveSingleItem();
        (changed.Text("type"), changed.GetProperty("changes").GetProperty("percent").Text("new")).ShouldBe(("country_tax_rate", "5"));
    }

    [Fact]
    public async Task Lists_have_everyones_rates_and_those_of_the_callers_branch_by_what_they_are_of()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        using var platform = branch.Administrator();
        await Sent(await platform.SetAsync(null, "19", country: "SE"));
        await Sent(await platform.SetAsync(null, "25", country: "SE", from: "2024-01-01"));
        await Sent(await platform.SetAsync(branch.Distributor, "1", "AA", country: "SE"));
        await Sent(await platform.SetAsync(branch.Tenant, "0", chargedAs: "AE", country: "SE", from: "2023-01-01", until: "2024-01-01"));
        await Sent(await platform.SetAsync(branch.Tenant, "3", country: "SE"));
        await Sent(await platform.SetAsync(other.Tenant, "4", country: "SE"));
        async Task<string> ListAsync(string role, string query = "")
        {
            using var client = branch.As(role);
            // All are of one instant of the tests' clock, so that nothing says which is newest.
            return string.Join(' ', (await ItemsAsync(client, $"/api/v1/tax-rates?country=SE{query}")).Select(x => x.Text("percent"))
                .OrderBy(int.Parse));
        }

        (await ListAsync(Roles.PlatformReader)).ShouldBe("0 1 3 4 19 25");
        (await ListAsync(Roles.DistributorReader)).ShouldBe("0 1 3 19 25");
        (await ListAsync(Roles.PartnerReader)).ShouldBe("0 3 19 25");
        (await ListAsync(Roles.PlatformReader, "&category=AA")).ShouldBe("1");
        (await ListAsync(Roles.PlatformReader, "&on=2023-12-31")).ShouldBe("0 1 4 19");
        (await ListAsync(Roles.PlatformReader, "&on=2024-01-01")).ShouldBe("1 3 4 25");
        (await ListAsync(Roles.PlatformReader, "&on=2019-12-31")).ShouldBe("");
        (await ListAsync(Roles.PartnerReader, $"&organizationId={branch.Tenant.Id.Value}")).ShouldBe("0 3");
        (await ListAsync(Roles.PartnerReader, $"&organizationId={branch.Distributor.Id.Value}")).ShouldBe("");
        (await ListAsync(Roles.PartnerReader, $"&organizationId={other.Tenant.Id.Value}")).ShouldBe("");
        using var paging = branch.As(Roles.PlatformReader);
        var first = await GetAsync(paging, "/api/v1/tax-rates?country=SE&limit=4");
        var last = await GetAsync(paging, $"/api/v1/tax-rates?country=SE&limit=4&after={first.Text("next")}");
        first.GetProperty("items").EnumerateArray().Concat(last.GetProperty("items").EnumerateArray()).Select(x => x.Text("percent"))
            .ShouldBe(["0", "1", "19", "25", "3", "4"], ignoreOrder: true);
    }

    [Fact]
    public async Task The_same_rate_set_again_replaces_it_and_a_version_that_is_gone_does_not()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        using var first = await platform.SetAsync(branch.Tenant, "0", chargedAs: "E", reason: "School", until: "2030-01-01");
        await Sent(first);
        await Sent(await platform.SetAsync(branch.Tenant, "4"));
        using var stale = new HttpRequestMessage(HttpMethod.Put, "/api/v1/tax-rates")
        {
            Content = JsonContent.Create(new { organizationId = branch.Tenant.Id.Value, category = "S", percent = "6", validFrom = "2020-01-01" }),
        };
        stale.Headers.TryAddWithoutValidation("If-Match", first.Headers.ETag!.ToString());
        await RefusedAsync(await platform.SendAsync(stale, TestContext.Current.CancellationToken), HttpStatusCode.PreconditionFailed,
            "precondition_failed");
        var rate = (await ItemsAsync(platform, $"/api/v1/tax-rates?organizationId={branch.Tenant.Id.Value}")).ShouldHaveSingleItem();
        rate.Text("percent").ShouldBe("4");
        foreach (var gone in (string[])["chargedAs", "exemptionReason", "validUntil", "country"])
            (rate.TryGetProperty(gone, out var value) && value.ValueKind != JsonValueKind.Null).ShouldBeFalse(gone);
    }

    [Theory]
    [InlineData("""{"percent":"5"}""", "/country required")]
    [InlineData("""{"percent":"5","country":"de"}""", "/country not_a_country")]
    [InlineData("""{"percent":"5","country":"DE","chargedAs":"reverse"}""", "/chargedAs not_a_tax_category")]
    [InlineData("""{"percent":"5","country":"DE","chargedAs":"AE"}""", "/percent not_zero")]
    [InlineData("""{"percent":"5","country":"DE","validUntil":"2020-01-01"}""", "/validUntil not_after_start")]
    [InlineData("""{"percent":"0","country":"DE","exemptionReason":"because"}""", "/exemptionReason not_an_exemption")]
    [InlineData("""{"percent":"0","country":"DE","chargedAs":"Z","exemptionReason":"because"}""", "/exemptionReason not_an_exemption")]
    [InlineData("""{"percent":"0","country":"DE","chargedAs":"AE","exemptionCode":"VATEX-EU-AE"}""", "/exemptionCode not_an_exemption")]
    [InlineData("""{"percent":"0","country":"DE","chargedAs":"E","exemptionCode":"VATEX-EU-G"}""", "/exemptionCode not_an_exemption")]
    [InlineData("""{"percent":"0","country":"DE","chargedAs":"E","exemptionCode":"school"}""", "/exemptionCode not_an_exemption")]
    public async Task What_makes_no_sense_is_refused(string body, string expected)
    {
        using var platform = await app.PlatformAsync();
        var fields = JsonSerializer.Deserialize<Dictionary<string, object>>(body)!;
        foreach (var (name, value) in new[] { ("category", "S"), ("validFrom", "2020-01-01") })
            fields.TryAdd(name, value);
        using var answer = await platform.PutAsJsonAsync("/api/v1/tax-rates", fields);
        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("errors").EnumerateArray()
            .Select(x => $"{x.Text("pointer")} {x.Text("code")}").Distinct().ShouldBe([expected]);
    }

    private static async Task RefusedAsync(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        answer.StatusCode.ShouldBe(status);
        (await answer.CodeAsync()).ShouldBe(code);
        answer.Dispose();
    }
}
