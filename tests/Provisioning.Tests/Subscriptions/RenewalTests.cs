using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Subscriptions;

public sealed class RenewalTests(SellingApp app) : IClassFixture<SellingApp>
{
    private const string Renewed = "provisioning.subscription-renewed.v1", Expired = "provisioning.subscription-expired.v1";

    private static Task<HttpResponseMessage> DoAsync(HttpClient client, Guid id, string what, object? body = null) =>
        body is null ? client.PostAsync($"/api/v1/subscriptions/{id}/{what}", null, Ct)
            : client.PostAsJsonAsync($"/api/v1/subscriptions/{id}/{what}", body, Ct);

    private static async Task<JsonElement> GetAsync(HttpClient client, Guid id)
    {
        using var answer = await client.GetAsync($"/api/v1/subscriptions/{id}", Ct);
        return await answer.JsonAsync();
    }

    private static async Task<List<string?>> HistoryAsync(HttpClient client, Guid id)
    {
        using var answer = await client.GetAsync($"/api/v1/subscriptions/{id}/history", Ct);
        return [.. (await answer.JsonAsync()).GetProperty("items").EnumerateArray().Select(h => $"{h.Text("what")} {h.Text("effectiveOn")}")];
    }

    private DateOnly At(int days = 0, int months = 0) => app.Today.AddMonths(months).AddDays(days);

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd");

    private static string TermOf(JsonElement view) => $"{view.GetProperty("term").Text("startDate")}/{view.GetProperty("term").Text("endDate")}";

    [Fact]
    public async Task A_term_renews_itself_once_and_reads_right_before_anyone_was_told()
    {
        var branch = await app.BranchAsync();
        var id = (await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch, terms: new { termMonths = 1 })))).IdOf();
        using var client = branch.Administrator();
        var (first, second, third) = (At(months: 1), At(months: 2), At(months: 3));
        var start = app.Today;
        var view = await GetAsync(client, id);
        (TermOf(view), view.GetProperty("term").GetProperty("renews").GetBoolean()).ShouldBe(($"{Text(start)}/{Text(first)}", true));
        await app.HeardAsync(id);

        app.Clock.Advance(TimeSpan.FromDays(second.DayNumber - start.DayNumber));
        view = await GetAsync(client, id);
        (TermOf(view), view.Text("status"), view.Text("endDate")).ShouldBe(($"{Text(second)}/{Text(third)}", "Active", null));
        await using (var other = await app.StartSecondHostAsync())
            await Task.WhenAll(other.DrainAsync(), app.DrainAsync());

        (await app.HeardAsync(id)).Count(name => name == Renewed).ShouldBe(2);
        (await HistoryAsync(client, id)).ShouldBe([$"Renewed {Text(second)}", $"Renewed {Text(first)}", $"Opened {Text(start)}"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_subscription_is_renewed_by_hand_in_its_window_also_a_few_days_late()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch, terms: new { termMonths = 1, autoRenew = false, renewalWindowDays = new { before = 5, after = 4 } });
        var opened = await SubscribedAsync(branch, Asked(branch, plan));
        var id = opened.IdOf();
        var (start, end, next, last) = (app.Today, At(months: 1), At(months: 2), At(months: 3));
        var term = opened.GetProperty("term");
        (opened.Text("endDate"), term.GetProperty("renews").GetBoolean(), term.Text("renewFrom"), term.Text("renewUntil"))
            .ShouldBe((Text(end), false, Text(end.AddDays(-5)), Text(end.AddDays(4))));
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await DoAsync(partner, id, "renew").RefusalAsync()).ShouldBe("409 outside_renewal_window");

        app.Clock.Advance(TimeSpan.FromDays(end.DayNumber - start.DayNumber - 1));
        using (var early = await DoAsync(partner, id, "renew"))
            (await early.JsonAsync()).Text("endDate").ShouldBe(Text(next));
        (await app.HeardAsync(id)).Count(name => name == Renewed).ShouldBe(1);
        app.Clock.Advance(TimeSpan.FromDays(next.DayNumber - app.Today.DayNumber));
        (await GetAsync(partner, id)).Text("status").ShouldBe("Expired");
        (await app.HeardAsync(id)).Count(name => name == Expired).ShouldBe(1);
        app.Clock.Advance(TimeSpan.FromDays(3));
        using (var late = await DoAsync(partner, id, "renew"))
        {
            var view = await late.JsonAsync();
            (view.Text("status"), view.Text("endDate"), TermOf(view)).ShouldBe(("Active", Text(last), $"{Text(next)}/{Text(last)}"));
        }

        app.Clock.Advance(TimeSpan.FromDays(last.DayNumber - app.Today.DayNumber));
        (await app.HeardAsync(id)).Where(name => name is Renewed or Expired).ShouldBe([Renewed, Expired, Renewed, Expired]);
        (await HistoryAsync(partner, id)).ShouldBe(
            [$"Expired {Text(last)}", $"Renewed {Text(next)}", $"Expired {Text(next)}", $"Renewed {Text(end)}", $"Opened {Text(start)}"]);
        app.Clock.Advance(TimeSpan.FromDays(4));
        (await DoAsync(partner, id, "renew").RefusalAsync()).ShouldBe("409 outside_renewal_window");
    }

    [Fact]
    public async Task Renewed_late_before_the_expiry_was_told_it_is_told_as_renewed_alone()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch, terms: new { termMonths = 1, autoRenew = false, renewalWindowDays = new { before = 5, after = 4 } });
        var id = (await SubscribedAsync(branch, Asked(branch, plan))).IdOf();
        await app.HeardAsync(id);
        var (end, next) = (At(months: 1), At(months: 2));
        using var partner = branch.As(Roles.PartnerAdministrator);
        app.Clock.Advance(TimeSpan.FromDays(end.DayNumber - app.Today.DayNumber + 2));
        (await DoAsync(partner, id, "renew")).StatusCode.ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromDays(next.DayNumber - app.Today.DayNumber));

        (await app.HeardAsync(id)).Where(name => name is Renewed or Expired).ShouldBe([Renewed, Expired]);
    }

    [Theory]
    [InlineData(true, Renewed)]
    [InlineData(false, Expired)]
    public async Task An_end_that_is_expected_twice_is_told_once_and_nothing_stays_behind(bool autoRenew, string told)
    {
        var branch = await app.BranchAsync();
        var id = (await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch, terms: new { termMonths = 1, autoRenew })))).IdOf();
        // As a change of plan leaves it, which expects an end that is expected already.
        (await app.RowsAsync(
            $"""
            insert into provisioning.outbox
            select (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), 'message_id', gen_random_uuid()))).*
            from provisioning.outbox o
            where name = 'provisioning.subscription-term-due.v1' and body::text like '%{id}%' returning name
            """)).Count.ShouldBe(1);

        app.Clock.Advance(TimeSpan.FromDays(At(months: 1).DayNumber - app.Today.DayNumber));

        (await app.HeardAsync(id)).Count(name => name == told).ShouldBe(1);
        (await app.RowsAsync($"select coalesce(last_error, '') from provisioning.outbox where body::text like '%{id}%' and attempts > 0"))
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task A_cancellation_with_the_term_is_shown_and_undone()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch, terms: new { termMonths = 3, earlyCancellation = new { allowed = true, feePercent = "25" } });
        var id = (await SubscribedAsync(branch, Asked(branch, plan))).IdOf();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var end = At(months: 3);

        (await DoAsync(partner, id, "cancel", new { at = "later" }).RefusalAsync()).ShouldBe("422 validation_failed /at unknown");
        (await DoAsync(partner, id, "cancel", new { at = "termEnd", on = Text(end) }).RefusalAsync()).ShouldBe("422 validation_failed /at one_of");
        (await partner.DeleteAsync($"/api/v1/subscriptions/{id}/cancel", Ct).RefusalAsync()).ShouldBe("409 no_cancellation_scheduled");
        using var early = await DoAsync(partner, id, "cancel", new { on = Text(At(months: 1)) });
        var view = await early.JsonAsync();
        (view.Text("cancellationDate"), view.GetProperty("earlyCancellationFeePercent").GetRawText().Trim('"')).ShouldBe((Text(At(months: 1)), "25"));
        using var atEnd = await DoAsync(partner, id, "cancel", new { at = "termEnd" });
        view = await atEnd.JsonAsync();
        (view.Text("status"), view.Text("endDate"), view.GetProperty("earlyCancellationFeePercent").ValueKind,
            view.GetProperty("term").GetProperty("renews").GetBoolean())
            .ShouldBe(("Active", Text(end), JsonValueKind.Null, false));
        using var stale = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/subscriptions/{id}/cancel") { Headers = { { "If-Match", "\"1\"" } } };
        (await partner.SendAsync(stale, Ct).RefusalAsync()).ShouldBe("412 precondition_failed");
        using var undone = await partner.DeleteAsync($"/api/v1/subscriptions/{id}/cancel", Ct);
        view = await undone.JsonAsync();
        (view.Text("endDate"), view.Text("cancellationDate"), view.GetProperty("term").GetProperty("renews").GetBoolean())
            .ShouldBe((null, null, true));
        (await app.HeardAsync(id)).ShouldBe(
        [
            "provisioning.subscription-activated.v1", "provisioning.subscription-cancelled.v1", "provisioning.subscription-cancelled.v1",
            "provisioning.subscription-cancellation-undone.v1",
        ], ignoreOrder: true);
        using var outsider = (await app.BranchAsync()).As(Roles.DistributorAdministrator);
        (await outsider.DeleteAsync($"/api/v1/subscriptions/{id}/cancel", Ct).RefusalAsync()).ShouldBe("404 subscription_not_found");
        (await DoAsync(outsider, id, "renew").RefusalAsync()).ShouldBe("404 subscription_not_found");
        (await DoAsync(partner, id, "renew").RefusalAsync()).ShouldBe("409 subscription_not_renewable");
        await DoAsync(partner, id, "cancel");
        (await partner.DeleteAsync($"/api/v1/subscriptions/{id}/cancel", Ct).RefusalAsync()).ShouldBe("409 subscription_ended");
    }

    [Fact]
    public async Task What_the_plan_forbids_within_the_term_is_refused_at_every_door()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(
            branch, terms: new { termMonths = 3, decreaseAllowed = false, earlyCancellation = new { allowed = false } }, trialDays: 2);
        var opened = await SubscribedAsync(branch, Asked(branch, plan));
        var id = opened.IdOf();
        opened.Text("trialEndDate").ShouldBe(Text(At(2)));
        using var partner = branch.As(Roles.PartnerAdministrator);
        app.Clock.Advance(TimeSpan.FromDays(3));

        (await GetAsync(partner, id)).Text("trialEndDate").ShouldBeNull();
        (await partner.PatchAsJsonAsync($"/api/v1/subscriptions/{id}", new { quantities = new { essentialSeats = 9 } }, Ct).RefusalAsync())
            .ShouldBe("422 validation_failed /quantities/essentialSeats decrease_not_allowed");
        (await partner.PatchAsJsonAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}", new { seats = new { essentialSeats = 9 } }, Ct).RefusalAsync())
            .ShouldBe("422 validation_failed /seats/essentialSeats decrease_not_allowed");
        (await DoAsync(partner, id, "cancel").RefusalAsync()).ShouldBe("409 early_cancellation_not_allowed");
        (await partner.PatchAsJsonAsync($"/api/v1/subscriptions/{id}", new { quantities = new { essentialSeats = 11 } }, Ct)).StatusCode.ShouldBe(
            HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_plan_is_opened_only_with_what_it_needs_and_without_what_its_term_decides()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        var key = $"add-on-{branch.Tenant.Code}";
        (await client.PostAsJsonAsync("/api/v1/products",
            new { key, name = "Add-on", features = new[] { new { key = "essentialSeats", name = "Seats" } } }, Ct)).EnsureSuccessStatusCode();
        var (plan, addOn) = (await app.PlanAsync(branch),
            await app.PlanAsync(branch, key, terms: new { termMonths = 1, prerequisites = new[] { "ccaas" } }));

        (await SubscribeAsync(client, Asked(branch, addOn, end: Text(At(months: 3)))).RefusalAsync())
            .ShouldBe("422 validation_failed /endDate not_with_term /planId prerequisite");
        await SubscribedAsync(branch, Asked(branch, plan, start: Text(At(3))));
        (await SubscribeAsync(client, Asked(branch, addOn)).RefusalAsync()).ShouldBe("422 validation_failed /planId prerequisite");
        await SubscribedAsync(branch, Asked(branch, addOn, start: Text(At(3))));
        // Earlier in the batch counts; another tenant's does not.
        var tenant = await app.TenantAsync(branch.Platform, branch.Partner);
        using var batch = await client.PostAsJsonAsync("/api/v1/subscriptions/batch", new
        {
            items = new[] { Asked(branch, addOn, tenant: tenant), Asked(branch, plan, tenant: tenant), Asked(branch, addOn, tenant: tenant) },
        }, Ct);
        (await batch.JsonAsync()).GetProperty("results").EnumerateArray().Select(r => r.GetProperty("status").GetInt32()).ShouldBe([422, 201, 201]);
        // Its own subscription is not what it needs.
        var own = (await SubscribedAsync(branch, Asked(branch, plan, tenant: await app.TenantAsync(branch.Platform, branch.Partner)))).IdOf();
        (await DoAsync(client, own, "change-plan", new { planId = addOn }).RefusalAsync()).ShouldBe("422 validation_failed /planId prerequisite");
    }
}
