using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Tests.CustomerArea;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Licenses;

/// <summary>Many at once, over two hosts on one database.</summary>
public sealed class LicenseRaceTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task Two_hundred_assignments_against_credit_for_fifty_make_fifty_licences()
    {
        var branch = await app.BranchAsync();
        var edition = await branch.EditionAsync("1.00", "0.1");
        await branch.TopUpAsync("50.00", "5");
        var tenants = new List<OrganizationRef> { branch.Tenant };
        for (var i = 0; i < 9; i++)
            tenants.Add(await app.TenantAsync(branch.Platform, branch.Partner));

        var answers = await app.AtOnceAsync(branch.Partner(), 200, (client, i) => client.SendAreaAsync("POST", "licenses/bulk",
            new { customer_code = tenants[i % 10].Code, license_code = edition, license_info = $"Office {i}", accept_notifications = false }));

        answers.GroupBy(a => a.StatusCode).ToDictionary(g => g.Key, g => g.Count())
            .ShouldBe(new Dictionary<HttpStatusCode, int> { [HttpStatusCode.OK] = 50, [HttpStatusCode.PaymentRequired] = 150 }, ignoreOrder: true);
        (await branch.CreditAsync()).ShouldBe("0 EUR, 0 points");
        using var partner = branch.Partner();
        (await (await partner.GetAsync("/api/v1/licenses?limit=200", Ct)).JsonAsync()).GetProperty("items").GetArrayLength().ShouldBe(50);
        (await (await partner.GetAsync("/api/v1/credit?unit=EUR", Ct)).JsonAsync()).GetProperty("items")[0].Text("balance").ShouldBe("0.00");
        await app.LedgerVerifiedAsync();
    }

    [Fact]
    public async Task Two_demos_are_given_however_many_are_asked_for_at_once()
    {
        var branch = await app.BranchAsync();

        var answers = await app.AtOnceAsync(
            branch.Partner(), 40, (client, _) => client.SendAreaAsync("POST", "licenses/demo", new { customer_code = branch.Tenant.Code }));

        answers.Count(a => a.StatusCode is HttpStatusCode.OK).ShouldBe(2);
        answers.Where(a => a.StatusCode is not HttpStatusCode.OK).Select(a => a.StatusCode).Distinct().ShouldBe([HttpStatusCode.Conflict]);
        using var partner = branch.Partner();
        (await partner.StatesAsync(branch)).ShouldBe("TrialActivated, TrialActivated");
    }

    [Fact]
    public async Task One_successor_is_bought_however_often_it_is_asked_for_at_once()
    {
        var branch = await app.BranchAsync();
        var edition = await branch.EditionAsync("1.00");
        await branch.TopUpAsync("50.00");
        using var partner = branch.Partner();
        var named = new { license_id = (await partner.AssignAsync(branch, edition)).LicenseId(), customer_code = branch.Tenant.Code };
        await partner.AreaAsync("POST", "licenses/activate", named);

        var answers = await app.AtOnceAsync(branch.Partner(), 20, (client, _) => client.SendAreaAsync("POST", "licenses/renew", named));

        answers.Count(a => a.StatusCode is HttpStatusCode.OK).ShouldBe(1);
        answers.Where(a => a.StatusCode is not HttpStatusCode.OK).Select(a => a.StatusCode).Distinct().ShouldBe([HttpStatusCode.Conflict]);
        (await branch.CreditAsync()).ShouldStartWith("48 EUR");
        await app.LedgerVerifiedAsync();
    }
}
