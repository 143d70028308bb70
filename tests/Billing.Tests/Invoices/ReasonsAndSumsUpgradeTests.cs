using static Licensing.Billing.Tests.StoredRows;

namespace Licensing.Billing.Tests.Invoices;

/// <summary>The migration 0016 on a database that has payments and invoices already.</summary>
public sealed class ReasonsAndSumsUpgradeTests
{
    [Fact]
    public async Task Why_a_payment_was_taken_back_moves_from_its_method_to_its_reason()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await database.MigrateAsync(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
        await database.ExecuteAsync($"""
            set session_replication_role = replica;
            insert into billing.payments (id, tenant_id, owner_path, seller_id, invoice_id, number, reference, amount, currency, paid_on, method,
                from_credit, reverses, created_at)
            select id, '{Owner}', '7.', '{Seller}', '{Id(1)}', number, reference, amount, 'EUR', '2025-01-01', method, from_credit, reverses, now()
            from (values
                ('{Id(11)}'::uuid, 1, 'a', 10.00, 'transfer', false, null::uuid),
                ('{Id(12)}', 2, 'b', 5.00, 'credit', true, null),
                ('{Id(13)}', 3, 'reversal 1', -10.00, 'bounced', false, '{Id(11)}'),
                ('{Id(14)}', 4, 'reversal 2', -5.00, 'wrong invoice', true, '{Id(12)}'))
                as p (id, number, reference, amount, method, from_credit, reverses);
            set session_replication_role = origin
            """);

        await database.MigrateAsync(16);

        (await database.TextAsync("select string_agg(format('%s %s %s', amount, method, reason), '; ' order by number) from billing.payments"))
            .ShouldBe("10.00 transfer ; 5.00 credit ; -10.00 transfer bounced; -5.00 credit wrong invoice");
        (await database.RefusedAsync("update billing.payments set reason = 'x'"))!.ShouldContain("append-only");
        (await database.TextAsync("select bool_and(convalidated)::text from pg_constraint where conrelid::regclass::text like 'billing.%'"))
            .ShouldBe("true");
    }

    [Fact]
    public async Task Issued_invoices_say_what_was_taken_off_their_lines_and_change_no_more()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await database.MigrateAsync(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
        await database.ExecuteAsync($"""
            set session_replication_role = replica;
            {Invoice(1, 7, "2025-01-01", number: "a")} {Invoice(2, 7, "2025-01-01", number: "b", kind: "Late")}
            {Line(1, 7, 1, "0.00", "2025-01-01", charge: "c1", cap: "1.00", discount: "0.50")}
            {Line(1, 7, 2, "4.00", "2025-01-01", charge: "c2", discount: "0.25")}
            {Line(1, 7, 3, "0.00", "2025-01-01", charge: "c3")} {Line(2, 7, 4, "0.00", "2025-01-01", charge: "c4")}
            set session_replication_role = origin
            """);

        await database.MigrateAsync(16);

        (await database.TextAsync("select string_agg(format('%s %s %s', kind, discounts, credits), '; ' order by kind) from billing.invoices"))
            .ShouldBe("Late 0 0; Regular 1.75 4.00");
        (await database.RefusedAsync("update billing.invoices set discounts = 0"))!.ShouldContain("does not change");
    }
}
