namespace Licensing.Billing.Tests.Exports;

/// <summary>The migration 0004 on a database that has invoices already.</summary>
public sealed class InvoicesBeforeTests
{
    [Fact]
    public async Task Invoices_from_before_get_their_journal_and_drafts_none()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await database.MigrateAsync(1, 2);
        await database.ExecuteAsync(Invoice(1, "'7-2026-000001'", "'Issued'", "'2026-01-31T23:59:59Z'"));
        await database.ExecuteAsync(Invoice(2, "'7-2026-000002'", "'Paid'", "'2026-02-01T00:00:00Z'"));
        await database.ExecuteAsync(Invoice(3, "null", "'Draft'", "null"));

        await database.MigrateAsync(4);

        (await database.TextAsync("""
            select string_agg(
                format('%s %s %s %s %s %s', document_number, position, account, amount, coalesce(tax_category, '-'), booked_on), '; '
                order by document_number, position) from billing.journal_entries
            """)).ShouldBe(
            "7-2026-000001 1 Receivable 130.00 - 2026-01-31; 7-2026-000001 2 Revenue -100.00 S 2026-01-31; "
            + "7-2026-000001 3 Revenue -10.00 - 2026-01-31; 7-2026-000001 4 Tax -20.00 S 2026-01-31; "
            + "7-2026-000002 1 Receivable 130.00 - 2026-02-01; 7-2026-000002 2 Revenue -100.00 S 2026-02-01; "
            + "7-2026-000002 3 Revenue -10.00 - 2026-02-01; 7-2026-000002 4 Tax -20.00 S 2026-02-01");
        (await database.TextAsync("select string_agg(status, ' ' order by period_start) from billing.invoices")).ShouldBe("Issued Paid Draft");
        (await database.RefusedAsync(Invoice(1, "'7-2026-000009'", "'Issued'", "now()")))
            .ShouldBe("invoices_one_per_tenant_and_period");
        await database.ExecuteAsync("update billing.invoices set status = 'Void' where number = '7-2026-000001'");
        await database.ExecuteAsync(Invoice(1, "'7-2026-000009'", "'Issued'", "now()"));
    }

    private static string Invoice(int month, string number, string status, string issuedAt) =>
        $$"""
        insert into billing.invoices (id, tenant_id, owner_path, seller_id, period_start, period_end, kind, currency, net, tax, total, usage_exact,
            line_count, taxes, status, number, issued_at, created_at, version)
        values (gen_random_uuid(), '00000000-0000-0000-0000-000000000007', '7.', '00000000-0000-0000-0000-000000000001', '2025-0{{month}}-01',
            '2025-0{{month + 1}}-01', 'Regular', 'EUR', 110.00, 20.00, 130.00, '0', 2,
            '[{"category":"S","percent":"20","net":"100.00","tax":"20.00"}]', {{status}}, {{number}}, {{issuedAt}}, now(), 1)
        """;
}
