using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Subscriptions;

public sealed class PlanChangeTests(SellingApp app) : IClassFixture<SellingApp>
{
    private const string Changed = "provisioning.subscription-plan-changed.v1";

    private static Task<HttpResponseMessage> ChangeAsync(HttpClient client, Guid id, object body) =>
        client.PostAsJsonAsync($"/api/v1/subscriptions/{id}/change-plan", body, Ct);

    private static async Task<JsonElement> ReadAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path, Ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await answer.JsonAsync();
    }

    private static Task<JsonElement> GetAsync(HttpClient client, Guid id) => ReadAsync(client, $"/api/v1/subscriptions/{id}");

    private string Day(int ahead) => app.Today.AddDays(ahead).ToString("yyyy-MM-dd");

    [Fact]
    public async Task A_plan_changes_today_and_each_day_is_billed_by_its_own()
    {
        var branch = await app.BranchAsync();
        var (plan, other) = (await app.PlanAsync(branch, amount: "31.00"), await app.PlanAsync(branch, amount: "62.00"));
        using var client = branch.Administrator();
        (await client.PutAsJsonAsync("/api/v1/tax-rates", new { country = "DE", category = "S", percent = "20", validFrom = "2020-01-01" }, Ct))
            .EnsureSuccessStatusCode();
        var start = new DateOnly(app.Today.Year, app.Today.Month, 1);
        var opened = await SubscribedAsync(branch, Asked(branch, plan, start: start.ToString("yyyy-MM-dd")));
        var id = opened.IdOf();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var answer = await ChangeAsync(partner, id, new { planId = other, quantities = new { eliteSeats = 5 } });

        answer.Headers.ETag!.Tag.ShouldBe("\"2\"");
        var view = await answer.JsonAsync();
        (view.GetProperty("planId").GetGuid(), view.Seats(), view.Seats("eliteSeats")).ShouldBe((other, 0, 5));
        var heard = await app.HeardAsync(id);
        heard.ShouldBe(["provisioning.subscription-activated.v1", "provisioning.subscription-quantities-changed.v1", Changed], ignoreOrder: true);
        var history = (await ReadAsync(partner, $"/api/v1/subscriptions/{id}/history")).GetProperty("items");
        history.EnumerateArray().Single(h => h.Text("what") == "PlanChanged").GetProperty("planVersionId").GetGuid()
            .ShouldBe(view.GetProperty("planVersionId").GetGuid());

        var month = Period.Month(start.Year, start.Month);
        var billable = (await app.InAsync<ISubscriptionDirectory, IReadOnlyList<BillableSubscription>>(
            d => d.BillableAsync(month, Scope.Of([branch.Tenant.Path]), null, 10, Ct))).Single();
        billable.Spans.Select(s => (s.Days, s.PlanVersionId.Value)).ShouldBe(
        [
            (new Period(month.Start, app.Today), opened.GetProperty("planVersionId").GetGuid()),
            (new Period(app.Today, month.End), view.GetProperty("planVersionId").GetGuid()),
        ]);
        // 31.00 for the days before, 62.00 for the days since, of a month of which one day of the first costs 31/n.
        var (before, since) = (app.Today.DayNumber - month.Start.DayNumber, month.End.DayNumber - app.Today.DayNumber);
        var net = Math.Round(31m * before / month.Days, 2, MidpointRounding.AwayFromZero)
            + Math.Round(62m * since / month.Days, 2, MidpointRounding.AwayFromZero);
        var row = (await ReadAsync(client, $"/api/v1/billing/summary?period={start:yyyy-MM}&groupBy=tenant")).GetProperty("items").EnumerateArray()
            .Single(r => r.GetRawText().Contains(branch.Tenant.Id.Value.ToString()) || r.GetRawText().Contains(branch.Tenant.ExternalId));
        row.GetRawText().ShouldContain($"\"{net.ToString("0.00", System.Globalization.CultureInfo.InvariantCulture)}\"");
        foreach (var (asked, found) in new[] { (plan, 0), (other, 1) })
            (await ReadAsync(partner, $"/api/v1/subscriptions?planId={asked}")).GetProperty("items").GetArrayLength().ShouldBe(found);
    }

    [Fact]
    public async Task An_agreed_plan_comes_on_its_day_once_whoever_is_running_then()
    {
        var branch = await app.BranchAsync();
        var (plan, other, third) = (await app.PlanAsync(branch), await app.PlanAsync(branch), await app.PlanAsync(branch));
        var id = (await SubscribedAsync(branch, Asked(branch, plan))).IdOf();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var (soon, later) = (Day(5), Day(9));
        await app.HeardAsync(id);
        using var answer = await ChangeAsync(partner, id, new { planId = other, effectiveDate = soon });
        var scheduled = (await answer.JsonAsync()).GetProperty("scheduledChanges")[0];
        (scheduled.Text("on"), scheduled.GetProperty("planId").GetGuid()).ShouldBe((soon, other));
        (await ChangeAsync(partner, id, new { planId = third, effectiveDate = soon }).RefusalAsync()).ShouldBe("409 plan_change_scheduled");
        // Withdrawn and agreed again it has two messages, and comes once.
        (await partner.DeleteAsync($"/api/v1/subscriptions/{id}/changes/{soon}", Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await ChangeAsync(partner, id, new { planId = other, effectiveDate = soon })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await ChangeAsync(partner, id, new { planId = third, effectiveDate = later })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await partner.DeleteAsync($"/api/v1/subscriptions/{id}/changes/{later}", Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await app.HeardAsync(id)).ShouldNotContain(Changed);

        app.Clock.Advance(TimeSpan.FromDays(5));
        // In force though nobody has said so yet.
        (await GetAsync(partner, id)).GetProperty("planId").GetGuid().ShouldBe(other);
        await using (var second = await app.StartSecondHostAsync())
            await Task.WhenAll(second.DrainAsync(), app.DrainAsync());
        app.Clock.Advance(TimeSpan.FromDays(10));
        (await app.HeardAsync(id)).Count(name => name == Changed).ShouldBe(1);
        (await GetAsync(partner, id)).GetProperty("planId").GetGuid().ShouldBe(other);
        (await ReadAsync(partner, $"/api/v1/subscriptions/{id}/history")).GetProperty("items").EnumerateArray().Select(h => h.Text("what"))
            .ShouldBe(["PlanChanged", "ChangeWithdrawn", "PlanChangeAgreed", "PlanChangeAgreed", "ChangeWithdrawn", "PlanChangeAgreed", "Opened"],
                ignoreOrder: true);
    }

    [Fact]
    public async Task Seats_and_entitlements_are_of_the_product_in_force()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        var key = $"desk-{branch.Tenant.Code}";
        (await client.PostAsJsonAsync("/api/v1/products",
            new { key, name = "Desk", features = new[] { new { key = "desks", name = "Desks", maximum = 5 } } }, Ct)).EnsureSuccessStatusCode();
        var (plan, desk) = (await app.PlanAsync(branch), await app.PlanAsync(branch, key));
        var id = (await SubscribedAsync(branch, Asked(branch, plan))).IdOf();

        (await ChangeAsync(client, id, new { planId = desk }).RefusalAsync())
            .ShouldBe("422 validation_failed /quantities/essentialSeats unknown_feature");
        (await ChangeAsync(client, id, new { planId = desk, quantities = new { desks = 6, chairs = 1 } }).RefusalAsync())
            .ShouldBe("422 validation_failed /quantities/chairs unknown_feature /quantities/desks maximum");
        (await ChangeAsync(client, id, new { planId = desk, quantities = new { desks = 5 }, effectiveDate = Day(3) })).StatusCode.ShouldBe(
            HttpStatusCode.OK);
        var at = branch.Tenant.Id.Value;
        (await client.GetAsync($"/api/v1/licensing/{at}", Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
        // Until then more of the present product can be bought, and ends with it.
        using var more = await client.PatchAsJsonAsync($"/api/v1/subscriptions/{id}", new { quantities = new { dialerSeats = 10 } }, Ct);
        more.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await more.JsonAsync()).GetProperty("scheduledChanges")[0].GetProperty("quantities").GetRawText()
            .ShouldBe("""{"desks":5,"dialerSeats":0,"essentialSeats":0}""");
        app.Clock.Advance(TimeSpan.FromDays(3));
        (await client.GetAsync($"/api/v1/licensing/{at}", Ct).RefusalAsync()).ShouldBe("404 licensing_not_found");
        (await ReadAsync(client, $"/api/v1/entitlements/{at}/desks")).GetProperty("sources")[0].Text("product").ShouldBe(key);
        foreach (var former in (string[])["essentialSeats", "dialerSeats"])
            (await ReadAsync(client, $"/api/v1/entitlements/{at}/{former}")).GetProperty("allowed").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task Every_refusal_has_its_code_and_changes_nothing()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        var (plan, next) = (await app.PlanAsync(branch), await app.PlanAsync(branch));
        var id = (await SubscribedAsync(branch, Asked(branch, plan))).IdOf();
        using var client = branch.Administrator();
        using var outsider = other.As(Roles.DistributorAdministrator);
        using var reader = branch.As(Roles.PartnerReader);

        (await ChangeAsync(client, id, new { planId = plan }).RefusalAsync()).ShouldBe("409 plan_unchanged");
        (await ChangeAsync(client, id, new { planId = Id.NewGuid(app.Now) }).RefusalAsync())
            .ShouldBe("422 plan_not_available /planId plan_not_available");
        (await ChangeAsync(client, id, new { planId = await app.PlanAsync(branch, publish: false) }).RefusalAsync())
            .ShouldBe("422 plan_not_available /planId plan_not_available");
        (await ChangeAsync(client, id, new { planId = await app.PlanAsync(branch, currency: "USD") }).RefusalAsync())
            .ShouldBe("422 currency_mismatch /planId currency_mismatch");
        (await ChangeAsync(client, id, new { planId = next, effectiveDate = Day(-1) }).RefusalAsync())
            .ShouldBe("422 validation_failed /effectiveDate too_early");
        (await ChangeAsync(client, id, new { planId = next, quantities = new { essentialSeats = 3 } }).RefusalAsync())
            .ShouldBe("422 validation_failed /quantities/essentialSeats zero_or_minimum");
        (await ChangeAsync(client, id, new { plan = next }).RefusalAsync()).ShouldBe("400 malformed_json /plan malformed");
        (await ChangeAsync(outsider, id, new { planId = next }).RefusalAsync()).ShouldBe("404 subscription_not_found");
        (await ChangeAsync(reader, id, new { planId = next }).RefusalAsync()).ShouldBe("403 not_allowed");
        (await client.DeleteAsync($"/api/v1/subscriptions/{id}/changes/{Day(1)}", Ct).RefusalAsync()).ShouldBe("404 no_change_scheduled");
        (await outsider.DeleteAsync($"/api/v1/subscriptions/{id}/changes/{Day(1)}", Ct).RefusalAsync()).ShouldBe("404 subscription_not_found");
        using var malformed = await client.DeleteAsync($"/api/v1/subscriptions/{id}/changes/tomorrow", Ct);
        malformed.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        client.DefaultRequestHeaders.Add("If-Match", "\"1\"");
        (await ChangeAsync(client, id, new { planId = next })).Headers.ETag!.Tag.ShouldBe("\"2\"");
        (await ChangeAsync(client, id, new { planId = plan }).RefusalAsync()).ShouldBe("412 precondition_failed");
    }

    [Fact]
    public async Task What_a_change_of_plan_makes_of_a_cancellation_is_told_again()
    {
        const string Cancelled = "provisioning.subscription-cancelled.v1";
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        var costly = await app.PlanAsync(branch, terms: new { termMonths = 12, earlyCancellation = new { allowed = true, feePercent = "25" } });
        using var partner = branch.As(Roles.PartnerAdministrator);
        var id = (await SubscribedAsync(branch, Asked(branch, plan))).IdOf();
        (await partner.PostAsJsonAsync($"/api/v1/subscriptions/{id}/cancel", new { on = Day(80) }, Ct)).EnsureSuccessStatusCode();
        using var answer = await ChangeAsync(partner, id, new { planId = costly, effectiveDate = Day(10) });
        (await answer.JsonAsync()).Text("earlyCancellationFeePercent").ShouldBe("25");
        (await partner.DeleteAsync($"/api/v1/subscriptions/{id}/changes/{Day(10)}", Ct)).EnsureSuccessStatusCode();
        (await GetAsync(partner, id)).Text("earlyCancellationFeePercent").ShouldBeNull();
        (await app.HeardAsync(id)).Count(name => name == Cancelled).ShouldBe(3);
    }

    [Fact]
    public async Task Whether_it_renews_stays_as_was_said_until_a_change_of_plan_says_otherwise()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch, terms: new { termMonths = 12 });
        using var partner = branch.As(Roles.PartnerAdministrator);
        var kept = (await SubscribedAsync(branch, Asked(branch, plan, autoRenew: false))).IdOf();
        async Task<bool> RenewsAsync(object body)
        {
            using var changed = await ChangeAsync(partner, kept, body);
            return (await changed.JsonAsync()).GetProperty("term").GetProperty("renews").GetBoolean();
        }

        var (next, last) = (await app.PlanAsync(branch, terms: new { termMonths = 12 }), await app.PlanAsync(branch, terms: new { termMonths = 12 }));
        (await RenewsAsync(new { planId = next })).ShouldBeFalse();
        (await RenewsAsync(new { planId = last, autoRenew = true })).ShouldBeTrue();
    }
}
