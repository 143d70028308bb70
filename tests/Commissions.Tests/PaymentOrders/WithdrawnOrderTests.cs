using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.PaymentOrders;

/// <summary>Orders that a bank does not take, or is not to take. One month of one host, for a close is of everyone.</summary>
public sealed class WithdrawnOrderTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    private const string German = "DE89370400440532013000";
    private const string Turkish = "TR330006100519786457841326";

    [Fact]
    public async Task A_whole_order_is_taken_back_but_for_what_it_has_paid()
    {
        var branch = await app.BranchAsync();
        var second = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        var below = await app.TenantAsync(branch.Platform, second);
        foreach (var (partner, tenant) in new[] { (branch.Partner, branch.Tenant), (second, below) })
        {
            await SchemeAsync(platform, partner, [Tier("0", null, "10")], validFrom: "2025-06");
            app.Invoices.Issue("2025-06", tenant, "1000.00");
            await Sent(await AccountAsync(platform, partner, partner == second ? Turkish : German));
        }

        await Sent(await AccountAsync(platform, branch.Platform, German));
        await CloseAsync(platform, "2025-06");
        (await FieldAsync(await OrderAsync(platform, "2026-03-17"))).ShouldBe("/executesOn executes_too_late");
        var order = (await Sent(await OrderAsync(platform, "2026-03-16"))).GetProperty("order").GetProperty("id").GetString();
        var path = $"/api/v1/commissions/payment-orders/{order}";

        // The bank has no way to Turkey by SEPA; as CSV somebody else does.
        using var xml = new HttpRequestMessage(HttpMethod.Get, path)
        { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("application/xml") } } };
        using var outside = await platform.SendAsync(xml);
        (outside.StatusCode, await outside.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "not_in_sepa"));
        (await outside.JsonAsync()).GetProperty("detail").GetString()!.ShouldMatch("positions [12] are not");

        var paid = (await PayoutsAsync(platform, branch.Partner)).ShouldHaveSingleItem().GetProperty("id").GetString();
        var pay = new { paidOn = "2026-01-15", reference = "One" };
        await Sent(await platform.PostAsJsonAsync($"/api/v1/commissions/payouts/{paid}/paid", pay));
        (await FieldAsync(await platform.PostAsJsonAsync($"{path}/withdrawn", new { reason = "" }))).ShouldStartWith("/reason");
        using (var reader = branch.As(Roles.PartnerAdministrator))
            (await reader.PostAsJsonAsync($"{path}/withdrawn", new { reason = "Mine" })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 3).Select(_ => platform.PostAsJsonAsync($"{path}/withdrawn", new { reason = "Refused" })));
        var failed = 0;
        foreach (var answer in answers)
        {
            var told = await Sent(answer);
            failed += told.GetProperty("failed").GetInt32();
            told.GetProperty("order").GetProperty("withdrawalReason").GetString().ShouldBe("Refused");
        }

        failed.ShouldBe(1);
        (await PayoutsAsync(platform, branch.Partner)).ShouldHaveSingleItem().GetProperty("state").GetString().ShouldBe("Paid");
        var back = (await PayoutsAsync(platform, second)).ShouldHaveSingleItem();
        (back.GetProperty("state").GetString(), back.GetProperty("failure").GetString()).ShouldBe(("Failed", "Refused"));
        // Its file would be paid beside that of the order that takes its place.
        var shown = await platform.GetFromJsonAsync<JsonElement>(path);
        (shown.GetProperty("withdrawnAt").GetDateTimeOffset(), shown.GetProperty("withdrawalReason").GetString())
            .ShouldBe((app.Clock.GetUtcNow(), "Refused"));
        foreach (var form in new[] { "text/csv", "application/xml" })
        {
            using var file = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Accept = { new MediaTypeWithQualityHeaderValue(form) } } };
            using var withdrawn = await platform.SendAsync(file);
            (withdrawn.StatusCode, await withdrawn.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "payment_order_withdrawn"));
        }

        // Ordered anew it is the new order's, and what the former one is told says nothing of it.
        var anew = (await Sent(await OrderAsync(platform, null))).GetProperty("order");
        anew.GetProperty("withdrawalReason").ValueKind.ShouldBe(JsonValueKind.Null);
        var again = await Sent(await platform.PostAsJsonAsync($"{path}/withdrawn", new { reason = "Again" }));
        (again.GetProperty("failed").GetInt32(), again.GetProperty("order").GetProperty("withdrawalReason").GetString()).ShouldBe((0, "Refused"));
        (await ItemsAsync(platform, "/api/v1/commissions/payment-orders")).Select(x => x.GetProperty("withdrawalReason").GetString())
            .ShouldBe([null, "Refused"], ignoreOrder: true);
        (await PayoutsAsync(platform, second)).ShouldHaveSingleItem().GetProperty("state").GetString().ShouldBe("Ordered");
        (await (await platform.PostAsJsonAsync(
            $"/api/v1/commissions/payment-orders/{branch.Partner.Id.Value}/withdrawn", new { reason = "None" })).CodeAsync())
            .ShouldBe("payment_order_not_found");

        // To whom something is to be paid is not closed; who was paid is.
        foreach (var (partner, tenant, status) in new[]
            { (second, below, HttpStatusCode.Conflict), (branch.Partner, branch.Tenant, HttpStatusCode.NoContent) })
        {
            (await platform.DeleteAsync($"/api/v1/tenants/{tenant.Id.Value}")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
            using var closed = await platform.DeleteAsync($"/api/v1/partners/{partner.Id.Value}");
            closed.StatusCode.ShouldBe(status);
            if (status is HttpStatusCode.Conflict)
                (await closed.Content.ReadAsStringAsync()).ShouldContain("1 payouts");
        }
    }

    [Fact]
    public async Task Two_who_say_at_once_where_one_is_paid_are_told_and_one_of_them_is_heard()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => AccountAsync(platform, branch.Partner, German)));
        answers.ShouldContain(x => x.StatusCode == HttpStatusCode.OK);
        foreach (var other in answers.Where(x => x.StatusCode != HttpStatusCode.OK))
            (other.StatusCode, await other.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "bank_account_set_meanwhile"));
        await Sent(await AccountAsync(platform, branch.Partner, German));
    }

    private static Task<List<JsonElement>> PayoutsAsync(HttpClient client, OrganizationRef of) =>
        ItemsAsync(client, $"/api/v1/commissions/payouts?organizationId={of.Id.Value}");

    private static Task<HttpResponseMessage> OrderAsync(HttpClient client, string? executesOn) =>
        client.PostAsJsonAsync("/api/v1/commissions/payment-orders", new { currency = "EUR", executesOn, format = "Csv" });

    private static Task<HttpResponseMessage> AccountAsync(HttpClient client, OrganizationRef of, string iban) =>
        client.PutAsJsonAsync($"/api/v1/commissions/bank-accounts/{of.Id.Value}", new { holder = of.DisplayName, iban });

    private static async Task<string> FieldAsync(HttpResponseMessage refused)
    {
        refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        var error = (await refused.JsonAsync()).GetProperty("errors")[0];
        return $"{error.GetProperty("pointer").GetString()} {error.GetProperty("code").GetString()}";
    }
}
