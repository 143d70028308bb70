using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Licensing.Identity.Contracts;
using Npgsql;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Invoices;

public sealed partial class CreditNoteTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task Lines_are_credited_one_by_one_to_the_last_cent()
    {
        var branch = await app.BranchAsync();
        var (path, invoice) = await app.InvoiceAsync(branch, "2023-01", issue: true, "68.33", "68.33");
        using var platform = branch.Administrator();
        (invoice.Amount("total"), invoice.Amount("tax")).ShouldBe(("163.99", "27.33"));

        var first = await Sent(await platform.CreditAsync(path, (1, null)));
        (first.Amount("total"), first.Amount("net"), first.Amount("tax")).ShouldBe(("82.00", "68.33", "13.67"));
        var second = await Sent(await platform.CreditAsync(path, (2, null)));
        (second.Amount("total"), second.Amount("tax")).ShouldBe(("81.99", "13.66"));
        Number(second).ShouldBe(Number(first) + 1);
        (await (await platform.CreditInFullAsync(path)).CodeAsync()).ShouldBe("nothing_to_credit");

        var credited = await GetAsync(platform, path);
        (credited.Amount("credited"), credited.Amount("open"), credited.Text("status"), credited.Amount("total"))
            .ShouldBe(("163.99", "0.00", "Issued", "163.99"));
        (await ItemsAsync(platform, $"{path}/credit-notes")).Select(x => x.Text("number"))
            .ShouldBe([first.Text("number"), second.Text("number")], ignoreOrder: true);
        var line = (await ItemsAsync(platform, $"{path}/credit-notes/{first.Text("id")}/lines")).ShouldHaveSingleItem();
        (line.GetProperty("invoicePosition").GetInt32(), line.Amount("net"), line.Amount("tax")).ShouldBe((1, "68.33", "13.67"));
    }

    [Fact]
    public async Task Parts_of_a_line_add_up_to_it_and_more_is_refused()
    {
        var branch = await app.BranchAsync();
        var (path, _) = await app.InvoiceAsync(branch, "2023-02", issue: true, "10.01", "5");
        using var platform = branch.Administrator();
        foreach (var part in (string[])["3.33", "3.33"])
            await Sent(await platform.CreditAsync(path, (1, part)));
        (await (await platform.CreditAsync(path, (1, "3.36"))).CodeAsync()).ShouldBe("credit_exceeds_line");
        (await (await platform.CreditAsync(path, (1, "-1.00"))).CodeAsync()).ShouldBe("credit_exceeds_line");
        (await PaymentTests.ErrorAsync(await platform.CreditAsync(path, (3, null)))).ShouldBe("line_not_found");
        (await PaymentTests.ErrorAsync(await platform.CreditAsync(path, (2, "1.00"), (2, "1.00")))).ShouldBe("duplicate");
        (await PaymentTests.ErrorAsync(await platform.CreditAsync(path, (2, "0.00")))).ShouldBe("not_an_amount");
        var both = new { reason = "both", full = true, lines = new[] { new { position = 1 } } };
        (await PaymentTests.ErrorAsync(await platform.PostAsJsonAsync($"{path}/credit-notes", both))).ShouldBe("lines_or_full");

        // 10.01 + 5.00 are 15.01 and 3.00 of tax; what is left of both at last.
        await Sent(await platform.CreditInFullAsync(path));
        var invoice = await GetAsync(platform, path);
        (invoice.Amount("credited"), invoice.Amount("total")).ShouldBe(("18.01", "18.01"));
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await partner.CreditInFullAsync(path)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task What_is_credited_after_it_was_paid_can_be_paid_back_once()
    {
        var branch = await app.BranchAsync();
        var (path, _) = await app.InvoiceAsync(branch, "2023-03", issue: true, "100", "50");
        using var platform = branch.Administrator();
        await Sent(await platform.PayAsync(path, "180.00", "in"));
        await Sent(await platform.CreditAsync(path, (2, null)));
        (await GetAsync(platform, path)).Amount("open").ShouldBe("-60.00");

        // Each refund under a reference of its own: only one finds something to pay back.
        var refunds = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => platform.PayAsync(path, "-60.00", $"back-{i}")));
        refunds.Count(x => x.StatusCode is HttpStatusCode.Created).ShouldBe(1);
        var settled = await GetAsync(platform, path);
        (settled.Text("status"), settled.Amount("paid"), settled.Amount("open")).ShouldBe(("Paid", "120.00", "0.00"));
    }

    [Fact]
    public async Task The_last_of_what_is_open_credited_makes_a_paid_part_a_paid_invoice()
    {
        var branch = await app.BranchAsync();
        var (path, _) = await app.InvoiceAsync(branch, "2023-04", issue: true, "100", "50");
        using var platform = branch.Administrator();
        await Sent(await platform.PayAsync(path, "120.00", "in"));
        await Sent(await platform.CreditAsync(path, (2, null)));
        (await GetAsync(platform, path)).Text("status").ShouldBe("Paid");
    }

    [Fact]
    public async Task The_database_refuses_more_than_a_line_has_and_every_change()
    {
        var branch = await app.BranchAsync();
        var (path, _) = await app.InvoiceAsync(branch, "2023-05", issue: true, "100", "50");
        using var platform = branch.Administrator();
        var note = await Sent(await platform.CreditAsync(path, (1, "60.00")));
        var id = path.Split('/')[^1];
        string Again(string net, string tax, int line = 1) =>
            $"""
            with note as (
                insert into billing.credit_notes (id, tenant_id, owner_path, seller_id, invoice_id, number, issued_at, reason, voids, period_start,
                    period_end, currency, net, tax, total, line_count, taxes, document)
                select gen_random_uuid(), tenant_id, owner_path, seller_id, invoice_id, 'other', issued_at, reason, voids, period_start,
                    period_end, currency, {net}, {tax}, {net} + {tax}, 1, taxes, document from billing.credit_notes where invoice_id = '{id}'
                returning id, tenant_id, invoice_id)
            insert into billing.credit_note_lines (credit_note_id, tenant_id, position, invoice_id, invoice_position, description, currency, net, tax)
            select id, tenant_id, 1, invoice_id, {line}, 'more', 'EUR', {net}, {tax} from note
            """;
        (await app.RefusedAsync(Again("40.01", "8"))).ConstraintName.ShouldBe("credit_notes_within_lines");
        (await app.RefusedAsync(Again("40", "7.99"))).ConstraintName.ShouldBe("credit_notes_within_lines");
        (await app.RefusedAsync(Again("-1", "0"))).ConstraintName.ShouldBe("credit_notes_within_lines");
        (await app.RefusedAsync(Again("30", "8.01"))).ConstraintName.ShouldBe("credit_notes_within_lines");
        (await app.RefusedAsync(Again("1", "0", line: 9))).ConstraintName.ShouldBe("credit_notes_within_lines");
        (await app.RefusedAsync(
            $"""
            insert into billing.credit_note_lines (credit_note_id, tenant_id, position, invoice_id, invoice_position, description, currency, net, tax)
            select credit_note_id, tenant_id, 2, invoice_id, 2, description, currency, 1, 0 from billing.credit_note_lines where invoice_id = '{id}'
            """)).ConstraintName.ShouldBe("credit_notes_summed");
        foreach (var table in (string[])["credit_notes", "credit_note_lines"])
            foreach (var change in (string[])[
                $"update billing.{table} set net = 1 where invoice_id = '{id}'", $"delete from billing.{table} where invoice_id = '{id}'"])
                (await app.RefusedAsync(change)).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege, change);
        (await GetAsync(platform, path)).Amount("credited").ShouldBe(note.Amount("total"));
    }

    internal static int Number(System.Text.Json.JsonElement note) => int.Parse(Form().Match(note.Text("number")).Groups[1].Value);

    [GeneratedRegex(@"^\d+-CN2026-(\d{6})$")]
    private static partial Regex Form();
}
