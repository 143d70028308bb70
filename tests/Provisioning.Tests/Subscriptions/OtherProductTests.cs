using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Subscriptions;

/// <summary>A product that no code knows: its features and rules are data, and they hold for what is sold of it.</summary>
public sealed class OtherProductTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task The_rules_of_a_product_made_of_data_hold_and_so_do_those_it_is_changed_to()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        static object Rules(int editors) => new object[]
        {
            new { key = "editors", name = "Editors", minimum = 1, maximum = editors },
            new { key = "viewers", name = "Viewers", zeroOrMinimum = 20 },
            new { key = "archive", name = "Archive", requiresAny = new[] { "viewers" }, excludes = new[] { "purge" } },
            new { key = "purge", name = "Purge", requiresAll = new[] { "editors", "viewers" } },
        };
        using var created = await administrator.PostAsJsonAsync(
            "/api/v1/products", new { key = "cms", name = "Publishing", features = Rules(50) }, Ct);
        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        var plan = await app.PlanAsync(branch, "cms");
        using var partner = branch.As(Roles.PartnerAdministrator);
        object Asked(object quantities) => new { tenantId = branch.Tenant.Id.Value, planId = plan, quantities };
        Task<string> Refused(object quantities) => SubscribeAsync(partner, Asked(quantities)).RefusalAsync();

        (await Refused(new { })).ShouldBe("422 validation_failed /quantities/editors minimum");
        (await Refused(new { editors = 51 })).ShouldBe("422 validation_failed /quantities/editors maximum");
        (await Refused(new { editors = 1, viewers = 19 })).ShouldBe("422 validation_failed /quantities/viewers zero_or_minimum");
        (await Refused(new { editors = 1, archive = 1 })).ShouldBe("422 validation_failed /quantities/archive requires_any");
        (await Refused(new { editors = 1, purge = 1 })).ShouldBe("422 validation_failed /quantities/purge requires_all");
        (await Refused(new { editors = 1, viewers = 20, archive = 1, purge = 1 })).ShouldBe("422 validation_failed /quantities/archive excludes");
        (await Refused(new { editors = 1, essentialSeats = 10 })).ShouldStartWith("422 validation_failed /quantities/essentialSeats");
        using var sold = await SubscribeAsync(partner, Asked(new { editors = 50, viewers = 20, archive = 1 }));
        sold.StatusCode.ShouldBe(HttpStatusCode.Created);

        using var changed = await administrator.PatchAsJsonAsync(
            $"/api/v1/products/{(await created.JsonAsync()).IdOf()}", new { features = Rules(60) }, Ct);
        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var more = await SubscribeAsync(partner, Asked(new { editors = 60 }));
        more.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await Refused(new { editors = 61 })).ShouldBe("422 validation_failed /quantities/editors maximum");
    }
}
