using System.Net;
using System.Net.Http.Json;
using Licensing.Billing.Tests.Runs;
using Licensing.Identity.Contracts;
using Npgsql;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Invoices;

public sealed class VoidInvoiceTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task An_issued_invoice_keeps_its_number_is_taken_back_and_its_month_is_billed_again()
    {
        var branch = await app.BranchAsync();
        var (path, invoice) = await app.InvoiceAsync(branch, "2023-01", issue: true, "68.33", "68.33");
        using var platform = branch.Administrator();
        await Sent(await platform.CreditAsync(path, (1, "8.33")));

        var voided = await Sent(await VoidAsync(platform, path));
        (voided.Text("status"), voided.Text("number"), voided.Amount("total"), voided.Amount("credited"), voided.Amount("open"))
            .ShouldBe(("Void", invoice.Text("number"), "163.99", "163.99", "0.00"));
        var notes = await ItemsAsync(platform, $"{path}/credit-notes");
        notes.Select(x => x.GetProperty("voids").GetBoolean()).ShouldBe([true, false], ignoreOrder: true);
        (await (await VoidAsync(platform, path)).CodeAsync()).ShouldBe("invoice_void_already");
        (await (await platform.PayAsync(path, "1.00", "A")).CodeAsync()).ShouldBe("invoice_not_issued");
        (await (await platform.CreditInFullAsync(path)).CodeAsync()).ShouldBe("invoice_not_issued");

        await app.BillAsync("2023-01");
        var (again, second) = await app.InvoiceOfAsync(branch.Tenant, "2023-01");
        again.ShouldNotBe(path);
        (second.Amount("total"), second.Text("status")).ShouldBe(("163.99", "Issued"));
        // And never a third time while that one stands.
        await app.BillAsync("2023-01");
        (await ItemsAsync(platform, $"/api/v1/invoices?period=2023-01&tenantId={branch.Tenant.Id.Value}")).Count.ShouldBe(2);
        await BillingRunTests.NumbersAreGaplessAsync(platform);
    }

    [Fact]
    public async Task A_draft_that_is_voided_has_no_number_and_is_drawn_anew()
    {
        var branch = await app.BranchAsync();
        var (path, _) = await app.InvoiceAsync(branch, "2023-02", issue: false, "10");
        using var platform = branch.Administrator();
        var voided = await Sent(await VoidAsync(platform, path));
        (voided.Text("status"), voided.GetProperty("number").ValueKind).ShouldBe(("Void", System.Text.Json.JsonValueKind.Null));
        (await ItemsAsync(platform, $"{path}/credit-notes")).ShouldBeEmpty();
        (await (await platform.PostAsync($"{path}/issue", null)).CodeAsync()).ShouldBe("invoice_not_draft");

        await app.BillAsync("2023-02");
        (await app.InvoiceOfAsync(branch.Tenant, "2023-02")).Invoice.Amount("total").ShouldBe("12.00");
        (await GetAsync(platform, path)).Text("status").ShouldBe("Void");
    }

    [Fact]
    public async Task What_was_paid_of_or_lies_elsewhere_is_not_voided()
    {
        var branch = await app.BranchAsync();
        var (path, _) = await app.InvoiceAsync(branch, "2023-03", issue: true, "10");
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await VoidAsync(partner, path)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await VoidAsync(platform, $"/api/v1/invoices/{Guid.Empty}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await Sent(await platform.PayAsync(path, "1.00", "A"));
        (await (await VoidAsync(platform, path)).CodeAsync()).ShouldBe("invoice_has_payments");
        await Sent(await platform.PayAsync(path, "11.00", "B"));
        (await (await VoidAsync(platform, path)).CodeAsync()).ShouldBe("invoice_has_payments");
    }

    [Fact]
    public async Task The_database_keeps_a_void_invoice_void_and_its_lines_as_they_are()
    {
        var branch = await app.BranchAsync();
        var (path, _) = await app.InvoiceAsync(branch, "2023-04", issue: true, "10");
        using var platform = branch.Administrator();
        var id = path.Split('/')[^1];
        var tampering = new List<string>
        {
            $"update billing.invoice_lines set billed = false where invoice_id = '{id}'",
            $"update billing.invoices set document = '{{}}' where id = '{id}'",
            $"update billing.invoices set status = 'Draft' where id = '{id}'",
        };
        foreach (var change in tampering)
            (await app.RefusedAsync(change)).SqlState.ShouldBe(PostgresErrorCodes.RestrictViolation, change);
        await Sent(await VoidAsync(platform, path));
        var (draft, _) = await app.InvoiceAsync(branch, "2023-05", issue: false, "10");
        var (paid, _) = await app.InvoiceAsync(branch, "2023-06", issue: true, "10");
        await Sent(await platform.PayAsync(paid, "12.00", "all"));
        (await app.RefusedAsync($"update billing.invoices set status = 'Void' where id = '{paid.Split('/')[^1]}'")).SqlState
            .ShouldBe(PostgresErrorCodes.RestrictViolation);
        // Nobody pays what was withdrawn, or was never sent.
        foreach (var unpayable in (string[])[path, draft])
            (await app.RefusedAsync(
                $"""
                insert into billing.payments (
                    id, tenant_id, owner_path, seller_id, invoice_id, reference, amount, currency, paid_on, method, created_at)
                select gen_random_uuid(), tenant_id, owner_path, seller_id, '{unpayable.Split('/')[^1]}', 'x', 1, currency, paid_on, method,
                    created_at from billing.payments where invoice_id = '{paid.Split('/')[^1]}'
                """)).ConstraintName.ShouldBe("payments_not_above_open", unpayable);
        foreach (var change in (string[])[
            $"update billing.invoices set status = 'Issued' where id = '{id}'", $"update billing.invoices set status = 'Paid' where id = '{id}'",
            $"update billing.invoice_lines set billed = true where invoice_id = '{id}'",
            $"update billing.invoice_lines set net = 1 where invoice_id = '{id}'"])
            (await app.RefusedAsync(change)).SqlState.ShouldBe(PostgresErrorCodes.RestrictViolation, change);
    }

    internal static Task<HttpResponseMessage> VoidAsync(HttpClient client, string path) =>
        client.PostAsJsonAsync($"{path}/void", new { reason = "Wrong plan" });
}
