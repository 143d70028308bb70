using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Subscriptions;

public sealed class OpeningTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task A_partner_sells_to_its_tenant_and_the_other_modules_hear_of_it()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var created = await SubscribeAsync(partner, Asked(branch, plan, reference: "order-1"));

        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        created.Headers.ETag!.Tag.ShouldBe("\"1\"");
        using var read = await partner.GetAsync(created.Headers.Location, Ct);
        var view = await read.JsonAsync();
        (view.Text("status"), view.Text("startDate"), view.Text("product"), view.Text("reference"), view.Seats())
            .ShouldBe(("Active", "2026-01-15", "ccaas", "order-1", 10));
        (await app.HeardAsync(view.IdOf())).ShouldBe(["provisioning.subscription-activated.v1"]);
        using var found = await partner.GetAsync(
            $"/api/v1/subscriptions?reference=order-1&tenantId={branch.Tenant.Id.Value}&planId={plan}&status=active", Ct);
        (await found.JsonAsync()).GetProperty("items").EnumerateArray().Single().IdOf().ShouldBe(view.IdOf());
    }

    [Fact]
    public async Task A_plan_in_another_currency_is_sold_where_a_rate_leads_to_the_tenants()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var platform = branch.Administrator();
        var (swiss, swedish) = (await app.PlanAsync(branch, currency: "CHF"), await app.PlanAsync(branch, currency: "SEK"));
        (await SubscribeAsync(partner, Asked(branch, swiss)).RefusalAsync()).ShouldBe("422 currency_mismatch /planId currency_mismatch");
        using var recorded = await platform.PostAsJsonAsync("/api/v1/directory/exchange-rates", new
        {
            rates = new[] { new { from = "CHF", to = "EUR", date = "2026-01-15", rate = "1.05" }, new { from = "EUR", to = "SEK", date = "2026-01-01",
                rate = "11.2" }, new { from = "SEK", to = "EUR", date = "2026-01-16", rate = "0.09" } },
        }, Ct);
        recorded.IsSuccessStatusCode.ShouldBeTrue();

        using var sold = await SubscribeAsync(partner, Asked(branch, swiss));
        sold.StatusCode.ShouldBe(HttpStatusCode.Created);
        // Neither the opposite direction nor a rate of tomorrow is one.
        (await SubscribeAsync(partner, Asked(branch, swedish)).RefusalAsync()).ShouldBe("422 currency_mismatch /planId currency_mismatch");
        // The same holds for a change.
        var id = (await (await SubscribeAsync(partner, Asked(branch, await app.PlanAsync(branch)))).JsonAsync()).IdOf();
        Task<HttpResponseMessage> ChangeAsync(Guid planId) => platform.PostAsJsonAsync($"/api/v1/subscriptions/{id}/change-plan", new { planId }, Ct);
        (await ChangeAsync(swedish).RefusalAsync()).ShouldBe("422 currency_mismatch /planId currency_mismatch");
        (await ChangeAsync(swiss)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Without_quantities_there_are_none_unless_the_product_demands_some()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        var demanding = $"demanding-{branch.Tenant.Code}";
        using var administrator = branch.Administrator();
        (await administrator.PostAsJsonAsync("/api/v1/products",
            new { key = demanding, name = "Demanding", features = new[] { new { key = "base", name = "Base", minimum = 1 } } }, Ct))
            .EnsureSuccessStatusCode();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var (tenantId, planId) = (branch.Tenant.Id.Value, plan);

        (await (await SubscribeAsync(partner, new { tenantId, planId })).JsonAsync()).GetProperty("quantities").GetRawText().ShouldBe("{}");
        (await (await SubscribeAsync(partner, new { tenantId, planId, quantities = (object?)null })).JsonAsync())
            .GetProperty("quantities").GetRawText().ShouldBe("{}");
        using var batch = await partner.PostAsJsonAsync("/api/v1/subscriptions/batch", new { items = new[] { new { tenantId, planId } } }, Ct);
        (await batch.JsonAsync()).GetProperty("results")[0].GetProperty("status").GetInt32().ShouldBe(201);
        (await SubscribeAsync(partner, new { tenantId, planId = await app.PlanAsync(branch, demanding) }).RefusalAsync())
            .ShouldBe("422 validation_failed /quantities/base minimum");
    }

    [Fact]
    public async Task Every_refusal_has_its_code_and_pointer()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        Task<string> Refused(object asked) => SubscribeAsync(partner, asked).RefusalAsync();

        (await Refused(Asked(branch, plan, tenant: other.Tenant))).ShouldBe("404 tenant_not_found");
        (await Refused(Asked(branch, plan, tenant: branch.Partner))).ShouldBe("404 tenant_not_found");
        (await Refused(Asked(branch, Guid.Empty))).ShouldBe("422 plan_not_available /planId plan_not_available");
        (await Refused(Asked(branch, await app.PlanAsync(branch, publish: false)))).ShouldBe("422 plan_not_available /planId plan_not_available");
        (await Refused(Asked(branch, await app.PlanAsync(branch, currency: "USD")))).ShouldBe("422 currency_mismatch /planId currency_mismatch");
        (await Refused(Asked(branch, plan, seats: 4))).ShouldBe("422 validation_failed /quantities/essentialSeats zero_or_minimum");
        (await Refused(Asked(branch, plan, start: "2026-01-14"))).ShouldBe("422 validation_failed /startDate too_early");
        (await Refused(Asked(branch, plan, start: "2036-01-16"))).ShouldBe("422 validation_failed /startDate too_late");
        (await Refused(Asked(branch, plan, start: "2026-02-01", end: "2026-02-01"))).ShouldBe("422 validation_failed /endDate not_after_start");
        (await Refused(Asked(branch, plan, reference: " "))).ShouldBe("422 validation_failed /reference length");
        (await Refused(new { tenantId = branch.Tenant.Id.Value, planId = plan, quantities = new { }, colour = "red" }))
            .ShouldBe("400 malformed_json /colour malformed");
        (await Refused(new { tenantId = branch.Tenant.Id.Value, planId = plan, quantities = new { essentialSeats = 5.5 } }))
            .ShouldStartWith("400 malformed_json /quantities");
        using var first = await SubscribeAsync(partner, Asked(branch, plan, reference: "once"));
        (await Refused(Asked(branch, plan, reference: "once"))).ShouldBe("409 subscription_reference_taken");
        using var reader = branch.As(Roles.PartnerReader);
        (await SubscribeAsync(reader, Asked(branch, plan)).RefusalAsync()).ShouldBe("403 not_allowed");
        using var tenant = branch.As(Roles.TenantAdministrator);
        (await SubscribeAsync(tenant, Asked(branch, plan)).RefusalAsync()).ShouldBe("403 not_delegated");
    }

    [Fact]
    public async Task Nothing_is_sold_to_a_tenant_under_a_suspended_partner()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        using var administrator = branch.Administrator();
        using var suspended = await administrator.PostAsJsonAsync(
            $"/api/v1/partners/{branch.Partner.Id.Value}/suspend", new { reason = "Overdue" }, Ct);
        suspended.IsSuccessStatusCode.ShouldBeTrue();

        (await SubscribeAsync(administrator, Asked(branch, plan)).RefusalAsync()).ShouldBe("409 tenant_not_active");
    }

    [Fact]
    public async Task Platform_administrators_start_up_to_thirteen_months_back()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        using var client = branch.As(Roles.PlatformAdministrator);
        using var back = await SubscribeAsync(client, Asked(branch, plan, start: "2024-12-15"));
        back.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await SubscribeAsync(client, Asked(branch, plan, start: "2024-12-14")).RefusalAsync())
            .ShouldBe("422 validation_failed /startDate too_early");
    }

    [Fact]
    public async Task A_reference_is_free_under_another_tenant_and_taken_once_by_racing_callers()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        await SubscribedAsync(other, Asked(other, plan, reference: "same"));
        using var partner = branch.As(Roles.PartnerAdministrator);

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => SubscribeAsync(partner, Asked(branch, plan, reference: "same"))));

        answers.Count(a => a.StatusCode is HttpStatusCode.Created).ShouldBe(1);
        foreach (var refused in answers.Where(a => a.StatusCode is not HttpStatusCode.Created))
            (await refused.CodeAsync()).ShouldBe("subscription_reference_taken");
    }

    [Fact]
    public async Task Each_item_of_a_batch_succeeds_or_is_refused_by_itself()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var answer = await partner.PostAsJsonAsync("/api/v1/subscriptions/batch", new
        {
            items = new object[]
            {
                Asked(branch, plan, reference: "b"), Asked(branch, plan, tenant: other.Tenant), Asked(branch, plan, seats: 1),
                Asked(branch, plan, reference: "b"),
                Asked(branch, plan, start: "2026-03-01"),
            },
        }, Ct);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var results = (await answer.JsonAsync()).GetProperty("results").EnumerateArray().ToList();
        results.Select(r => r.GetProperty("index").GetInt32()).ShouldBe([0, 1, 2, 3, 4]);
        results.Select(r => r.GetProperty("status").GetInt32()).ShouldBe([201, 404, 422, 409, 201]);
        results[2].GetProperty("error").GetProperty("errors")[0].Text("pointer").ShouldBe("/quantities/essentialSeats");
        results[4].GetProperty("subscription").Text("status").ShouldBe("Pending");
        using var listed = await partner.GetAsync($"/api/v1/subscriptions?tenantId={branch.Tenant.Id.Value}", Ct);
        (await listed.JsonAsync()).GetProperty("items").EnumerateArray().Select(s => s.IdOf())
            .ShouldBe([results[0].GetProperty("subscription").IdOf(), results[4].GetProperty("subscription").IdOf()], ignoreOrder: true);
    }

    [Fact]
    public async Task A_batch_has_one_to_a_thousand_items()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        Task<HttpResponseMessage> Send(int count) =>
            partner.PostAsJsonAsync("/api/v1/subscriptions/batch", new { items = Enumerable.Range(0, count).Select(_ => Asked(branch, plan)) }, Ct);

        (await Send(0).RefusalAsync()).ShouldBe("422 validation_failed /items count");
        (await Send(1_001).RefusalAsync()).ShouldBe("422 validation_failed /items count");
        using var most = await Send(1_000);
        (await most.JsonAsync()).GetProperty("results").EnumerateArray().ShouldAllBe(r => r.GetProperty("status").GetInt32() == 201);
    }

    [Fact]
    public async Task The_same_idempotency_key_opens_one_subscription()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        partner.DefaultRequestHeaders.Add("Idempotency-Key", "k-1");

        using var first = await SubscribeAsync(partner, Asked(branch, plan));
        using var second = await SubscribeAsync(partner, Asked(branch, plan));

        (await second.JsonAsync()).IdOf().ShouldBe((await first.JsonAsync()).IdOf());
        second.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
    }
}
