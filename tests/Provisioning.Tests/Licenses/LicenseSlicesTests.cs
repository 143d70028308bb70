using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Tests.CustomerArea;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Licenses;

/// <summary>Licences through the customer area: what they cost, when they are what, and whose they are.</summary>
public sealed class LicenseSlicesTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task What_can_be_assigned_is_told_alike_by_query_json_and_form()
    {
        var branch = await app.BranchAsync();
        var edition = await branch.EditionAsync("5.00", "0.5", version: 7);
        using var client = branch.Partner();
        var expected =
            $$"""
            {"code":200,"content":[{"license_code":"{{edition}}","license_name":"Business filter license","license_duration_months":"1",
            "license_version":"7","license_quantity":"5 users","license_points":0.5,"license_amount":5,"license_amount_currency":"EUR"}]}
            """.ReplaceLineEndings("");
        var query = $"licenses/available?customer_code={branch.Tenant.Code}&license_code={edition}";

        (await client.AreaAsync("GET", query)).GetRawText().ShouldBe(expected);
        (await client.AreaAsync("GET", "licenses/available", new { customer_code = branch.Tenant.Code, license_code = edition })).GetRawText()
            .ShouldBe(expected);
        using var form = new HttpRequestMessage(HttpMethod.Get, "/customerarea/licenses/available")
        {
            Content = new FormUrlEncodedContent([new("customer_code", $"{branch.Tenant.Code}"), new("license_code", edition), new("lang", "fr")]),
        };
        (await (await client.SendAsync(form, Ct)).Content.ReadAsStringAsync(Ct)).ShouldBe(expected);

        (await client.AreaAsync("GET", query + "&lang=it")).GetProperty("content")[0].GetProperty("license_name").GetString().ShouldBe("Licenza");
        foreach (var other in (string[])["&currency_code=USD", "&license_duration=2", "&version_code=6"])
            (await client.AreaAsync("GET", query + other)).GetProperty("content").GetArrayLength().ShouldBe(0, other);
        (await client.AreaAsync("GET", query + "&license_duration=1&version_code=7&currency_code=EUR")).GetProperty("content").GetArrayLength()
            .ShouldBe(1);
    }

    [Fact]
    public async Task A_licence_is_paid_activated_and_over_in_time_also_while_nobody_ticks()
    {
        var (branch, edition, client) = await SoldAsync("5.00", "12.50", points: "0.5", pointsHeld: "2");

        var assigned = await client.AssignAsync(branch, edition);
        // Heard at every step: what is told at once of several things, and what others have left untold, comes in no order.
        (await app.HeardAsync(assigned.LicenseId())).ShouldBe(["provisioning.license-assigned.v1"]);
        (assigned.State(), assigned.GetProperty("license_amount").GetRawText(), assigned.GetProperty("license_info").GetString())
            .ShouldBe(("ToBeActivated", "5", "Headquarter"));
        (await branch.CreditAsync()).ShouldBe("7.5 EUR, 1.5 points");
        app.Clock.Advance(TimeSpan.FromDays(40));
        var named = new { license_id = assigned.LicenseId(), customer_code = $"{branch.Tenant.Code}" };
        var active = (await client.AreaAsync("POST", "licenses/activate", named)).GetProperty("content");
        var starts = DateOnly.FromDateTime(app.Clock.GetUtcNow().UtcDateTime);
        (active.State(), active.GetProperty("starts_on").GetString(), active.GetProperty("ends_on").GetString())
            .ShouldBe(("Active", $"{starts:yyyy-MM-dd}", $"{starts.AddMonths(1):yyyy-MM-dd}"));
        (await app.HeardAsync(assigned.LicenseId())).ShouldBe(["provisioning.license-assigned.v1", "provisioning.license-activated.v1"]);
        (await client.RefusedAreaAsync("POST", "licenses/activate", named))
            .ShouldBe("""409 {"code":409,"message":"The license is Active and cannot be activated."}""");

        app.Clock.Advance(TimeSpan.FromDays(starts.AddMonths(1).DayNumber - starts.DayNumber));
        (await client.StatesAsync(branch)).ShouldBe("Expired");
        (await client.RefusedAreaAsync("POST", "licenses/renew", named))
            .ShouldBe("""409 {"code":409,"message":"The license is Expired and cannot be renewed; only an active one can."}""");
        (await app.HeardAsync(assigned.LicenseId()))
            .ShouldBe(["provisioning.license-assigned.v1", "provisioning.license-activated.v1", "provisioning.license-expired.v1"]);
        (await branch.CreditAsync()).ShouldBe("7.5 EUR, 1.5 points");
    }

    [Fact]
    public async Task A_renewal_is_bought_now_starts_when_the_old_one_ends_and_can_be_called_back_until_then()
    {
        var (branch, edition, client) = await SoldAsync("5.00", "10.00");
        var first = (await client.AssignAsync(branch, edition)).LicenseId();
        object Named(Guid id) => new { license_id = id, customer_code = branch.Tenant.Code };
        var ends = DateOnly.Parse(
            (await client.AreaAsync("POST", "licenses/activate", Named(first))).GetProperty("content").GetProperty("ends_on").GetString()!);

        app.Clock.Advance(TimeSpan.FromSeconds(1));
        var second = (await client.AreaAsync("POST", "licenses/renew", Named(first))).GetProperty("content");
        (second.GetProperty("starts_on").GetString(), second.GetProperty("renews_license_id").GetGuid()).ShouldBe(($"{ends:yyyy-MM-dd}", first));
        (await client.StatesAsync(branch)).ShouldBe("ToBeActivated, Renewed");
        (await branch.CreditAsync()).ShouldStartWith("0 EUR");
        (await client.AreaAsync("POST", "licenses/cancel", Named(second.LicenseId()))).GetProperty("content").State().ShouldBe("Cancelled");
        (await client.StatesAsync(branch)).ShouldBe("Cancelled, Active");
        (await branch.CreditAsync()).ShouldStartWith("5 EUR");

        app.Clock.Advance(TimeSpan.FromSeconds(1));
        var third = (await client.AreaAsync("POST", "licenses/renew", Named(first))).GetProperty("content").LicenseId();
        (await app.HeardAsync(third)).ShouldBe(["provisioning.license-assigned.v1"]);
        app.Clock.Advance(TimeSpan.FromDays(31));
        (await client.StatesAsync(branch)).ShouldBe("Active, Cancelled, Renewed");
        (await app.HeardAsync(third)).ShouldBe(["provisioning.license-assigned.v1", "provisioning.license-activated.v1"]);
        // It has started, so it gives nothing back.
        (await client.AreaAsync("POST", "licenses/cancel", Named(third))).GetProperty("content").State().ShouldBe("Cancelled");
        (await branch.CreditAsync()).ShouldStartWith("0 EUR");
        (await client.RefusedAreaAsync("POST", "licenses/cancel", Named(third)))
            .ShouldBe("""409 {"code":409,"message":"The license is Cancelled and cannot be cancelled."}""");
        await app.LedgerVerifiedAsync();
    }

    [Fact]
    public async Task What_is_never_activated_gives_its_credit_back_in_full_and_once()
    {
        var (branch, edition, client) = await SoldAsync("5.00", "5.00", points: "0.5", pointsHeld: "0.5");
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        var named = new { license_id = (await client.AssignAsync(branch, edition)).LicenseId(), customer_code = branch.Tenant.Code };
        (await branch.CreditAsync()).ShouldBe("0 EUR, 0 points");
        app.Clock.Advance(TimeSpan.FromSeconds(1));

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => client.SendAreaAsync("POST", "licenses/cancel", named)));

        answers.Select(a => (int)a.StatusCode).Order().ShouldBe([200, 409, 409, 409, 409, 409, 409, 409, 409, 409]);
        (await branch.CreditAsync()).ShouldBe("5 EUR, 0.5 points");
        var movements = (await client.AreaAsync("GET", "credit")).GetProperty("content").GetProperty("movements");
        movements.EnumerateArray()
            .Select(m => $"{m.GetProperty("kind").GetString()} {m.GetProperty("amount").GetRawText()} {m.GetProperty("points").GetRawText()}")
            .ShouldBe(["GivingBack 5 0.5", "Spending -5 -0.5", "TopUp 5 0.5"]);
    }

    [Fact]
    public async Task Credit_that_does_not_suffice_is_told_exactly_and_the_same_request_succeeds_after_a_top_up()
    {
        var (branch, edition, client) = await SoldAsync("5.00", "4.99", points: "0.5", pointsHeld: "0.5");
        var asked = new { customer_code = branch.Tenant.Code, license_code = edition, license_info = "Headquarter" };

        (await client.RefusedAreaAsync("POST", "licenses/bulk", asked, "the same")).ShouldBe(
            """402 {"code":402,"message":"Insufficient credit","content":{"required":5,"available":4.99,"currency":"EUR"}}""");
        (await client.StatesAsync(branch)).ShouldBe("");
        (await branch.CreditAsync()).ShouldBe("4.99 EUR, 0.5 points");
        await branch.TopUpAsync("0.01");
        await client.AreaAsync("POST", "licenses/bulk", asked, "the same");
        (await branch.CreditAsync()).ShouldBe("0 EUR, 0 points");
    }

    [Fact]
    public async Task A_repeated_idempotency_key_assigns_once()
    {
        var (branch, edition, client) = await SoldAsync("5.00", "50.00");
        var asked = new { customer_code = branch.Tenant.Code, license_code = edition, license_info = "Headquarter" };

        var together = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => client.SendAreaAsync("POST", "licenses/bulk", asked, "once")));
        together.Select(a => (int)a.StatusCode).Except([200, 409]).ShouldBeEmpty();
        var first = (await client.AreaAsync("POST", "licenses/bulk", asked, "once")).GetRawText();
        (await client.AreaAsync("POST", "licenses/bulk", asked, "once")).GetRawText().ShouldBe(first);

        (await client.StatesAsync(branch)).ShouldBe("ToBeActivated");
        (await branch.CreditAsync()).ShouldStartWith("45 EUR");
        (await client.RefusedAreaAsync("POST", "licenses/bulk", new { asked.customer_code, asked.license_code, license_info = "Other" }, "once"))
            .ShouldStartWith("422 ");
        (await branch.CreditAsync()).ShouldStartWith("45 EUR");
    }

    [Fact]
    public async Task A_demo_is_free_and_there_are_two_ever()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Partner();
        var asked = new { customer_code = branch.Tenant.Code };

        var demo = (await client.AreaAsync("POST", "licenses/demo", asked)).GetProperty("content");
        (demo.State(), demo.GetProperty("license_duration_days").GetInt32(), demo.GetProperty("license_amount").GetInt32())
            .ShouldBe(("TrialActivated", 30, 0));
        (await client.AreaAsync("POST", "licenses/cancel", new { license_id = demo.LicenseId(), asked.customer_code })).GetProperty("content").State()
            .ShouldBe("Cancelled");
        // Ids are in the order of time, to the millisecond.
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        await client.AreaAsync("POST", "licenses/demo", asked);
        app.Clock.Advance(TimeSpan.FromDays(400));
        (await client.RefusedAreaAsync("POST", "licenses/demo", asked))
            .ShouldBe("""409 {"code":409,"message":"The customer has had two demo licenses; there are no more."}""");
        (await client.StatesAsync(branch)).ShouldBe("Expired, Cancelled");
    }

    [Fact]
    public async Task The_customer_is_told_by_mail_unless_it_is_not_wanted()
    {
        var (branch, edition, client) = await SoldAsync("5.00", "50.00");
        var address = await AddressAsync(branch);

        await client.AssignAsync(branch, edition);
        await app.DrainAsync();
        app.Mailbox.To(address).ShouldBeEmpty();
        await client.AreaAsync(
            "POST", "licenses/bulk", new { customer_code = branch.Tenant.Code, license_code = edition, license_info = "Head\r\nquarter" });
        await client.AreaAsync("POST", "licenses/demo", new { customer_code = branch.Tenant.Code, accept_notifications = "true" });
        await client.RefusedAreaAsync("POST", "licenses/bulk", new { customer_code = branch.Tenant.Code, license_code = "none", license_info = "x" });
        app.Mailbox.To(address).ShouldBeEmpty();
        await app.DrainAsync();

        app.Mailbox.To(address).Select(l => l.Subject)
            .ShouldBe(["Platform: a licence for you", "Platform: a demo licence for you"], ignoreOrder: true);
        app.Mailbox.To(address).ShouldContain(l => l.Text.Contains("Business filter license (Head quarter): 5 users."));
    }

    [Fact]
    public async Task A_customer_is_told_of_so_many_licences_an_hour_of_the_others_later_and_of_his_account_all_the_same()
    {
        var (branch, edition, client) = await SoldAsync("1.00", "50.00");
        var address = $"told-{branch.Tenant.Code}@customer.example";
        var customer = (await client.AreaAsync("POST", "customers/new", new
        {
            email = address,
            password = "a long enough pass",
            customer_name = "Ada",
            country_code = "DE",
            industry_code = "family",
        })).GetProperty("content").GetProperty("customer_code").GetInt32();
        async Task AssignAsync(int licence) => await client.AreaAsync(
            "POST", "licenses/bulk", new { customer_code = customer, license_code = edition, license_info = $"No. {licence};" });

        // Told so far: how often of which licences, and how often of his account.
        async Task<(int Licences, int Different, int Account)> ToldAsync(TimeSpan later)
        {
            app.Clock.Advance(later);
            await app.DrainAsync();
            var ofLicences = app.Mailbox.To(address).Where(l => l.Subject == "Platform: a licence for you").ToList();
            var different = ofLicences.Select(l => l.Text.Split("No. ")[1].Split(';')[0]).Distinct().Count();
            return (ofLicences.Count, different, app.Mailbox.To(address).Count(l => l.Subject == "Platform: Your account was changed"));
        }

        for (var i = 0; i < 20; i++)
            await AssignAsync(i);
        (await ToldAsync(TimeSpan.Zero)).ShouldBe((10, 10, 0));
        // Now, while neither this hour nor the next has room for a licence's.
        await client.AreaAsync("POST", "customers/password", new { customer_code = customer, password = "another long pass" });
        (await ToldAsync(TimeSpan.Zero)).ShouldBe((10, 10, 1));
        for (var i = 20; i < 25; i++)
            await AssignAsync(i);
        (await ToldAsync(TimeSpan.FromMinutes(59))).ShouldBe((10, 10, 1));
        (await ToldAsync(TimeSpan.FromMinutes(1))).ShouldBe((20, 20, 1));
        // Behind those that wait already.
        await AssignAsync(25);
        (await ToldAsync(TimeSpan.Zero)).ShouldBe((20, 20, 1));
        (await ToldAsync(TimeSpan.FromHours(1))).ShouldBe((26, 26, 1));
        await AssignAsync(26);
        (await ToldAsync(TimeSpan.Zero)).ShouldBe((27, 27, 1));
    }

    [Fact]
    public async Task Licences_are_seen_through_the_channel_api_within_the_scope()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var edition = await branch.EditionAsync("5.00", "0.5");
        await branch.TopUpAsync("50.00", "5");
        using var client = branch.Partner();
        var first = await client.AssignAsync(branch, edition);
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        await client.AreaAsync("POST", "licenses/demo", new { customer_code = branch.Tenant.Code });

        foreach (var role in Roles.All)
        {
            var listed = await (await branch.As(role).GetAsync($"/api/v1/licenses?tenantId={branch.Tenant.Id.Value}", Ct)).JsonAsync();
            listed.GetProperty("items").EnumerateArray().Select(x => x.Text("status")).ShouldBe(["TrialActivated", "ToBeActivated"]);
            var one = await (await branch.As(role).GetAsync($"/api/v1/licenses/{first.LicenseId()}", Ct)).JsonAsync();
            (one.Text("code"), one.GetProperty("price").GetRawText(), one.Text("points"))
                .ShouldBe((edition, """{"amount":"5.00","currency":"EUR"}""", "0.5"));
        }

        foreach (var (status, count) in ((string, int)[])[("TrialActivated", 1), ("toBeActivated", 1), ("Active", 0), ("Expired", 0), ("Renewed", 0),
            ("Cancelled", 0)])
            (await (await branch.Partner().GetAsync($"/api/v1/licenses?status={status}", Ct)).JsonAsync()).GetProperty("items").GetArrayLength()
                .ShouldBe(count, status);
        (await other.Partner().GetAsync($"/api/v1/licenses/{first.LicenseId()}", Ct).RefusalAsync()).ShouldBe("404 license_not_found");
        (await (await other.Partner().GetAsync("/api/v1/licenses", Ct)).JsonAsync()).GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_customer_with_a_licence_is_not_closed_and_takes_it_along_to_another_partner()
    {
        var (branch, edition, client) = await SoldAsync("5.00", "5.00");
        using var administrator = branch.Administrator();
        var license = (await client.AssignAsync(branch, edition)).LicenseId();
        (await administrator.DeleteAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", Ct)).StatusCode.ShouldBe(HttpStatusCode.Conflict);

        var next = await app.GivenToAnotherAsync(branch);
        await app.DrainAsync();

        (await client.RefusedAreaAsync("POST", "licenses/cancel", new { license_id = license, customer_code = branch.Tenant.Code }))
            .ShouldBe($$"""404 {"code":404,"message":"There is no customer {{branch.Tenant.Code}}."}""");
        using var taker = branch.As(Roles.PartnerAdministrator, next);
        (await taker.AreaAsync("POST", "licenses/cancel", new { license_id = license, customer_code = branch.Tenant.Code })).GetProperty("content")
            .State().ShouldBe("Cancelled");
        // Who paid has it back.
        (await branch.CreditAsync()).ShouldStartWith("5 EUR");
        (await administrator.DeleteAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", Ct)).IsSuccessStatusCode.ShouldBeTrue();
    }

    /// <summary>A partner with credit, an edition that it can buy and the partner's client.</summary>
    private async Task<(Branch Branch, string Edition, HttpClient Client)> SoldAsync(
        string price, string credit, string points = "0", string? pointsHeld = null)
    {
        var branch = await app.BranchAsync();
        var edition = await branch.EditionAsync(price, points);
        await branch.TopUpAsync(credit, pointsHeld);
        return (branch, edition, branch.Partner());
    }

    /// <summary>Where the customer's letters go.</summary>
    private static async Task<string> AddressAsync(Branch branch)
    {
        using var administrator = branch.Administrator();
        var address = $"contact-{branch.Tenant.Code}@example.com";
        using var changed = await administrator.PatchAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}", new { contact = new { email = address } }, Ct);
        changed.EnsureSuccessStatusCode();
        return address;
    }
}
