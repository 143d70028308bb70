using Licensing.Billing.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Invoices;

/// <summary>What commissions are told of: invoices in their period, credit notes in the month of their issue, nothing of what is void.</summary>
public sealed class InvoicedAmountsTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task A_credit_note_counts_in_the_month_of_its_issue_and_what_is_void_has_never_been()
    {
        var branch = await app.BranchAsync();
        var (path, invoice) = await app.InvoiceAsync(branch, "2023-01", issue: true, "60.00", "40.00");
        using var platform = branch.Administrator();
        var before = app.Now;
        await Sent(await platform.CreditAsync(path, (1, "12.50")));
        var now = Period.Month(app.Now.Year, app.Now.Month);

        (await ToldAsync(branch, "2023-01")).ShouldBe([$"{invoice.Text("number")} 100.00 EUR of 2023-01-01/2023-02-01"]);
        var note = (await ToldAsync(branch, $"{now.Start:yyyy-MM}")).ShouldHaveSingleItem();
        note.ShouldEndWith(" -12.50 EUR of 2023-01-01/2023-02-01");
        note.ShouldStartWith("1-CN");
        (await ChangedAsync(branch, before)).ShouldBe(["2023-01", $"{now.Start:yyyy-MM}"]);
        (await ChangedAsync(branch, null)).ShouldBe(["2023-01", $"{now.Start:yyyy-MM}"]);
        (await MonthsAsync(branch, new(2030, 1, 1))).ShouldBe(["2023-01", $"{now.Start:yyyy-MM}"]);
        (await MonthsAsync(branch, new(2030, 1, 1), new DateOnly(2023, 1, 1))).ShouldBe([$"{now.Start:yyyy-MM}"]);
        (await MonthsAsync(branch, now.Start)).ShouldBe(["2023-01"]);
        (await MonthsAsync(branch, now.Start, new DateOnly(2023, 1, 1))).ShouldBeEmpty();
        (await MonthsAsync(branch, new(2023, 1, 1))).ShouldBeEmpty();
        (await MonthsAsync(await app.BranchAsync(), new(2030, 1, 1))).ShouldBeEmpty();

        await Sent(await VoidInvoiceTests.VoidAsync(platform, path));
        (await ToldAsync(branch, "2023-01")).ShouldBeEmpty();
        (await ToldAsync(branch, $"{now.Start:yyyy-MM}")).ShouldBeEmpty();
        (await ChangedAsync(branch, before)).ShouldBe(["2023-01", $"{now.Start:yyyy-MM}"]);
        (await ChangedAsync(branch, app.Now.AddSeconds(1))).ShouldBeEmpty();

        await app.BillAsync("2023-01");
        (await ToldAsync(branch, "2023-01")).ShouldHaveSingleItem().ShouldEndWith(" 100.00 EUR of 2023-01-01/2023-02-01");
        (await ToldAsync(await app.BranchAsync(), "2023-01")).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_parts_of_a_document_by_plan_add_up_to_it_whatever_came_of_its_invoice()
    {
        var branch = await app.BranchAsync();
        var (path, invoice) = await app.InvoiceAsync(branch, "2023-03", issue: true, "60.00", "40.00");
        using var platform = branch.Administrator();
        await Sent(await platform.CreditAsync(path, (2, "12.50")));
        var parts = await app.InAsync<IInvoicedAmounts, List<InvoicedPart>>(async invoiced =>
        {
            List<InvoicedNet> documents = [];
            foreach (var month in new[] { Period.Parse("2023-03"), Period.Month(app.Now.Year, app.Now.Month) })
                documents.AddRange(await invoiced.OfPeriodAsync(month, Scope.Of([branch.Partner.Path]), CancellationToken.None));
            return [.. await invoiced.PartsAsync(documents, CancellationToken.None)];
        });
        parts.Select(x => x.Net).Order().ShouldBe([-12.50m, 100.00m]);
        parts.ShouldAllBe(x => x.Plan != null && x.Product != null);
        parts.Select(x => (x.Plan, x.Product)).Distinct().Count().ShouldBe(1);
        parts.ShouldContain(x => x.DocumentId == Guid.Parse(invoice.Text("id")));
        // Lines of before know no plan.
        (await app.ScalarAsync<long>("select count(*) from billing.invoice_lines where plan_version_id is null")).ShouldBe(0);
    }

    private Task<List<string>> ToldAsync(Branch branch, string month) => app.InAsync<IInvoicedAmounts, List<string>>(async invoiced =>
        [.. (await invoiced.OfPeriodAsync(Period.Parse(month), Scope.Of([branch.Partner.Path]), CancellationToken.None))
            .Select(x => $"{x.Number} {x.Net} of {x.InvoicePeriod}")]);

    private Task<List<string>> MonthsAsync(Branch branch, DateOnly before, params DateOnly[] known) =>
        app.InAsync<IInvoicedAmounts, List<string>>(async invoiced =>
            [.. (await invoiced.MonthsAsync(before, known.ToHashSet(), Scope.Of([branch.Partner.Path]), CancellationToken.None))
                .Select(x => $"{x.Start:yyyy-MM}")]);

    private Task<List<string>> ChangedAsync(Branch branch, DateTimeOffset? since) => app.InAsync<IInvoicedAmounts, List<string>>(async invoiced =>
        [.. (await invoiced.ChangedMonthsAsync(
            since, new DateOnly(2030, 1, 1), Scope.Of([branch.Partner.Path]), CancellationToken.None)).Select(x => $"{x.Start:yyyy-MM}")]);
}
