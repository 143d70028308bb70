using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Payouts;

public sealed class PayoutTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    [Fact]
    public async Task A_payout_is_held_then_due_then_paid_once()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        // The clock says 15 January 2026.
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: "2025-11", holdingDays: 30);
        app.Invoices.Issue("2025-11", branch.Tenant, "1000.00");
        app.Invoices.Issue("2025-12", branch.Tenant, "500.00");
        await CloseAsync(platform, "2025-11");
        await CloseAsync(platform, "2025-12");
        using var partner = branch.As(Roles.PartnerReader);
        (await ItemsAsync(partner, "/api/v1/commissions/payouts")).Select(Told)
            .ShouldBe(["50.00 Held 2026-01-31", "100.00 Due 2025-12-31"], ignoreOrder: true);
        (await ItemsAsync(partner, "/api/v1/commissions/payouts?state=Held")).Select(Told).ShouldBe(["50.00 Held 2026-01-31"]);
        var held = (await ItemsAsync(platform, $"/api/v1/commissions/payouts?state=Held&organizationId={branch.Partner.Id.Value}"))
            .ShouldHaveSingleItem().GetProperty("id").GetString();
        var due = (await ItemsAsync(platform, $"/api/v1/commissions/payouts?state=Due&organizationId={branch.Partner.Id.Value}"))
            .ShouldHaveSingleItem().GetProperty("id").GetString();

        (await RefusedAsync(platform, held, "paid", new { paidOn = "2026-01-15", reference = "A" }))
            .ShouldBe((HttpStatusCode.Conflict, "payout_held"));
        (await RefusedAsync(platform, held, "failed", new { reason = "A" })).ShouldBe((HttpStatusCode.Conflict, "payout_held"));
        (await RefusedAsync(platform, due, "paid", new { paidOn = "2026-01-16", reference = "A" }))
            .ShouldBe((HttpStatusCode.UnprocessableEntity, "validation_failed"));
        (await RefusedAsync(partner, due, "paid", new { paidOn = "2026-01-15", reference = "A" })).Status.ShouldBe(HttpStatusCode.Forbidden);

        // A payment that nobody knows of has not come back, and is not passed over in silence.
        var unknown = new { reason = "Back", reference = "SEPA 9" };
        (await RefusedAsync(platform, due, "failed", unknown)).ShouldBe((HttpStatusCode.Conflict, "payment_unknown"));
        (await ItemsAsync(partner, "/api/v1/commissions/payouts?state=Due")).Select(Told).ShouldBe(["100.00 Due 2025-12-31"]);
        Told(await Sent(await PostAsync(platform, due, "failed", new { reason = "No such account" }))).ShouldBe("100.00 Failed 2025-12-31");
        (await RefusedAsync(platform, due, "failed", unknown)).ShouldBe((HttpStatusCode.Conflict, "payment_unknown"));
        (await ItemsAsync(partner, "/api/v1/commissions/payouts?state=Failed")).Select(x => x.GetProperty("failure").GetString())
            .ShouldBe(["No such account"]);
        (await ItemsAsync(partner, "/api/v1/commissions/payouts?state=Due")).ShouldBeEmpty();
        var sepa = new { paidOn = "2026-01-15", reference = "SEPA 1" };
        var paid = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostAsync(platform, due, "paid", sepa)));
        paid.ShouldContain(x => x.StatusCode == HttpStatusCode.OK);
        paid.ShouldAllBe(x => x.StatusCode == HttpStatusCode.OK || x.StatusCode == HttpStatusCode.Conflict);
        var told = await Sent(await PostAsync(platform, due, "paid", sepa));
        (Told(told), told.GetProperty("reference").GetString(), told.GetProperty("failure").ValueKind)
            .ShouldBe(("100.00 Paid 2025-12-31", "SEPA 1", JsonValueKind.Null));
        (await RefusedAsync(platform, due, "paid", new { paidOn = "2026-01-15", reference = "SEPA 2" }))
            .ShouldBe((HttpStatusCode.Conflict, "payout_paid"));
        (await RefusedAsync(platform, due, "failed", new { reason = "Late" })).ShouldBe((HttpStatusCode.Conflict, "payout_paid"));

        using var stranger = (await app.BranchAsync()).As(Roles.DistributorAdministrator);
        (await stranger.GetAsync($"/api/v1/commissions/payouts/{due}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await ItemsAsync(stranger, "/api/v1/commissions/payouts")).ShouldBeEmpty();
        (await (await partner.GetAsync("/api/v1/commissions/payouts?state=1")).CodeAsync()).ShouldBe("invalid_state");
    }

    [Fact]
    public async Task Terms_that_cannot_be_are_refused_by_field()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        foreach (var (terms, codes) in new (object, string[])[]
        {
            (new { holdingDays = 367 }, ["/holdingDays holding_days_out_of_range"]),
            (new { minimumPayout = new { amount = "0.00", currency = "EUR" } }, ["/minimumPayout/amount minimum_payout_not_positive"]),
            (new { minimumPayout = new { amount = "1.005", currency = "EUR" } }, ["/minimumPayout/amount minimum_payout_not_positive"]),
            (new { minimumPayout = new { amount = "5.00", currency = "USD" } }, ["/minimumPayout/currency currency_mismatch"]),
        })
        {
            var body = JsonSerializer.SerializeToNode(terms)!.AsObject();
            body["organizationId"] = branch.Partner.Id.Value;
            body["tiers"] = JsonSerializer.SerializeToNode(new[] { Tier("0", null, "1") });
            foreach (var path in new[] { "schemes", "schemes/preview" })
            {
                body["period"] = "2024-01";
                if (path == "schemes")
                    body.Remove("period");
                var refused = await platform.PostAsJsonAsync($"/api/v1/commissions/{path}", body);
                refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
                (await refused.JsonAsync()).GetProperty("errors").EnumerateArray()
                    .Select(x => $"{x.GetProperty("pointer").GetString()} {x.GetProperty("code").GetString()}").ShouldBe(codes);
            }
        }
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string? payout, string what, object body) =>
        client.PostAsJsonAsync($"/api/v1/commissions/payouts/{payout}/{what}", body);

    private static async Task<(HttpStatusCode Status, string? Code)> RefusedAsync(HttpClient client, string? payout, string what, object body)
    {
        var refused = await PostAsync(client, payout, what, body);
        return (refused.StatusCode, await refused.CodeAsync());
    }

    private static string Told(JsonElement x) => $"{Amount(x, "amount")} {x.GetProperty("state").GetString()} {x.GetProperty("dueOn").GetString()}";
}
