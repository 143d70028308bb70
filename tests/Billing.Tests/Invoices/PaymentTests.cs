using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using Npgsql;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Invoices;

public sealed class PaymentTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task Parts_are_recorded_once_per_reference_and_the_last_one_makes_it_paid()
    {
        var branch = await app.BranchAsync();
        var (path, invoice) = await app.InvoiceAsync(branch, "2023-01", issue: true, "100");
        using var platform = branch.Administrator();
        (invoice.Amount("total"), invoice.Amount("open"), invoice.Text("dueOn")).ShouldBe(("120.00", "120.00", "2026-01-29"));

        var first = await Sent(await platform.PayAsync(path, "70.00", "A"));
        first.GetProperty("number").GetInt32().ShouldBe(1);
        // Sent again it is the same payment; with another amount it is a mistake.
        (await Sent(await platform.PayAsync(path, "70.00", "A"))).Text("id").ShouldBe(first.Text("id"));
        (await (await platform.PayAsync(path, "50.00", "A")).CodeAsync()).ShouldBe("payment_reference_used");
        var open = await GetAsync(platform, path);
        (open.Text("status"), open.Amount("paid"), open.Amount("open")).ShouldBe(("Issued", "70.00", "50.00"));

        (await ErrorAsync(await platform.PayAsync(path, "50.01", "B"))).ShouldBe("more_than_open");
        (await ErrorAsync(await platform.PayAsync(path, "-1.00", "B"))).ShouldBe("more_than_open");
        await Sent(await platform.PayAsync(path, "50.00", "B"));
        var paid = await GetAsync(platform, path);
        (paid.Text("status"), paid.Amount("open")).ShouldBe(("Paid", "0.00"));
        (await ErrorAsync(await platform.PayAsync(path, "0.01", "C"))).ShouldBe("more_than_open");
        (await ItemsAsync(platform, $"{path}/payments")).Select(x => x.Amount("amount")).ShouldBe(["50.00", "70.00"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_cannot_be_a_payment_is_refused()
    {
        var branch = await app.BranchAsync();
        var (draft, _) = await app.InvoiceAsync(branch, "2023-02", issue: false, "100");
        using var platform = branch.Administrator();
        (await (await platform.PayAsync(draft, "1.00", "A")).CodeAsync()).ShouldBe("invoice_not_issued");
        await Sent(await platform.PostAsync($"{draft}/issue", null));

        (await ErrorAsync(await platform.PayAsync(draft, "0", "A"))).ShouldBe("not_an_amount");
        (await ErrorAsync(await platform.PayAsync(draft, "0.001", "A"))).ShouldBe("not_an_amount");
        (await ErrorAsync(await platform.PayAsync(draft, "1.00", "A", paidOn: "2026-01-16"))).ShouldBe("too_late");
        (await ErrorAsync(await platform.PostAsJsonAsync(
            $"{draft}/payments", new { amount = new { amount = "1.00", currency = "USD" }, reference = "A", paidOn = "2026-01-10" })))
            .ShouldBe("currency_mismatch");
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await partner.PayAsync(draft, "1.00", "A")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await platform.PayAsync($"/api/v1/invoices/{Guid.Empty}", "1.00", "A")).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        using var late = new HttpRequestMessage(HttpMethod.Post, $"{draft}/payments")
        {
            Content = JsonContent.Create(new { amount = new { amount = "1.00", currency = "EUR" }, reference = "A", paidOn = "2026-01-10" }),
            Headers = { { "If-Match", "\"1\"" } },
        };
        (await platform.SendAsync(late)).StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await ItemsAsync(platform, $"{draft}/payments")).ShouldBeEmpty();
        using var stranger = (await app.BranchAsync()).As(Roles.DistributorAdministrator);
        (await stranger.GetAsync($"{draft}/payments")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task All_at_once_no_more_is_paid_than_is_open()
    {
        var branch = await app.BranchAsync();
        var (path, _) = await app.InvoiceAsync(branch, "2023-03", issue: true, "100");
        using var platform = branch.Administrator();

        // Sixteen payments of a quarter each, every reference twice: four fit.
        var sent = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => platform.PayAsync(path, "30.00", $"R-{i / 2}")));
        sent.Where(x => x.StatusCode is not HttpStatusCode.Created).ShouldAllBe(x => x.StatusCode == HttpStatusCode.UnprocessableEntity);
        var payments = await ItemsAsync(platform, $"{path}/payments");
        payments.Count.ShouldBe(4);
        payments.Select(x => x.GetProperty("number").GetInt32()).ShouldBe([1, 2, 3, 4], ignoreOrder: true);
        var invoice = await GetAsync(platform, path);
        (invoice.Text("status"), invoice.Amount("paid")).ShouldBe(("Paid", "120.00"));
    }

    [Fact]
    public async Task The_database_refuses_a_payment_above_what_is_open_and_every_change_of_one()
    {
        var branch = await app.BranchAsync();
        var (path, _) = await app.InvoiceAsync(branch, "2023-04", issue: true, "100");
        using var platform = branch.Administrator();
        await Sent(await platform.PayAsync(path, "100.00", "A"));
        var id = path.Split('/')[^1];
        string Again(string amount, string reference) =>
            $"""
            insert into billing.payments (id, tenant_id, owner_path, seller_id, invoice_id, reference, amount, currency, paid_on, method, created_at)
            select gen_random_uuid(), tenant_id, owner_path, seller_id, invoice_id, '{reference}', {amount}, currency, paid_on, method, created_at
            from billing.payments where invoice_id = '{id}'
            """;
        (await app.RefusedAsync(Again("20.01", "B"))).ConstraintName.ShouldBe("payments_not_above_open");
        (await app.RefusedAsync(Again("-1", "B"))).ConstraintName.ShouldBe("payments_not_above_open");
        (await app.RefusedAsync(Again("1", "A"))).ConstraintName.ShouldBe("payments_once");
        foreach (var change in (string[])[
            $"update billing.payments set amount = 1 where invoice_id = '{id}'", $"delete from billing.payments where invoice_id = '{id}'"])
            (await app.RefusedAsync(change)).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    internal static async Task<string?> ErrorAsync(HttpResponseMessage answer)
    {
        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity, await answer.Content.ReadAsStringAsync());
        using var body = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return body.RootElement.GetProperty("errors")[0].GetProperty("code").GetString();
    }
}
