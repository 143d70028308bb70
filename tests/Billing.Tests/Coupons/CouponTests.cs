using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Coupons;

/// <summary>Coupons, credits, commitments and currencies from the route to the invoice. Each test bills a month of its own.</summary>
public sealed class CouponTests(BillingApp app) : IClassFixture<BillingApp>
{
    private static readonly object Forever = new { code = "TEN", name = "Ten", validFrom = "2020-01-01", percent = "10" };

    private static async Task<string> CouponAsync(HttpClient platform, object coupon) =>
        (await Sent(await platform.PostAsJsonAsync("/api/v1/billing/coupons", coupon))).GetProperty("id").GetString()!;

    private static Task<HttpResponseMessage> RedeemAsync(
        HttpClient platform, string coupon, OrganizationRef tenant, string? startsOn = null, SubscriptionId? subscription = null) =>
        platform.PostAsJsonAsync(
            $"/api/v1/billing/coupons/{coupon}/redemptions", new { tenantId = tenant.Id.Value, startsOn, subscriptionId = subscription?.Value });

    private static Task<HttpResponseMessage> GrantAsync(HttpClient platform, OrganizationRef tenant, string reference, object fields)
    {
        var body = JsonSerializer.SerializeToNode(fields)!.AsObject();
        (body["tenantId"], body["reference"], body["name"]) = (tenant.Id.Value, reference, reference);
        return platform.PostAsJsonAsync("/api/v1/billing/credits", body);
    }

    private static async Task<string> Answer(Task<HttpResponseMessage> sent)
    {
        using var answer = await sent;
        var fields = (await answer.JsonAsync()).TryGetProperty("errors", out var errors)
            ? string.Concat(errors.EnumerateArray().Select(e => $" {e.GetProperty("pointer").GetString()} {e.GetProperty("code").GetString()}"))
            : "";
        return $"{(int)answer.StatusCode} {await answer.CodeAsync()}{fields}";
    }

    private static string Amount(JsonElement from, string field) => from.GetProperty(field).GetProperty("amount").GetString()!;

    private async Task<(JsonElement Invoice, List<JsonElement> Lines)> InvoiceAsync(HttpClient client, OrganizationRef tenant, string month)
    {
        var invoice = (await ItemsAsync(client, $"/api/v1/invoices?period={month}&tenantId={tenant.Id.Value}")).ShouldHaveSingleItem();
        return (invoice, await ItemsAsync(client, $"/api/v1/invoices/{invoice.GetProperty("id").GetString()}/lines"));
    }

    private static string[] Lines(IEnumerable<JsonElement> lines) => [.. lines.Select(x =>
        $"{x.GetProperty("description").GetString()} {Amount(x, "capReduction")} {Amount(x, "discount")} {Amount(x, "credit")} {Amount(x, "net")}")];

    [Fact]
    public async Task A_coupon_is_where_its_making_says_it_is()
    {
        using var platform = await app.PlatformAsync();
        var made = await platform.PostAsJsonAsync(
            "/api/v1/billing/coupons", new { code = "THERE", name = "There", validFrom = "2020-01-01", percent = "5" });
        var coupon = await Sent(made);
        (await GetAsync(platform, made.Headers.Location!.ToString())).GetRawText().ShouldBe(coupon.GetRawText());
        (await Answer(platform.GetAsync($"/api/v1/billing/coupons/{Guid.AllBitsSet}"))).ShouldBe("404 coupon_not_found");
        var branch = await app.BranchAsync();
        using var tenant = branch.As(Roles.TenantAdministrator);
        (await Answer(tenant.GetAsync(made.Headers.Location.ToString()))).ShouldBe("403 not_allowed");
    }

    [Fact]
    public async Task A_coupon_is_taken_off_the_months_it_is_for_and_off_nothing_else()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("coupons", [Flat("base", "100.00"), Flat("extra", "50.00")]);
        foreach (var month in new[] { "2023-03", "2023-04", "2023-05" })
            app.Subscribe(branch.Tenant, plan, month);
        using var platform = await app.PlatformAsync();
        var coupon = await CouponAsync(
            platform, new { code = "BASE2", name = "Two", validFrom = "2020-01-01", percent = "10", periods = 2, charges = new[] { "base" } });
        var whole = await CouponAsync(
            platform, new { code = "FIVE", name = "Five", validFrom = "2020-01-01", amount = new { amount = "5.00", currency = "EUR" } });
        await Sent(await RedeemAsync(platform, coupon, branch.Tenant, "2023-04-20"));
        await Sent(await RedeemAsync(platform, whole, branch.Tenant, "2023-05-31"));

        var totals = new List<string>();
        foreach (var month in new[] { "2023-03", "2023-04", "2023-05" })
        {
            await app.BillAsync(month);
            var (invoice, lines) = await InvoiceAsync(platform, branch.Tenant, month);
            totals.Add($"{Amount(invoice, "net")} {Amount(invoice, "tax")}: {string.Join(", ", Lines(lines))}");
        }

        totals.ShouldBe(
        [
            "150.00 30.00: base 0.00 0.00 0.00 100.00, extra 0.00 0.00 0.00 50.00",
            "140.00 28.00: base 0.00 10.00 0.00 90.00, extra 0.00 0.00 0.00 50.00",
            "135.00 27.00: base 0.00 13.21 0.00 86.79, extra 0.00 1.79 0.00 48.21",
        ]);
    }

    [Fact]
    public async Task A_credit_is_used_up_once_and_comes_back_with_its_draft()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(
            "credits",
            [Flat("base", "30.00"), new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "2" } }]);
        using var platform = await app.PlatformAsync();
        foreach (var month in new[] { "2023-06", "2023-07" })
            app.Usage.Add(branch.Tenant, app.Subscribe(branch.Tenant, plan, month), $"{month}-05", "calls", "10");
        await Sent(await GrantAsync(platform, branch.Tenant, "money", new
        { amount = new { amount = "60.00", currency = "EUR" }, validFrom = "2023-06-30" }));
        await Sent(await GrantAsync(platform, branch.Tenant, "units", new { quantity = "4", meter = "calls", validFrom = "2023-07-01" }));
        await Sent(await GrantAsync(platform, branch.Tenant, "late", new { quantity = "4", meter = "calls", validFrom = "2023-08-01" }));
        async Task<string> LeftAsync() => string.Join(' ', (await ItemsAsync(platform, $"/api/v1/billing/credits?tenantId={branch.Tenant.Id.Value}"))
            .Select(x => $"{x.GetProperty("reference").GetString()} {x.GetProperty("remaining").GetString()}").Order(StringComparer.Ordinal));

        await app.BillAsync("2023-06", issue: false);
        await app.BillAsync("2023-06", issue: false);
        (await LeftAsync()).ShouldBe("late 4 money 10 units 4");
        await app.BillAsync("2023-06");
        Lines((await InvoiceAsync(platform, branch.Tenant, "2023-06")).Lines).ShouldBe(["base 0.00 0.00 30.00 0.00", "Calls 0.00 0.00 20.00 0.00"]);

        await app.BillAsync("2023-07");
        // 10.00 off both in proportion, then 4 of the 10 calls take 4 tenths of what is left of them.
        Lines((await InvoiceAsync(platform, branch.Tenant, "2023-07")).Lines).ShouldBe(["base 0.00 0.00 6.00 24.00", "Calls 0.00 0.00 10.40 9.60"]);
        (await LeftAsync()).ShouldBe("late 4 money 0 units 0");
    }

    [Fact]
    public async Task No_credit_is_overspent_and_what_was_used_does_not_change()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("guards", [Flat("base", "30.00")]);
        app.Subscribe(branch.Tenant, plan, "2023-09");
        // Whose invoice shall have used it, too.
        app.Subscribe(await app.TenantAsync(branch.Platform, branch.Partner), plan, "2023-09");
        using var platform = await app.PlatformAsync();
        await Sent(await GrantAsync(platform, branch.Tenant, "little", new
        { amount = new { amount = "5.00", currency = "EUR" }, validFrom = "2023-09-01" }));
        await app.BillAsync("2023-09");

        await using var connection = await app.Services.GetRequiredService<NpgsqlDataSource>()
            .OpenConnectionAsync(TestContext.Current.CancellationToken);
        async Task<string?> RefusedAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = branch.Tenant.Id.Value } } };
            var failure = await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
            return failure.ConstraintName ?? failure.MessageText;
        }

        const string again = "insert into billing.reduction_uses select {0}, tenant_id, reduction_id, kind, amount, consumed "
            + "from billing.reduction_uses where tenant_id = $1";
        (await RefusedAsync(string.Format(again, "invoice_id"))).ShouldBe("reduction_uses_once");
        (await RefusedAsync("insert into billing.reduction_uses select (select id from billing.invoices where tenant_id <> $1 limit 1), "
            + "tenant_id, reduction_id, kind, amount, consumed from billing.reduction_uses where tenant_id = $1")).ShouldBe("credits_not_overspent");
        (await RefusedAsync("update billing.reduction_uses set amount = '0' where tenant_id = $1")).ShouldBe("what an invoice used does not change");
    }

    [Fact]
    public async Task A_commitment_tops_up_or_caps_what_a_plan_comes_to()
    {
        var branch = await app.BranchAsync();
        using var platform = await app.PlatformAsync();
        var stairs = new object[] { new { upTo = "5", price = "10" }, new { price = "60" } };
        object Calls(string model, object more) => new { key = "calls", name = "Calls", meter = "calls", price = more };
        var minimum = await app.PlanAsync(
            "minimum", [Flat("base", "31.00"), Calls("percentage", new { model = "percentage", percent = "1.5", fixedFee = "0.10" })],
            terms: new { commitment = new { minimum = "62.00" } });
        var cap = await app.PlanAsync(
            "capped",
            [Flat("base", "100.00"), Calls("stairstep", new { model = "stairstep", tiers = stairs })],
            terms: new { commitment = new { cap = "120.00" } });
        app.Usage.Add(branch.Tenant, app.Subscribe(branch.Tenant, minimum, "2023-10-01/2023-10-11"), "2023-10-05", "calls", "200");
        app.Usage.Add(branch.Tenant, app.Subscribe(branch.Tenant, cap, "2023-10"), "2023-10-05", "calls", "5.5");

        await app.BillAsync("2023-10");
        var (invoice, lines) = await InvoiceAsync(platform, branch.Tenant, "2023-10");
        // Subscriptions of one moment are in no order.
        Lines(lines).ShouldBe(
        [
            // 10 of 31 days: 10.00 of the base, 20.00 of the minimum; 200 at 1.5 % and one record.
            "base 0.00 0.00 0.00 10.00", "Calls 0.00 0.00 0.00 3.10",
            "base 25.00 0.00 0.00 75.00", "Calls 15.00 0.00 0.00 45.00",
            "minimum: minimum commitment 0.00 0.00 0.00 6.90",
        ], ignoreOrder: true);
        Amount(invoice, "net").ShouldBe("140.00");
    }

    [Fact]
    public async Task A_plan_in_another_currency_is_converted_by_the_rate_of_the_last_day_and_the_invoice_keeps_it()
    {
        var branch = await app.BranchAsync();
        using var platform = await app.PlatformAsync();
        var plan = await app.PlanAsync("abroad", [Flat("base", "10.00")], currency: "CHF");
        app.Subscribe(branch.Tenant, plan, "2023-11");
        (await app.BillAsync("2023-11")).GetProperty("errors")[0].GetProperty("code").GetString().ShouldBe("exchange_rate_missing");

        await Sent(await platform.PostAsJsonAsync("/api/v1/directory/exchange-rates", new
        {
            rates = new[]
            {
                new { from = "CHF", to = "EUR", date = "2023-11-29", rate = "1.0555" },
                new { from = "CHF", to = "EUR", date = "2023-12-01", rate = "2" },
            },
        }));
        await app.BillAsync("2023-11");
        var line = (await InvoiceAsync(platform, branch.Tenant, "2023-11")).Lines.ShouldHaveSingleItem();
        (Amount(line, "net"), line.GetProperty("unrounded").GetString(), line.GetProperty("exchange").GetRawText())
            .ShouldBe(("10.56", "10.555", """{"from":"CHF","rate":"1.0555","on":"2023-11-29"}"""));
        line.GetProperty("steps")[0].GetProperty("amount").GetString().ShouldBe("10");
    }

    [Fact]
    public async Task What_cannot_be_granted_is_refused()
    {
        var branch = await app.BranchAsync();
        using var platform = await app.PlatformAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var coupon = await CouponAsync(platform, Forever);
        var over = await CouponAsync(
            platform, new { code = "OVER", name = "Over", validFrom = "2020-01-01", validUntil = "2020-02-01", percent = "5" });
        var missing = branch.Tenant with { Id = new(Guid.Parse("01890000-0000-7000-8000-000000000000")) };
        Task<HttpResponseMessage> Make(object body) => platform.PostAsJsonAsync("/api/v1/billing/coupons", body);

        await Sent(await RedeemAsync(platform, coupon, branch.Tenant));
        (await Answer(RedeemAsync(platform, coupon, branch.Tenant))).ShouldBe("409 coupon_redeemed_already");
        (await Answer(RedeemAsync(platform, over, branch.Tenant))).ShouldBe("409 coupon_not_valid");
        (await Answer(RedeemAsync(platform, missing.Id.Value.ToString(), branch.Tenant))).ShouldBe("404 coupon_not_found");
        (await Answer(RedeemAsync(platform, coupon, missing))).ShouldBe("404 tenant_not_found");
        (await Answer(RedeemAsync(platform, coupon, branch.Tenant, subscription: new(missing.Id.Value))))
            .ShouldBe("422 subscription_not_found /subscriptionId subscription_not_found");
        (await Answer(RedeemAsync(partner, coupon, branch.Tenant))).ShouldBe("403 not_allowed");
        (await Answer(Make(Forever))).ShouldBe("409 coupon_code_taken");
        var wrong = new { code = "-", name = "", validFrom = "2020-01-01", validUntil = "2020-01-01", periods = 0, plans = new[] { "" } };
        (await Answer(Make(wrong))).ShouldBe(
            "422 validation_failed /code invalid_code /name not_empty /percent coupon_percent_or_amount /validUntil not_after_start "
            + "/periods out_of_range /plans out_of_range");
        (await Answer(Make(new { code = "A", name = "A", validFrom = "2020-01-01", percent = "101" })))
            .ShouldBe("422 validation_failed /percent not_a_percentage");

        await Sent(await GrantAsync(platform, branch.Tenant, "once", new { quantity = "1", meter = "calls" }));
        (await Answer(GrantAsync(platform, branch.Tenant, "once", new { quantity = "2", meter = "calls" }))).ShouldBe("409 credit_reference_used");
        (await Answer(GrantAsync(platform, branch.Tenant, "a", new { quantity = "1", meter = "none" })))
            .ShouldBe("422 unknown_meter /meter unknown_meter");
        (await Answer(GrantAsync(platform, branch.Tenant, "a", new { amount = new { amount = "1.00", currency = "USD" } })))
            .ShouldBe("422 currency_mismatch /amount currency_mismatch");
        (await Answer(GrantAsync(platform, branch.Tenant, "a", new { amount = new { amount = "1.001", currency = "EUR" }, sku = "A" })))
            .ShouldBe("422 validation_failed /amount not_an_amount /sku required");
        (await Answer(GrantAsync(platform, branch.Tenant, "a", new { quantity = "0" })))
            .ShouldBe("422 validation_failed /quantity out_of_range /meter required");
        (await Answer(GrantAsync(platform, branch.Tenant, "a", new { }))).ShouldBe("422 validation_failed /amount amount_or_quantity");
        (await ItemsAsync(partner, $"/api/v1/billing/coupons/{coupon}/redemptions")).Count.ShouldBe(1);
        using var stranger = (await app.BranchAsync()).As(Roles.PartnerAdministrator);
        (await ItemsAsync(stranger, $"/api/v1/billing/coupons/{coupon}/redemptions")).ShouldBeEmpty();
        (await ItemsAsync(stranger, $"/api/v1/billing/credits?tenantId={branch.Tenant.Id.Value}")).ShouldBeEmpty();
    }
}
