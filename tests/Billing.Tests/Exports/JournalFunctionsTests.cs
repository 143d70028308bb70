using Licensing.Billing.Tests.Invoices;
using Licensing.Host.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Billing.Tests.Exports;

/// <summary>What the database itself sees to of numbers and entries, whoever writes them.</summary>
public sealed class JournalFunctionsTests(BillingApp app) : IClassFixture<BillingApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    // A tax of nothing is no entry; its revenue is one all the same.
    [InlineData("100, 0", """[{"category":"E","percent":0,"net":100,"tax":0}]""", "Receivable - 100; Revenue E -100")]
    // What is outside tax is revenue without a rate.
    [InlineData("100, 12", """[{"category":"S","percent":20,"net":60,"tax":12}]""", "Receivable - 112; Revenue S -60; Revenue - -40; Tax S -12")]
    [InlineData("100, 0", "[]", "Receivable - 100; Revenue - -100")]
    [InlineData(
        "100, 15", """[{"category":"S","percent":20,"net":60,"tax":12},{"category":"AA","percent":5,"net":60,"tax":3}]""",
        "Receivable - 115; Revenue AA -60; Revenue S -60; Revenue - 20; Tax AA -3; Tax S -12")]
    public async Task An_amount_with_its_taxes_is_entries_that_come_to_nothing(string amounts, string taxes, string entries) =>
        (await app.ScalarAsync<string>($"""
            select string_agg(account || ' ' || coalesce(category, '-') || ' ' || trim_scale(amount), '; ' order by rank, category, percent)
            from billing.journal_amounts({amounts}, '{taxes}'::jsonb)
            """)).ShouldBe(entries);

    [Fact]
    public async Task What_is_booked_by_the_day_of_its_issue_is_booked_by_its_own_or_into_the_open_month()
    {
        var branch = await app.BranchAsync();
        var (_, invoice) = await app.InvoiceAsync(branch, "2023-01", issue: true, "10");
        await using var connection = await app.Services.GetRequiredService<SchemaOwner>().Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await using var command = new NpgsqlCommand(
            $"""
            insert into billing.journal_months (month, closed_at) values ('2026-01-01', '2026-02-01');
            insert into billing.invoices select (jsonb_populate_record(i, to_jsonb(i) || '{Void}'
                || jsonb_build_object('id', gen_random_uuid(), 'number', x.issued_at, 'issued_at', x.issued_at))).*
            from billing.invoices i, unnest(array['2025-11-05T12:00:00Z', '2026-03-09T12:00:00Z']) as x (issued_at)
            where i.id = '{invoice.Text("id")}';
            select billing.post_invoices(array(select id from billing.invoices where number like '%T12:00:00Z'), null);
            """, connection, transaction);
        await command.ExecuteNonQueryAsync(Ct);
        command.CommandText = """
            select string_agg(distinct concat_ws(' ', document_number, document_on, booked_on), '; ') from billing.journal_entries
            where document_number like '%T12:00:00Z'
            """;
        (await command.ExecuteScalarAsync(Ct)).ShouldBe(
            "2025-11-05T12:00:00Z 2025-11-05 2026-02-01; 2026-03-09T12:00:00Z 2026-03-09 2026-03-09");
    }

    [Fact]
    public async Task No_two_invoices_of_an_issuer_have_one_number()
    {
        var branch = await app.BranchAsync();
        var (_, invoice) = await app.InvoiceAsync(branch, "2023-02", issue: true, "10");
        // A void one, so that nothing but its number is in the way.
        var same = $"""
            insert into billing.invoices select (jsonb_populate_record(i, to_jsonb(i) || '{Void}' || jsonb_build_object('id', gen_random_uuid()))).*
            from billing.invoices i where i.id = '{invoice.Text("id")}'
            """;
        (await app.RefusedAsync(same)).ConstraintName.ShouldBe("invoices_number");
    }

    private const string Void = """{"status": "Void", "voided_at": "2026-01-20T00:00:00Z"}""";
}
