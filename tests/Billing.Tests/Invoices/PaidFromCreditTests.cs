using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Invoices;

/// <summary>Invoices that prepaid credit pays, and payments that turn out to be none.</summary>
public sealed class PaidFromCreditTests(BillingApp app) : IClassFixture<BillingApp>
{
    private static readonly string Reason = $"returned: {new string('x', 490)}";

    [Fact]
    public async Task Prepaid_credit_pays_what_it_suffices_for_once_per_reference()
    {
        var branch = await app.BranchAsync(country: "FI");
        using var platform = branch.Administrator();
        await Sent(await platform.PutAsJsonAsync(
            "/api/v1/tax-rates", new { country = "FI", category = "S", percent = "24", validFrom = "2020-01-01" }));
        await TopUpAsync(platform, branch, "39.00");
        var (first, _) = await app.InvoiceAsync(branch, "2023-01", issue: true, "14.29");
        var (second, _) = await app.InvoiceAsync(branch, "2023-02", issue: true, "14.27");
        var (third, _) = await app.InvoiceAsync(branch, "2023-03", issue: true, "14.29");
        using var partner = branch.As(Roles.PartnerAdministrator);

        // What the whole bill takes is not there: nothing is taken.
        (await Sent(await FromCreditAsync(partner, first, "a"))).Amount("amount").ShouldBe("17.72");
        var again = await Sent(await FromCreditAsync(partner, first, "a"));
        (again.Amount("amount"), again.GetProperty("fromCredit").GetBoolean(), again.Text("method")).ShouldBe(("17.72", true, "credit"));
        (await (await FromCreditAsync(partner, first, "b")).CodeAsync()).ShouldBe("nothing_open");
        (await Sent(await FromCreditAsync(partner, second, "a"))).Amount("amount").ShouldBe("17.69");
        (await LeftAsync(partner, branch)).ShouldBe("3.59");
        (await FromCreditAsync(partner, third, "whole", "17.72")).StatusCode.ShouldBe(HttpStatusCode.PaymentRequired);
        (await LeftAsync(partner, branch)).ShouldBe("3.59");
        (await Sent(await FromCreditAsync(partner, third, "a"))).Amount("amount").ShouldBe("3.59");
        (await FromCreditAsync(partner, third, "b")).StatusCode.ShouldBe(HttpStatusCode.PaymentRequired);
        var open = await GetAsync(platform, third);
        (open.Text("status"), open.Amount("open")).ShouldBe(("Issued", "14.13"));
        (await GetAsync(platform, first)).Text("status").ShouldBe("Paid");
        (await app.ScalarAsync<string>(
            $"""
            select string_agg(account || ' ' || amount::text, ', ' order by position) from billing.journal_entries
            where document_kind = 'Payment' and tenant_id = '{branch.Tenant.Id.Value}' and invoice_number = '{open.Text("number")}'
            """)).ShouldBe("Prepaid 3.59, Receivable -3.59");
    }

    [Fact]
    public async Task Only_who_may_take_from_the_credit_pays_from_it_and_only_what_is_open()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await TopUpAsync(platform, branch, "500.00");
        var (draft, _) = await app.InvoiceAsync(branch, "2023-05", issue: false, "100");
        (await (await FromCreditAsync(platform, draft, "a")).CodeAsync()).ShouldBe("invoice_not_issued");
        await Sent(await platform.PostAsync($"{draft}/issue", null));
        (await PaymentTests.ErrorAsync(await FromCreditAsync(platform, draft, "a", "120.01"))).ShouldBe("more_than_open");
        (await PaymentTests.ErrorAsync(await FromCreditAsync(platform, draft, "a", "0.001"))).ShouldBe("not_an_amount");
        foreach (var role in (string[])[Roles.TenantAdministrator, Roles.PartnerReader])
            (await FromCreditAsync(branch.As(role), draft, "a")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        var other = await app.BranchAsync();
        await TopUpAsync(platform, other, "500.00");
        (await FromCreditAsync(other.As(Roles.PartnerAdministrator), draft, "a")).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        // All at once no more is taken than is open, whoever is first.
        var sent = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => FromCreditAsync(platform, draft, $"r-{i / 2}", "30.00")));
        (await ItemsAsync(platform, $"{draft}/payments")).Count.ShouldBe(4);
        (await LeftAsync(platform, branch)).ShouldBe("380.00");
        (await LeftAsync(platform, other)).ShouldBe("500.00");
    }

    [Fact]
    public async Task A_payment_that_was_none_is_taken_back_once_and_what_it_paid_is_open_again()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await TopUpAsync(platform, branch, "20.00");
        var (path, _) = await app.InvoiceAsync(branch, "2023-06", issue: true, "100");
        await Sent(await FromCreditAsync(platform, path, "credit"));
        var debit = await Sent(await platform.PayAsync(path, "100.00", "debit"));
        (await GetAsync(platform, path)).Text("status").ShouldBe("Paid");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ReverseAsync(platform, path, debit)));
        answers.CountBy(x => x.StatusCode).OrderBy(x => x.Key).ShouldBe([new(HttpStatusCode.Created, 1), new(HttpStatusCode.Conflict, 7)]);
        var open = await GetAsync(platform, path);
        (open.Text("status"), open.Amount("paid"), open.Amount("open")).ShouldBe(("Issued", "20.00", "100.00"));
        var reversal = (await ItemsAsync(platform, $"{path}/payments")).Single(x => x.GetProperty("reverses").ValueKind is JsonValueKind.String);
        (reversal.Amount("amount"), reversal.Text("reverses"), reversal.Text("method"), reversal.Text("reason"))
            .ShouldBe(("-100.00", debit.Text("id"), "transfer", Reason));
        reversal.GetProperty("reversal").ValueKind.ShouldBe(JsonValueKind.Null);
        var reversed = (await ItemsAsync(platform, $"{path}/payments")).Single(x => x.Text("id") == debit.Text("id"));
        var by = reversed.GetProperty("reversal");
        (by.Text("id"), by.Text("reason"), by.Text("recordedAt")).ShouldBe((reversal.Text("id"), Reason, reversal.Text("recordedAt")));
        reversed.GetProperty("reason").ValueKind.ShouldBe(JsonValueKind.Null);
        (await (await ReverseAsync(platform, path, reversal)).CodeAsync()).ShouldBe("payment_not_found");
        using (var partner = branch.As(Roles.PartnerAdministrator))
            (await ReverseAsync(partner, path, debit)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        // Sent again it pays nothing, and is told so.
        (await (await platform.PayAsync(path, "100.00", "debit")).CodeAsync()).ShouldBe("payment_reversed_already");

        // What came from credit is there again, and an invoice of which nothing is paid can be withdrawn.
        var credit = (await ItemsAsync(platform, $"{path}/payments")).Single(x => x.Text("reference") == "credit");
        await Sent(await ReverseAsync(platform, path, credit));
        (await LeftAsync(platform, branch)).ShouldBe("20.00");
        await Sent(await platform.PostAsJsonAsync($"{path}/void", new { reason = "wrong" }));
        (await app.ScalarAsync<string>(
            $"""
            select string_agg(account || ' ' || total::text, ', ' order by account collate "C") from (
                select account, round(sum(amount), 2) as total from billing.journal_entries where tenant_id = '{branch.Tenant.Id.Value}' group by 1) x
            """)).ShouldBe("Cash 0.00, Prepaid 0.00, Receivable 0.00, Revenue 0.00, Tax 0.00");
        var id = path.Split('/')[^1];
        (await app.RefusedAsync(
            $"""
            insert into billing.payments (
                id, tenant_id, owner_path, seller_id, invoice_id, reference, amount, currency, paid_on, method, reverses, created_at)
            select gen_random_uuid(), tenant_id, owner_path, seller_id, invoice_id, 'more', -100.01, currency, paid_on, method, id, created_at
            from billing.payments where invoice_id = '{id}' and reference = 'debit'
            """)).ConstraintName.ShouldBe("payments_not_above_open");
    }

    [Fact]
    public async Task A_refund_that_came_back_is_to_be_made_again_and_makes_nothing_open_to_be_paid()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var (path, _) = await app.InvoiceAsync(branch, "2023-08", issue: true, "100");
        var paid = await Sent(await platform.PayAsync(path, "120.00", "A"));
        await Sent(await platform.CreditAsync(path, (1, "10.00")));
        var refund = await Sent(await platform.PayAsync(path, "-12.00", "back"));
        await Sent(await ReverseAsync(platform, path, refund));
        var invoice = await GetAsync(platform, path);
        (invoice.Text("status"), invoice.Amount("open")).ShouldBe(("Paid", "-12.00"));
        await Sent(await platform.PayAsync(path, "-12.00", "back again"));
        await Sent(await ReverseAsync(platform, path, paid));
        invoice = await GetAsync(platform, path);
        (invoice.Text("status"), invoice.Amount("open")).ShouldBe(("Issued", "120.00"));
    }

    [Fact]
    public async Task The_database_takes_nothing_back_that_was_not_paid()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var (path, _) = await app.InvoiceAsync(branch, "2023-07", issue: true, "100");
        await Sent(await platform.PayAsync(path, "70.00", "A"));
        string Reversing(string amount, string reverses) =>
            $"""
            insert into billing.payments (
                id, tenant_id, owner_path, seller_id, invoice_id, reference, amount, currency, paid_on, method, reverses, created_at)
            select gen_random_uuid(), tenant_id, owner_path, seller_id, invoice_id, 'back', {amount}, currency, paid_on, method, {reverses},
                created_at
            from billing.payments where invoice_id = '{path.Split('/')[^1]}' and reference = 'A'
            """;
        (await app.RefusedAsync(Reversing("-70.01", "id"))).ConstraintName.ShouldBe("payments_reverse_payments");
        (await app.RefusedAsync(Reversing("70", "id"))).ConstraintName.ShouldBe("payments_reverse_payments");
        (await app.RefusedAsync(Reversing("-70", "gen_random_uuid()"))).ConstraintName.ShouldBe("payments_reverse_payments");
    }

    internal static Task<HttpResponseMessage> FromCreditAsync(HttpClient client, string invoice, string reference, string? amount = null) =>
        client.PostAsJsonAsync(
            $"{invoice}/payments/from-credit", new { reference, amount = amount is null ? null : new { amount, currency = "EUR" } });

    internal static Task<HttpResponseMessage> ReverseAsync(HttpClient client, string invoice, JsonElement payment) =>
        client.PostAsJsonAsync($"{invoice}/payments/{payment.Text("id")}/reversal", new { reason = Reason });

    internal static async Task TopUpAsync(HttpClient platform, Branch branch, string amount) => await Sent(await platform.PostAsJsonAsync(
        "/api/v1/credit/top-ups", new { organizationId = branch.Partner.Id.Value, reference = "start", amount = new { amount, currency = "EUR" } }));

    private static async Task<string> LeftAsync(HttpClient client, Branch branch) =>
        (await ItemsAsync(client, $"/api/v1/credit?organizationId={branch.Partner.Id.Value}")).ShouldHaveSingleItem().Text("balance");
}
