using System.Net;
using System.Net.Http.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using static Licensing.Billing.Tests.BillingApp;
using static Licensing.Billing.Tests.Settlement.SettlementApp;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>What a correction takes back goes where it came from, and once: credit to the credit, and money that was credited not again.</summary>
public sealed class GivingBackTests(SettlementApp app) : IClassFixture<SettlementApp>, IDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => app.Probe.At = null;

    [Fact]
    public async Task What_a_credit_paid_goes_back_to_it_and_pays_again()
    {
        var (branch, subscription) = await PaidByCreditAsync("back", "2020-01");
        app.Use(branch.Tenant, subscription, "2020-01-02", "calls", "-6");

        // A draft gives nothing: what it gave could be spent before it is drawn anew.
        await app.BillAsync("2020-02", issue: false);
        (await LeftAsync(branch.Tenant)).ShouldBe("0");
        await app.BillAsync("2020-02");
        (await LeftAsync(branch.Tenant)).ShouldBe("38");
        (await LinesAsync(branch.Tenant, "2020-02")).ShouldBe(["Calls -22.00 -4.40 credit -38.00, 2020-01-01 #1: 12.00 - 72.00"]);

        app.Use(branch.Tenant, subscription, "2020-01-02", "calls", "6");
        await app.BillAsync("2020-03");
        (await LinesAsync(branch.Tenant, "2020-03")).ShouldBe(["Calls 22.00 4.40 credit 38.00, 2020-01-01 #2: 72.00 - 12.00"]);
        (await LeftAsync(branch.Tenant)).ShouldBe("0");
        (await app.NetAsync(branch.Tenant, "2020-01", "2020-02", "2020-03")).ShouldBe(22m);
        (await app.ScalarAsync<long>($"select count(*) from billing.late_months where tenant_id = '{branch.Tenant.Id.Value}'")).ShouldBe(1);
        await app.BillAsync("2020-04");
        (await app.InvoicesAsync(branch.Tenant, "2020-04")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Credit_that_is_corrected_twice_goes_back_in_two_parts_and_no_further()
    {
        var (branch, subscription) = await PaidByCreditAsync("twice", "2020-05");
        app.Use(branch.Tenant, subscription, "2020-05-02", "calls", "-3");
        await app.BillAsync("2020-06");
        (await LinesAsync(branch.Tenant, "2020-06")).ShouldBe(["Calls -22.00 -4.40 credit -8.00, 2020-05-01 #1: 42.00 - 72.00"]);
        app.Use(branch.Tenant, subscription, "2020-05-02", "calls", "-4");
        await app.BillAsync("2020-07");
        (await LinesAsync(branch.Tenant, "2020-07")).ShouldBe(["Calls 0.00 0.00 credit -40.00, 2020-05-01 #2: 2.00 - 42.00"]);
        (await LeftAsync(branch.Tenant)).ShouldBe("48");

        // More than it ever paid of the month it does not pay: the rest of it is for bills to come.
        app.Use(branch.Tenant, subscription, "2020-05-02", "calls", "12");
        await app.BillAsync("2020-08");
        (await LinesAsync(branch.Tenant, "2020-08")).ShouldBe(["Calls 65.00 13.00 credit 48.00, 2020-05-01 #3: 115.00 - 2.00"]);
    }

    [Fact]
    public async Task Void_of_the_correction_takes_the_credit_back_unless_it_was_spent()
    {
        var (branch, subscription) = await PaidByCreditAsync("undone", "2021-01");
        app.Use(branch.Tenant, subscription, "2021-01-02", "calls", "-6");
        await app.BillAsync("2021-02");
        using var platform = await app.PlatformAsync();
        async Task<HttpResponseMessage> VoidAsync(string month) =>
            await VoidInvoiceTests.VoidAsync(platform, (await app.InvoiceOfAsync(branch.Tenant, month)).Path);
        await Sent(await VoidAsync("2021-02"));
        (await LeftAsync(branch.Tenant)).ShouldBe("0");
        await app.BillAsync("2021-02");
        (await LeftAsync(branch.Tenant)).ShouldBe("38");

        app.Subscribe(branch.Tenant, await app.PlanAsync("spends", [Flat("base", "30.00")]), "2021-04");
        await app.BillAsync("2021-04");
        (await LeftAsync(branch.Tenant)).ShouldBe("8");
        var refused = await VoidAsync("2021-02");
        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "credit_spent"));
        await Sent(await VoidAsync("2021-04"));
        await Sent(await VoidAsync("2021-02"));
        (await LeftAsync(branch.Tenant)).ShouldBe("0");
    }

    [Fact]
    public async Task Void_of_the_corrected_month_has_the_credit_pay_it_anew()
    {
        var (branch, subscription) = await PaidByCreditAsync("anew", "2021-06");
        app.Use(branch.Tenant, subscription, "2021-06-02", "calls", "-6");
        await app.BillAsync("2021-07");
        using var platform = await app.PlatformAsync();
        await Sent(await VoidInvoiceTests.VoidAsync(platform, (await app.InvoiceOfAsync(branch.Tenant, "2021-06")).Path));
        await app.BillAsync("2021-06");
        (await LinesAsync(branch.Tenant, "2021-06")).ShouldBe(
            ["Calls 0.00 0.00 credit 12.00", "Calls 22.00 4.40 credit 38.00, 2021-06-01 #2: 0.00 - -60.00"]);
        (await LeftAsync(branch.Tenant)).ShouldBe("38");
        (await app.NetAsync(branch.Tenant, "2021-06", "2021-07")).ShouldBe(0m);
    }

    [Fact]
    public async Task Units_go_back_as_units()
    {
        var branch = await app.BranchAsync();
        object calls = new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "10" } };
        var subscription = app.Subscribe(branch.Tenant, await app.PlanAsync("units", [calls]), "2021-09");
        await GrantAsync(branch.Tenant, new { quantity = "4", meter = "calls" }, "2021-09-01");
        app.Use(branch.Tenant, subscription, "2021-09-02", "calls", "10");
        await app.BillAsync("2021-09");
        app.Use(branch.Tenant, subscription, "2021-09-02", "calls", "-7");
        await app.BillAsync("2021-10");
        (await LinesAsync(branch.Tenant, "2021-10")).ShouldBe(["Calls -60.00 -12.00 credit -10.00, 2021-09-01 #1: 30.00 - 100.00"]);
        (await LeftAsync(branch.Tenant)).ShouldBe("1");
    }

    [Fact]
    public async Task A_credit_note_and_a_correction_give_the_same_money_back_once()
    {
        var (branch, subscription) = await BilledAsync("noted", "2022-01");
        using var platform = await app.PlatformAsync();
        var (path, _) = await app.InvoiceOfAsync(branch.Tenant, "2022-01");
        await Sent(await platform.CreditAsync(path, (1, "50.00")));
        app.Use(branch.Tenant, subscription, "2022-01-02", "calls", "-6");
        await app.BillAsync("2022-02");
        (await LinesAsync(branch.Tenant, "2022-02")).ShouldBe(["Calls -22.00 -4.40, 2022-01-01 #1: 50.00 - 72.00"]);
        (await (await platform.CreditInFullAsync(path)).CodeAsync()).ShouldBe("nothing_to_credit");
        (await (await platform.CreditAsync(path, (1, "0.01"))).CodeAsync()).ShouldBe("credit_exceeds_line");

        // And nothing is looked for any more.
        await app.BillAsync("2022-03");
        (await app.InvoicesAsync(branch.Tenant, "2022-03")).ShouldBeEmpty();
        (await app.ScalarAsync<long>($"select count(*) from billing.late_months where tenant_id = '{branch.Tenant.Id.Value}'")).ShouldBe(0);
    }

    [Fact]
    public async Task After_a_correction_a_credit_note_takes_what_is_left()
    {
        var (branch, subscription) = await BilledAsync("corrected", "2022-05");
        app.Use(branch.Tenant, subscription, "2022-05-02", "calls", "-6");
        await app.BillAsync("2022-06");
        using var platform = await app.PlatformAsync();
        var (path, _) = await app.InvoiceOfAsync(branch.Tenant, "2022-05");
        (await (await platform.CreditAsync(path, (1, "12.01"))).CodeAsync()).ShouldBe("credit_exceeds_line");
        var note = await Sent(await platform.CreditInFullAsync(path));
        (note.Amount("net"), note.Amount("tax")).ShouldBe(("12.00", "2.40"));

        // Whoever writes it.
        (await app.RefusedAsync(
            $"""
            with note as (
                insert into billing.credit_notes (id, tenant_id, owner_path, seller_id, invoice_id, number, issued_at, reason, voids, period_start,
                    period_end, currency, net, tax, total, line_count, taxes, document)
                select gen_random_uuid(), tenant_id, owner_path, seller_id, invoice_id, 'other', issued_at, reason, voids, period_start,
                    period_end, currency, 1, 0.2, 1.2, 1, taxes, document from billing.credit_notes where invoice_id = '{path.Split('/')[^1]}'
                returning id, tenant_id, invoice_id)
            insert into billing.credit_note_lines (credit_note_id, tenant_id, position, invoice_id, invoice_position, description, currency, net, tax)
            select id, tenant_id, 1, invoice_id, 1, 'more', 'EUR', 1, 0.2 from note
            """)).ConstraintName.ShouldBe("credit_notes_within_lines");
    }

    [Fact]
    public async Task A_corrected_month_is_withdrawn_whole()
    {
        var (branch, subscription) = await BilledAsync("withdrawn", "2022-08");
        app.Use(branch.Tenant, subscription, "2022-08-02", "calls", "-6");
        await app.BillAsync("2022-09");
        using var platform = await app.PlatformAsync();
        var (path, _) = await app.InvoiceOfAsync(branch.Tenant, "2022-08");
        await Sent(await VoidInvoiceTests.VoidAsync(platform, path));
        (await ItemsAsync(platform, $"{path}/credit-notes")).ShouldHaveSingleItem().Amount("net").ShouldBe("72.00");
        await app.BillAsync("2022-08");
        (await app.NetAsync(branch.Tenant, "2022-08", "2022-09")).ShouldBe(12m);
    }

    [Fact]
    public async Task A_credit_note_that_is_issued_while_the_correction_is_rated_counts()
    {
        var (branch, subscription) = await BilledAsync("race", "2022-11");
        app.Use(branch.Tenant, subscription, "2022-11-02", "calls", "-6");
        using var platform = await app.PlatformAsync();
        var (path, _) = await app.InvoiceOfAsync(branch.Tenant, "2022-11");
        var met = false;
        app.Probe.At = async place =>
        {
            if (place != "rated" || met)
                return;
            met = true;
            await Sent(await platform.CreditAsync(path, (1, "70.00")));
        };
        await app.BillAsync("2022-12");
        met.ShouldBeTrue();
        (await LinesAsync(branch.Tenant, "2022-12")).ShouldBe(["Calls -2.00 -0.40, 2022-11-01 #1: 70.00 - 72.00"]);
    }

    [Fact]
    public async Task The_database_gives_a_credit_back_no_more_of_a_month_than_it_paid()
    {
        var (branch, subscription) = await PaidByCreditAsync("guarded", "2023-01");
        app.Use(branch.Tenant, subscription, "2023-01-02", "calls", "-6");
        await app.BillAsync("2023-02", issue: false);
        var draft = (await app.InvoiceOfAsync(branch.Tenant, "2023-02")).Path.Split('/')[^1];
        string Uses(string month, string consumed) =>
            $"""
            insert into billing.reduction_uses (invoice_id, tenant_id, reduction_id, kind, amount, consumed, adjusts)
            select '{draft}', tenant_id, reduction_id, kind, amount, {consumed}, {month} from billing.reduction_uses
            where tenant_id = '{branch.Tenant.Id.Value}' and adjusts is null
            """;
        (await app.RefusedAsync(Uses("null", "-1"))).ConstraintName.ShouldBe("reduction_uses_consumed");
        (await app.RefusedAsync(Uses("'2023-01-01'", "-1"))).ConstraintName.ShouldBe("reduction_uses_once");
        (await app.RefusedAsync(Uses("'2022-12-01'", "-1"))).ConstraintName.ShouldBe("credits_paid_first");
    }

    // 72.00 of which a credit pays 50.00.
    private async Task<(Branch, SubscriptionId)> PaidByCreditAsync(string plan, string month)
    {
        var branch = await app.BranchAsync();
        await GrantAsync(branch.Tenant, new { amount = new { amount = "50.00", currency = "EUR" } }, $"{month}-01");
        var subscription = await BilledAsync(branch, plan, month);
        (await app.NetAsync(branch.Tenant, month)).ShouldBe(22m);
        return (branch, subscription);
    }

    // 72.00.
    private async Task<(Branch, SubscriptionId)> BilledAsync(string plan, string month)
    {
        var branch = await app.BranchAsync();
        return (branch, await BilledAsync(branch, plan, month));
    }

    private async Task<SubscriptionId> BilledAsync(Branch branch, string plan, string month)
    {
        var subscription = app.Subscribe(branch.Tenant, await app.PlanAsync(plan, [Calls]), month);
        app.Use(branch.Tenant, subscription, $"{month}-02", "calls", "7");
        await app.BillAsync(month);
        return subscription;
    }

    private async Task GrantAsync(OrganizationRef tenant, object what, string validFrom)
    {
        using var platform = await app.PlatformAsync();
        var body = System.Text.Json.JsonSerializer.SerializeToNode(what)!.AsObject();
        foreach (var (name, value) in new[] { ("tenantId", tenant.Id.Value.ToString()), ("reference", "c"), ("name", "c"), ("validFrom", validFrom) })
            body[name] = value;
        await Sent(await platform.PostAsJsonAsync("/api/v1/billing/credits", body, Ct));
    }

    private async Task<string> LeftAsync(OrganizationRef tenant)
    {
        using var platform = await app.PlatformAsync();
        var left = (await ItemsAsync(platform, $"/api/v1/billing/credits?tenantId={tenant.Id.Value}")).ShouldHaveSingleItem().Text("remaining");
        return decimal.Parse(left).ToString("0.##################");
    }

    private async Task<string[]> LinesAsync(OrganizationRef tenant, string month) =>
    [
        .. (await app.InvoicesAsync(tenant, month)).SelectMany(x => x.Lines).Select(line =>
        {
            var text = $"{line.Text("description")} {line.Amount("net")} {line.Amount("tax")}"
                + (decimal.Parse(line.Amount("credit")) == 0 ? "" : $" credit {line.Amount("credit")}");
            return line.GetProperty("adjustment") is { ValueKind: System.Text.Json.JsonValueKind.Object } of
                ? $"{text}, {of.GetProperty("month").Text("start")} #{of.GetProperty("number").GetInt32()}: "
                    + $"{of.Amount("due")} - {of.Amount("before")}"
                : text;
        }),
    ];
}
