using System.Collections.Frozen;
using System.Net;
using Licensing.Billing.Exports;
using Licensing.Billing.Tests.Invoices;
using Licensing.Billing.Tests.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Exports;

/// <summary>Each test moves the clock, so each has a host of its own.</summary>
public sealed class JournalTests : IAsyncLifetime
{
    private readonly BillingApp _app = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Every_document_is_entered_twice_and_a_month_exports_to_the_same_bytes_for_ever()
    {
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        var (path, invoice) = await _app.InvoiceAsync(branch, "2023-01", issue: true, "68.33", "68.33");
        await Sent(await platform.PayAsync(path, "50.00", "=cmd", paidOn: "2026-01-02"));
        var note = await Sent(await platform.CreditAsync(path, (1, null)));
        (await (await platform.GetAsync("/api/v1/exports/ledger?period=2026-01")).CodeAsync()).ShouldBe("period_not_over");

        _app.Clock.Advance(TimeSpan.FromDays(30));
        var first = await ExportAsync(platform, "2026-01");
        var (number, tenant) = (invoice.Text("number"), branch.Tenant);
        string Row(
            string kind, string document, int position, string account, string debit, string credit, string tax, string on, string reference) =>
            $"2026-01-15,{kind},{document},{position},{account},{debit},{credit},EUR,{tax},{on},{number},{reference},{tenant.Id.Value},"
            + $"{tenant.Code},{branch.Platform.Id.Value}";
        first.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).ShouldBe(
        [
            "bookedOn,documentKind,documentNumber,position,account,debit,credit,currency,taxCategory,taxPercent,documentOn,invoiceNumber,reference,"
                + "tenantId,tenantCode,sellerId",
            Row("Invoice", number, 1, "Receivable", "163.99", "", ",", "2026-01-15", ""),
            Row("Invoice", number, 2, "Revenue", "", "136.66", "S,20", "2026-01-15", ""),
            Row("Invoice", number, 3, "Tax", "", "27.33", "S,20", "2026-01-15", ""),
            Row("Payment", $"{number}-P0001", 1, "Cash", "50.00", "", ",", "2026-01-02", "'=cmd"),
            Row("Payment", $"{number}-P0001", 2, "Receivable", "", "50.00", ",", "2026-01-02", "'=cmd"),
            Row("CreditNote", note.Text("number"), 1, "Receivable", "", "82.00", ",", "2026-01-15", ""),
            Row("CreditNote", note.Text("number"), 2, "Revenue", "68.33", "", "S,20", "2026-01-15", ""),
            Row("CreditNote", note.Text("number"), 3, "Tax", "13.67", "", "S,20", "2026-01-15", ""),
        ]);

        await Sent(await platform.CreditInFullAsync(path));
        await _app.InvoiceAsync(branch, "2023-02", issue: true, "10");
        (await ExportAsync(platform, "2026-01")).ShouldBe(first);
        var file = Path.Combine(Path.GetTempPath(), $"journal-{branch.Tenant.Code}-{Environment.ProcessId}.csv");
        try
        {
            await OpsAsync("billing export", ("--period", "2026-01"), ("--out", file));
            (await File.ReadAllTextAsync(file, Ct)).ShouldBe(first);
        }
        finally
        {
            File.Delete(file);
        }

        (await VerifyAsync()).ShouldBeEmpty();
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await partner.GetAsync("/api/v1/exports/ledger?period=2026-01")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await platform.GetAsync("/api/v1/exports/ledger?period=january")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_month_is_closed_once_by_who_may_close_it_and_the_trail_says_so()
    {
        var branch = await _app.BranchAsync();
        await _app.InvoiceAsync(branch, "2023-01", issue: true, "10");
        using var platform = branch.Administrator();
        using var reader = await _app.PlatformAsync(Roles.PlatformReader);
        _app.Clock.Advance(TimeSpan.FromDays(30));
        // Who only reads closes nothing.
        var open = await reader.GetAsync("/api/v1/exports/ledger?period=2026-01", Ct);
        (open.StatusCode, await open.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "journal_month_open"));
        (await _app.ScalarAsync<long>("select count(*) from billing.journal_months")).ShouldBe(0);
        // Nor does who may do so for a part of it only.
        (await CloseAsAsync(branch.Partner, "2026-01")).ShouldBe("not_the_seller");

        var first = await ExportAsync(platform, "2026-01");
        (await ExportAsync(platform, "2026-01")).ShouldBe(first);
        (await ExportAsync(reader, "2026-01")).ShouldBe(first);
        // Whoever was about to, too, when somebody else closed it.
        (await CloseAsAsync(branch.Platform, "2026-01")).ShouldBeNull();
        var entries = await ItemsAsync(platform, "/api/v1/audit?action=billing.close_journal_month");
        entries.Count.ShouldBe(2);
        entries.Where(x => x.GetProperty("resources").GetArrayLength() > 0).ShouldHaveSingleItem().GetRawText().ShouldContain("2026-01");
    }

    private async Task<string?> CloseAsAsync(OrganizationRef holder, string month)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(new Access
        {
            Kind = PrincipalKind.User,
            Id = Guid.AllBitsSet,
            Name = "closer",
            OrganizationId = holder.Id.Value,
            Path = holder.Path,
            Grants = [new Grant("closer", holder.Id.Value, holder.Path, FrozenSet.Create("billing.ledger.close"))],
        });
        return (await scope.ServiceProvider.GetRequiredService<ISender>().Send(new CloseJournalMonth.Command(month), Ct)).Refusal?.Code;
    }

    [Fact]
    public async Task What_a_host_books_whose_clock_is_behind_falls_into_the_open_month()
    {
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        var (path, _) = await _app.InvoiceAsync(branch, "2023-01", issue: true, "10");
        _app.Clock.Advance(TimeSpan.FromDays(30));
        var january = await ExportAsync(platform, "2026-01");

        _app.Clock.SetBack(TimeSpan.FromDays(20));
        await Sent(await platform.PayAsync(path, "12.00", "late", paidOn: "2026-01-20"));
        (await _app.ScalarAsync<DateTime>("select max(booked_on)::timestamp from billing.journal_entries")).ShouldBe(new DateTime(2026, 2, 1));
        _app.Clock.SetBack(TimeSpan.FromDays(-20));
        (await ExportAsync(platform, "2026-01")).ShouldBe(january);
    }

    [Fact]
    public async Task Who_exports_waits_for_who_books_and_nobody_books_behind_him()
    {
        var branch = await _app.BranchAsync();
        await _app.InvoiceAsync(branch, "2023-01", issue: true, "10");
        using var platform = branch.Administrator();
        var source = _app.Services.GetRequiredService<NpgsqlDataSource>();
        await using var booking = await source.OpenConnectionAsync(Ct);
        await using var transaction = await booking.BeginTransactionAsync(Ct);
        const string Copied =
            """
            insert into billing.journal_entries (document_id, tenant_id, position, owner_path, seller_id, document_kind, document_number,
                invoice_number, reference, document_on, booked_on, account, currency, amount)
            select gen_random_uuid(), tenant_id, 1, owner_path, seller_id, document_kind, 'slow', invoice_number, reference, document_on, booked_on,
                account, currency, 0 from billing.journal_entries limit 1
            """;
        await using (var insert = new NpgsqlCommand(Copied, booking, transaction))
            await insert.ExecuteNonQueryAsync(Ct);

        _app.Clock.Advance(TimeSpan.FromDays(30));
        var export = ExportAsync(platform, "2026-01");
        await _app.WaitsForALockAsync(export);
        await transaction.CommitAsync(Ct);
        (await export).ShouldContain(",slow,");
        (await _app.RefusedAsync(Copied)).SqlState.ShouldBe(PostgresErrorCodes.SerializationFailure);
    }

    [Fact]
    public async Task The_database_refuses_what_does_not_balance_what_comes_later_and_every_change()
    {
        var branch = await _app.BranchAsync();
        await _app.InvoiceAsync(branch, "2023-01", issue: true, "10");
        static string Again(string id, string position, string amount) =>
            $"""
            insert into billing.journal_entries (document_id, tenant_id, position, owner_path, seller_id, document_kind, document_number,
                invoice_number, reference, document_on, booked_on, account, currency, amount)
            select {id}, tenant_id, {position}, owner_path, seller_id, document_kind, document_number, invoice_number,
                reference, document_on, booked_on, account, currency, {amount} from billing.journal_entries where account = 'Receivable'
            """;
        (await _app.RefusedAsync(Again("gen_random_uuid()", "1", "1"))).ConstraintName.ShouldBe("journal_balanced");
        // It balances, and yet the document had its entries already.
        (await _app.RefusedAsync(Again("document_id", "9", "0"))).ConstraintName.ShouldBe("journal_balanced");
        (await _app.RefusedAsync(Again("document_id", "1", "0"))).ConstraintName.ShouldBe("journal_entries_pkey");
        // Balanced, and with a place left over to which another entry could be added; and in two currencies that only together come to nothing.
        foreach (var two in (string[])["(1, 'EUR', 1), (3, 'EUR', -1)", "(0, 'EUR', 1), (2, 'EUR', -1)", "(1, 'EUR', 1), (2, 'USD', -1)"])
            (await _app.RefusedAsync(
                $"""
                insert into billing.journal_entries (document_id, tenant_id, position, owner_path, seller_id, document_kind, document_number,
                    invoice_number, reference, document_on, booked_on, account, currency, amount)
                select d.id, j.tenant_id, two.position, owner_path, seller_id, document_kind, document_number, invoice_number, reference,
                    document_on, booked_on, account, two.currency, two.amount
                from (select gen_random_uuid() as id) d, billing.journal_entries j, (values {two}) as two (position, currency, amount)
                where j.account = 'Receivable'
                """)).ConstraintName.ShouldBe("journal_balanced", two);
        foreach (var change in (string[])["update billing.journal_entries set amount = 0", "delete from billing.journal_entries"])
            (await _app.RefusedAsync(change)).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Theory]
    [InlineData("update billing.journal_entries set amount = amount + 1 where account = 'Revenue' and document_kind = 'Invoice'", "does not balance")]
    [InlineData("delete from billing.journal_entries where document_kind = 'Payment'", "has no entries in the journal")]
    [InlineData("delete from billing.payments", "which there is not")]
    [InlineData("update billing.invoices set paid = paid + 1", "shows 2 paid")]
    [InlineData("update billing.invoices set credited = 0", "shows 1 paid and 0 credited instead of 1 and 1.20")]
    [InlineData("update billing.invoice_lines set net = net + 1", "the lines of")]
    [InlineData("update billing.number_series set next = next + 1", "is missing")]
    [InlineData("update billing.credit_note_series set next = next + 1", "number 2 of series CN2026 is missing")]
    [InlineData("update billing.number_series set next = 1", "is above its series")]
    // Numbers go on above the six digits in which they are written.
    [InlineData("update billing.invoices set number = replace(number, '-000001', '-1000001')", "-1000001 is above its series")]
    public async Task What_was_done_to_documents_or_journal_is_found(string tampering, string finding)
    {
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        var (path, _) = await _app.InvoiceAsync(branch, "2023-01", issue: true, "10");
        await Sent(await platform.PayAsync(path, "1.00", "A"));
        await Sent(await platform.CreditAsync(path, (1, "1.00")));
        (await VerifyAsync()).ShouldBeEmpty();

        await _app.TamperAsync(tampering);

        string.Join("; ", await VerifyAsync()).ShouldContain(finding);
        (await OpsRefusedAsync("ledger verify")).ShouldBe("journal_broken");
    }

    private Task<IReadOnlyList<string>> VerifyAsync() => VerifyAsync(_app);

    internal static async Task<IReadOnlyList<string>> VerifyAsync(BillingApp app) =>
        (await app.Services.GetRequiredService<VerifyJournal>().RunAsync(Ct)).Findings;

    private static async Task<string> ExportAsync(HttpClient client, string period)
    {
        using var answer = await client.GetAsync($"/api/v1/exports/ledger?period={period}", Ct);
        var text = await answer.Content.ReadAsStringAsync(Ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return text;
    }

    private async Task OpsAsync(string name, params (string Name, string Value)[] given) =>
        (await RunAsync(name, given)).Refused(out var refusal, out _).ShouldBeFalse(refusal?.Message);

    private async Task<string?> OpsRefusedAsync(string name) => (await RunAsync(name)).Refusal?.Code;

    private async Task<Result<OpsAnswer>> RunAsync(string name, params (string Name, string Value)[] given)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var call = new OpsCall(scope.ServiceProvider, given.ToDictionary(x => x.Name, x => (IReadOnlyList<string>)[x.Value]));
        return await _app.Services.GetServices<OpsCommand>().Single(x => x.Name == name).RunAsync(call, Ct);
    }
}
