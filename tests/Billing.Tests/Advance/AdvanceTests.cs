using Licensing.Billing.Tests.Invoices;
using Licensing.Billing.Tests.Settlement;
using Licensing.Identity.Contracts;
using Licensing.Usage.Contracts;
using static Licensing.Billing.Tests.Advance.AheadLines;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Advance;

/// <summary>Charges in advance are billed with the month before; what then came otherwise is a difference on the month's own invoice.</summary>
public sealed class AdvanceTests(SettlementApp app) : IClassFixture<SettlementApp>
{
    [Fact]
    public async Task A_charge_in_advance_is_billed_with_the_month_before_and_once()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("steady", [FlatAhead("base", "31.00"), Flat("after", "29.00")]);
        app.Subscribe(branch.Tenant, new(2020, 1, 10), Span(plan, "2020-01-10/2020-04-01", 0));

        // What began within January was billed by nobody before; February of a leap year has 29 days.
        await app.BillAsync("2020-01");
        (await app.ShownAsync(branch.Tenant, "2020-01")).ShouldBe(
            ["base 22.00 01-10/02-01", "after 20.58 01-10/02-01", "base 31.00 02-01/03-01 ahead of 2020-02"]);
        await app.BillAsync("2020-02");
        (await app.ShownAsync(branch.Tenant, "2020-02")).ShouldBe(["after 29.00 02-01/03-01", "base 31.00 03-01/04-01 ahead of 2020-03"]);

        // The last month has nothing after it. Once more is once.
        await app.BillAsync("2020-03");
        await app.BillAsync("2020-02");
        await app.BillAsync("2020-03");
        (await app.ShownAsync(branch.Tenant, "2020-03")).ShouldBe(["after 29.00 03-01/04-01"]);
        (await app.NetAsync(branch.Tenant, "2020-01", "2020-02", "2020-03", "2020-04")).ShouldBe(22m + 31m + 31m + 20.58m + 29m + 29m);
    }

    [Fact]
    public async Task Seats_added_on_the_16th_of_thirty_days_are_a_credit_of_25_and_a_charge_of_50()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("seats-ahead", [SeatsAhead("10.00")]);
        var id = app.Subscribe(branch.Tenant, new(2020, 5, 1), Span(plan, "2020-05-01/2020-07-01", 5));
        await app.BillAsync("2020-05");
        app.Subscriptions.Change(id, Span(plan, "2020-05-01/2020-06-16", 5), Span(plan, "2020-06-16/2020-07-01", 10));
        await app.BillAsync("2020-06");
        (await app.ShownAsync(branch.Tenant, "2020-06")).ShouldBe(
            ["Seats -25.00 06-16/07-01, 2020-06 #1: 25.00 - 50.00", "Seats 50.00 06-16/07-01"]);
        var (_, lines) = (await app.InvoicesAsync(branch.Tenant, "2020-06")).Single();
        lines.Select(x => (x.Text("quantity"), x.GetProperty("periodDays").GetInt32(), x.GetProperty("steps")[0].Text("amount")))
            .ShouldBe([("-5", 30, "-25"), ("10", 30, "50")]);

        // What was invoiced in May is corrected; ten seats were invoiced by nobody before.
        using var platform = await app.PlatformAsync();
        using var csv = new StringReader(await platform.GetStringAsync(
            $"/api/v1/exports/focus?period=2020-06&granularity=month&tenantId={branch.Tenant.Id.Value}", TestContext.Current.CancellationToken));
        FocusRow.Read(csv).Select(x => $"{x["ChargeClass"]} {x["BilledCost"]}").ShouldBe(
            ["Correction -25.00", "Correction -5.00", " 50.00", " 10.00"]);
    }

    [Fact]
    public async Task A_change_and_its_reverse_come_to_nothing()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("reversed", [SeatsAhead("10.00"), Flat("after", "1.00")]);
        var id = app.Subscribe(branch.Tenant, new(2020, 9, 1), Span(plan, "2020-09-01/2020-10-16", 5), Span(plan, "2020-10-16/2020-11-01", 10));
        await app.BillAsync("2020-09");
        (await app.ShownAsync(branch.Tenant, "2020-09")).ShouldBe(
        [
            "Seats 50.00 09-01/10-01", "after 1.00 09-01/10-01", "Seats 24.19 10-01/10-16 ahead of 2020-10",
            "Seats 51.61 10-16/11-01 ahead of 2020-10",
        ]);
        // The change that was known is taken back; the day on which it is reversed is the day of the change.
        app.Subscriptions.Change(id, Span(plan, "2020-09-01/2020-10-16", 5), Span(plan, "2020-10-16/2020-11-01", 5));
        await app.BillAsync("2020-10");
        (await app.ShownAsync(branch.Tenant, "2020-10")).ShouldBe(
        [
            "Seats 25.81 10-16/11-01, 2020-10 #1: 50.00 - 24.19", "after 1.00 10-01/11-01", "Seats -51.61 10-16/11-01, 2020-10 #1: 0.00 - 51.61",
        ]);
    }

    [Fact]
    public async Task Days_after_an_end_that_was_not_known_come_back_and_a_known_one_is_not_billed()
    {
        var branch = await app.BranchAsync();
        var known = await app.TenantAsync(branch.Platform, branch.Partner);
        var plan = await app.PlanAsync("ended", [FlatAhead("base", "31.00")]);
        var id = app.Subscribe(branch.Tenant, new(2020, 12, 1), Span(plan, "2020-12-01/2021-03-01", 0));
        app.Subscribe(known, new(2020, 12, 1), Span(plan, "2020-12-01/2021-01-11", 0));
        await app.BillAsync("2020-12");
        (await app.ShownAsync(known, "2020-12")).ShouldBe(["base 31.00 12-01/01-01", "base 10.00 01-01/01-11 ahead of 2021-01"]);
        app.Subscriptions.Change(id, Span(plan, "2020-12-01/2021-01-11", 0));
        await app.BillAsync("2021-01");
        (await app.ShownAsync(branch.Tenant, "2021-01")).ShouldBe(["base -21.00 01-11/02-01, 2021-01 #1: 10.00 - 31.00"]);
        (await app.InvoicesAsync(known, "2021-01")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_has_left_before_the_month_began_gets_all_of_it_back()
    {
        var branch = await app.BranchAsync();
        var others = new List<OrganizationRef>();
        for (var i = 0; i < 5; i++)
            others.Add(await app.TenantAsync(branch.Platform, branch.Partner));
        others = [.. others.OrderBy(other => other.Id.Value)];
        var plan = await app.PlanAsync("left-ahead", [SeatsAhead("10.00")]);
        var id = app.Subscribe(branch.Tenant, new(2021, 4, 1), Span(plan, "2021-04-01/2021-06-01", 2));
        var all = others.ConvertAll(other => app.Subscribe(other, new(2021, 4, 1), Span(plan, "2021-04-01/2021-06-01", 1)));
        await app.BillAsync("2021-04");
        app.Subscriptions.Change(id, Span(plan, "2021-04-01/2021-05-01", 2));
        // Behind the last tenant that has something to bill, too: a chunk is of two.
        foreach (var gone in all[2..])
            app.Subscriptions.Change(gone, Span(plan, "2021-04-01/2021-05-01", 1));

        using var platform = await app.PlatformAsync();
        var shown = (await GetAsync(platform, "/api/v1/billing/generate/2021-05")).GetProperty("totals")[0];
        (shown.GetProperty("invoices").GetInt32(), shown.Amount("net")).ShouldBe((4, "-50.00"));
        using var partner = branch.As(Roles.PartnerReader);
        var summary = await GetAsync(partner, "/api/v1/billing/summary?period=2021-05");
        summary.GetProperty("items").EnumerateArray().Select(x => $"{x.Text("externalId")} {x.Amount("net")}").ShouldBe(
            [$"{branch.Tenant.ExternalId} -20.00", .. others[2..].Select(x => $"{x.ExternalId} -10.00")], ignoreOrder: true);
        summary.GetProperty("totals")[0].Amount("net").ShouldBe("-50.00");
        await app.BillAsync("2021-05");
        (await app.ShownAsync(branch.Tenant, "2021-05")).ShouldBe(["Seats -20.00 05-01/06-01, 2021-05 #1: 0.00 - 20.00"]);
        (await app.ShownAsync(others[2], "2021-05")).ShouldBe(["Seats -10.00 05-01/06-01, 2021-05 #1: 0.00 - 10.00"]);
        (await app.InvoicesAsync(others[0], "2021-05")).ShouldBeEmpty();
        var (_, invoice) = await app.InvoiceOfAsync(branch.Tenant, "2021-05");
        (invoice.Text("status"), invoice.Amount("open")).ShouldBe(("Issued", "-24.00"));
    }

    [Fact]
    public async Task Another_plan_gives_the_unused_days_back_and_charges_its_own()
    {
        var branch = await app.BranchAsync();
        var small = await app.PlanAsync("small", [FlatAhead("base", "30.00")]);
        var large = await app.PlanAsync("large", [FlatAhead("base", "60.00")]);
        var id = app.Subscribe(branch.Tenant, new(2021, 8, 1), Span(small, "2021-08-01/2021-10-01", 0));
        await app.BillAsync("2021-08");
        app.Subscriptions.Change(id, Span(small, "2021-08-01/2021-09-11", 0), Span(large, "2021-09-11/2021-11-01", 0));
        await app.BillAsync("2021-09");
        (await app.ShownAsync(branch.Tenant, "2021-09")).ShouldBe(
        [
            "base -20.00 09-11/10-01, 2021-09 #1: 10.00 - 30.00", "base 40.00 09-11/10-01", "base 60.00 10-01/11-01 ahead of 2021-10",
        ]);

        // From the first day on it is the same thing by its key, and yet another: back, and anew.
        app.Subscriptions.Change(id, Span(large, "2021-08-01/2021-10-01", 0), Span(small, "2021-10-01/2021-11-01", 0));
        await app.BillAsync("2021-10");
        (await app.ShownAsync(branch.Tenant, "2021-10")).ShouldBe(
            ["base -60.00 10-01/11-01, 2021-10 #1: 0.00 - 60.00", "base 30.00 10-01/11-01, 2021-10 #2: 30.00 - 0.00"]);
    }

    [Fact]
    public async Task Trial_days_and_what_begins_within_the_month_are_not_billed_before_it()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("tried", [FlatAhead("base", "31.00"), Flat("after", "0.31")]);
        app.Subscribe(branch.Tenant, new DateOnly(2021, 12, 20), new DateOnly(2022, 1, 11), Span(plan, "2021-12-20/2022-02-01", 0));
        app.Subscribe(branch.Tenant, new(2021, 12, 1), Span(plan, "2021-12-01/2022-01-01", 0));
        app.Subscribe(branch.Tenant, new(2022, 1, 1), Span(plan, "2022-01-01/2022-02-01", 0));
        await app.BillAsync("2021-12");
        (await app.ShownAsync(branch.Tenant, "2021-12")).ShouldBe(
            ["base 31.00 12-01/01-01", "after 0.31 12-01/01-01", "base 21.00 01-11/02-01 ahead of 2022-01"]);
        await app.BillAsync("2022-01");
        (await app.ShownAsync(branch.Tenant, "2022-01")).ShouldBe(
            ["after 0.21 01-11/02-01", "base 31.00 01-01/02-01", "after 0.31 01-01/02-01"], ignoreOrder: true);
    }

    [Fact]
    public async Task Void_before_the_month_is_billed_leaves_it_to_the_month_or_to_a_new_invoice()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("void-before", [FlatAhead("base", "10.00")]);
        app.Subscribe(branch.Tenant, new(2022, 4, 1), Span(plan, "2022-04-01/2022-07-01", 0));
        await app.BillAsync("2022-04");
        string[] april = ["base 10.00 04-01/05-01", "base 10.00 05-01/06-01 ahead of 2022-05"];
        await app.VoidAsync(branch.Tenant, "2022-04");
        await app.BillAsync("2022-04");
        (await app.ShownAsync(branch.Tenant, "2022-04")).ShouldBe(april);
        await app.VoidAsync(branch.Tenant, "2022-04");
        await app.BillAsync("2022-05");
        (await app.ShownAsync(branch.Tenant, "2022-05")).ShouldBe(["base 10.00 05-01/06-01", "base 10.00 06-01/07-01 ahead of 2022-06"]);
        await app.BillAsync("2022-04");
        (await app.ShownAsync(branch.Tenant, "2022-04")).ShouldBe(["base 10.00 04-01/05-01"]);
        await app.BillAsync("2022-06");
        (await app.InvoicesAsync(branch.Tenant, "2022-06")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Void_after_the_month_was_billed_is_owed_again_with_the_next_one()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("void-after", [SeatsAhead("10.00")]);
        var id = app.Subscribe(branch.Tenant, new(2022, 8, 1), Span(plan, "2022-08-01/2022-11-01", 5));
        await app.BillAsync("2022-08");
        app.Subscriptions.Change(id, Span(plan, "2022-08-01/2022-09-16", 5), Span(plan, "2022-09-16/2022-11-01", 10));
        await app.BillAsync("2022-09");
        string[] september =
        [
            "Seats -25.00 09-16/10-01, 2022-09 #1: 25.00 - 50.00", "Seats 50.00 09-16/10-01", "Seats 100.00 10-01/11-01 ahead of 2022-10",
        ];
        (await app.ShownAsync(branch.Tenant, "2022-09")).ShouldBe(september);

        // Billed anew it is the same.
        await app.VoidAsync(branch.Tenant, "2022-09");
        await app.BillAsync("2022-09");
        (await app.ShownAsync(branch.Tenant, "2022-09")).ShouldBe(september);

        await app.VoidAsync(branch.Tenant, "2022-08");
        await app.BillAsync("2022-08");
        (await app.ShownAsync(branch.Tenant, "2022-08")).ShouldBe(["Seats 50.00 08-01/09-01"]);
        await app.BillAsync("2022-10");
        (await app.ShownAsync(branch.Tenant, "2022-10")).ShouldBe(["Seats 50.00 09-01/09-16, 2022-09 #2: 25.00 - -25.00"]);
        (await app.NetAsync(branch.Tenant, "2022-08", "2022-09", "2022-10")).ShouldBe(50m + 75m + 100m);
    }

    [Fact]
    public async Task Drafts_are_drawn_anew_and_what_they_lose_is_owed_by_the_month()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("drafted-ahead", [FlatAhead("base", "10.00")]);
        app.Subscribe(branch.Tenant, new(2023, 1, 1), Span(plan, "2023-01-01/2023-03-01", 0));
        await app.BillAsync("2023-01", issue: false);
        await app.BillAsync("2023-01", issue: false);
        (await app.ShownAsync(branch.Tenant, "2023-01")).ShouldBe(["base 10.00 01-01/02-01", "base 10.00 02-01/03-01 ahead of 2023-02"]);
        await app.BillAsync("2023-02");
        (await app.InvoicesAsync(branch.Tenant, "2023-02")).ShouldBeEmpty();
        // February is billed, so January may not bill it any more.
        await app.BillAsync("2023-01");
        (await app.ShownAsync(branch.Tenant, "2023-01")).ShouldBe(["base 10.00 01-01/02-01"]);
        await app.BillAsync("2023-03");
        (await app.ShownAsync(branch.Tenant, "2023-03")).ShouldBe(["base 10.00 02-01/03-01, 2023-02 #1: 10.00 - 0.00"]);
    }

    [Fact]
    public async Task What_comes_late_bills_nothing_in_advance_again()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("late-ahead", [SeatsAhead("10.00"), SettlementApp.Calls]);
        var id = app.Subscribe(branch.Tenant, new(2023, 6, 1), Span(plan, "2023-06-01/2023-09-01", 5));
        app.Use(branch.Tenant, id, "2023-06-02", "calls", "7");
        await app.BillAsync("2023-06");
        app.Subscriptions.Change(
            id, Span(plan, "2023-06-01/2023-07-11", 5), Span(plan, "2023-07-11/2023-08-01", 8), Span(plan, "2023-08-01/2023-09-01", 8));
        app.Use(branch.Tenant, id, "2023-07-02", "calls", "7");
        await app.BillAsync("2023-07");
        app.Use(branch.Tenant, id, "2023-06-03", "calls", "5");
        app.Use(branch.Tenant, id, "2023-07-03", "calls", "5");
        await app.BillAsync("2023-08");
        (await app.ShownAsync(branch.Tenant, "2023-08")).ShouldBe(
        [
            "Calls 2.00 08-01/09-01", "Calls 43.00 06-01/07-01, 2023-06 #1: 115.00 - 72.00", "Calls 43.00 07-01/08-01, 2023-07 #1: 115.00 - 72.00",
        ]);
    }
}
