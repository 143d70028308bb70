using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Schemes;

public sealed class SchemeTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    [Fact]
    public async Task A_scheme_is_checked_and_agreed_once_per_month()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var made = await SchemeAsync(platform, branch.Partner, Usual, validFrom: "2025-12");
        made.GetProperty("validFrom").GetString().ShouldBe("2025-12");
        (await Sent(await platform.GetAsync($"/api/v1/commissions/schemes/{made.GetProperty("id").GetString()}"))).GetRawText()
            .ShouldBe(made.GetRawText());

        async Task<string> RefusedAsync(object body)
        {
            var answer = await platform.PostAsJsonAsync("/api/v1/commissions/schemes", body);
            var refusal = (await answer.CodeAsync())!;
            if (refusal != "validation_failed")
                return refusal;
            var (pointer, code) = await answer.FieldErrorAsync();
            return $"{pointer} {code}";
        }

        var id = branch.Partner.Id.Value;
        (await RefusedAsync(new { organizationId = id, tiers = Usual, validFrom = "2025-12" })).ShouldBe("scheme_exists");
        (await RefusedAsync(new { organizationId = id, tiers = Usual, validFrom = "2025-12-02" })).ShouldBe("/validFrom not_a_month");
        (await RefusedAsync(new { organizationId = branch.Tenant.Id.Value, tiers = Usual })).ShouldBe("/organizationId earns_no_commission");
        (await RefusedAsync(new { organizationId = Guid.Empty, tiers = Usual })).ShouldBe("organization_not_found");
        (await RefusedAsync(new { organizationId = id, tiers = new[] { Tier("0", "10", "5"), Tier("20", null, "5") } }))
            .ShouldBe("/tiers/1/from tiers_have_gap");
        (await RefusedAsync(new { organizationId = id, tiers = new[] { Tier("0", null, "101") } })).ShouldBe("/tiers/0/percent not_a_percentage");
        using var distributor = branch.As(Roles.DistributorAdministrator);
        (await distributor.PostAsJsonAsync("/api/v1/commissions/schemes", new { organizationId = id, tiers = Usual })).StatusCode.ShouldBe(
            HttpStatusCode.Forbidden);
    }
}
