using Licensing.Billing.Data;
using Npgsql;

namespace Licensing.Billing.Tests.Exports;

/// <summary>The migration 0004 on a database that has invoices already.</summary>
public sealed class InvoicesBeforeTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Invoices_from_before_get_their_journal_and_drafts_none()
    {
        var connectionString = await TestPostgres.CreateEmptyAsync(Ct);
        try
        {
            await using var source = NpgsqlDataSource.Create(connectionString);
            await ExecuteAsync(source, "create schema if not exists billing");
            foreach (var before in Migrations().Where(x => Number(x) is 1 or 2))
                await ExecuteAsync(source, await ReadAsync(before));
            await ExecuteAsync(source, Invoice(1, "'7-2026-000001'", "'Issued'", "'2026-01-31T23:59:59Z'"));
            await ExecuteAsync(source, Invoice(2, "'7-2026-000002'", "'Paid'", "'2026-02-01T00:00:00Z'"));
            await ExecuteAsync(source, Invoice(3, "null", "'Draft'", "null"));

            await ExecuteAsync(source, await ReadAsync(Migrations().Single(x => Number(x) == 4)));

            (await TextAsync(source, """
                select string_agg(
                    format('%s %s %s %s %s %s', document_number, position, account, amount, coalesce(tax_category, '-'), booked_on), '; '
                    order by document_number, position) from billing.journal_entries
                """)).ShouldBe(
                "7-2026-000001 1 Receivable 130.00 - 2026-01-31; 7-2026-000001 2 Revenue -100.00 S 2026-01-31; "
                + "7-2026-000001 3 Revenue -10.00 - 2026-01-31; 7-2026-000001 4 Tax -20.00 S 2026-01-31; "
                + "7-2026-000002 1 Receivable 130.00 - 2026-02-01; 7-2026-000002 2 Revenue -100.00 S 2026-02-01; "
                + "7-2026-000002 3 Revenue -10.00 - 2026-02-01; 7-2026-000002 4 Tax -20.00 S 2026-02-01");
            (await TextAsync(source, "select string_agg(status, ' ' order by period_start) from billing.invoices")).ShouldBe("Issued Paid Draft");
            (await Should.ThrowAsync<PostgresException>(() => ExecuteAsync(source, Invoice(1, "'7-2026-000009'", "'Issued'", "now()"))))
                .ConstraintName.ShouldBe("invoices_one_per_tenant_and_period");
            await ExecuteAsync(source, "update billing.invoices set status = 'Void' where number = '7-2026-000001'");
            await ExecuteAsync(source, Invoice(1, "'7-2026-000009'", "'Issued'", "now()"));
        }
        finally
        {
            await TestPostgres.DropAsync(connectionString);
        }
    }

    private static string Invoice(int month, string number, string status, string issuedAt) =>
        $$"""
        insert into billing.invoices (id, tenant_id, owner_path, seller_id, period_start, period_end, kind, currency, net, tax, total, usage_exact,
            line_count, taxes, status, number, issued_at, created_at, version)
        values (gen_random_uuid(), '00000000-0000-0000-0000-000000000007', '7.', '00000000-0000-0000-0000-000000000001', '2025-0{{month}}-01',
            '2025-0{{month + 1}}-01', 'Regular', 'EUR', 110.00, 20.00, 130.00, '0', 2,
            '[{"category":"S","percent":"20","net":"100.00","tax":"20.00"}]', {{status}}, {{number}}, {{issuedAt}}, now(), 1)
        """;

    private static IEnumerable<string> Migrations() => typeof(BillingDb).Assembly.GetManifestResourceNames()
        .Where(x => x.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private static int Number(string resource) => int.Parse(resource.Split('.', '/')[^2].Split('_')[0]);

    private static async Task<string> ReadAsync(string resource)
    {
        using var reader = new StreamReader(typeof(BillingDb).Assembly.GetManifestResourceStream(resource)!);
        return await reader.ReadToEndAsync(Ct);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private static async Task<string> TextAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (string)(await command.ExecuteScalarAsync(Ct))!;
    }
}
