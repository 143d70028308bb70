namespace Licensing.Billing.Tests;

/// <summary>Migrations on a database in which something goes on.</summary>
public sealed class UpgradeTests
{
    private const string Seller = "00000000-0000-0000-0000-000000000001";
    private const string Owner = "00000000-0000-0000-0000-000000000007";

    [Fact]
    public async Task Runs_that_go_on_begin_their_round_anew_and_finished_ones_stay()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await database.MigrateAsync(1, 2);
        await database.ExecuteAsync($"""
            insert into billing.runs (id, seller_id, period_start, period_end, state, issue, operation_id, step, last_tenant, not_billed, created_at,
                finished_at)
            values
                (gen_random_uuid(), '{Seller}', '2025-01-01', '2025-02-01', 'Finished', true, gen_random_uuid(), 9, null, 2, '2025-02-01Z',
                    '2025-02-02Z'),
                (gen_random_uuid(), '{Seller}', '2025-02-01', '2025-03-01', 'Issuing', true, gen_random_uuid(), 4, null, 0, '2025-03-01Z', null),
                (gen_random_uuid(), '{Seller}', '2025-03-01', '2025-04-01', 'Drafting', false, gen_random_uuid(), 2, '{Owner}', 1, '2025-04-01Z',
                    null)
            """);
        var before = await database.TextAsync("select jsonb_agg(to_jsonb(r) - 'state' order by period_start)::text from billing.runs r");

        await database.MigrateAsync(3);
        (await database.TextAsync("""
            select string_agg(format('%s %s %s %s', state, round, round_at = created_at, cardinality(started_by)), '; ' order by period_start)
            from billing.runs
            """)).ShouldBe("Finished 0 t 0; Planning 0 t 0; Planning 0 t 0");
        (await database.TextAsync("""
            select jsonb_agg(to_jsonb(r) - array['state', 'round', 'round_at', 'started_by', 'started_by_name', 'tenants', 'tax_rates', 'deviations',
                'confirmed_by', 'confirmed_by_name', 'confirmed_at'] order by period_start)::text from billing.runs r
            """)).ShouldBe(before);
        (await database.RefusedAsync("update billing.runs set state = 'Lost'")).ShouldBe("runs_state_check");
        await database.MigrateAsync(4, 5, 6);
        await database.ExecuteAsync("update billing.runs set state = 'Held' where state = 'Planning'");
    }

    [Fact]
    public async Task A_ledger_with_credit_in_it_goes_on_where_it_stands()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await database.MigrateAsync(1, 2, 3, 4, 5);
        await database.ExecuteAsync(string.Concat(
            Account(1, "Prepaid"), Account(2, "Funded"), Account(3, "Spent"),
            $"insert into billing.credit_lots (id, account_id, created_at) values ('{Id(9)}', '{Id(1)}', now());",
            Transaction(11, "TopUp"), Entry(11, 1, 1, "40.00", lot: true), Entry(11, 2, 2, "-40.00"),
            Transaction(12, "Spending"), Entry(12, 1, 1, "-12.50", lot: true), Entry(12, 2, 3, "12.50")));
        const string balances = "select string_agg(format('%s %s %s', kind, entries, balance), '; ' order by kind) from billing.ledger_balances";
        const string stood = "Funded 1 -40.00; Prepaid 2 27.50; Spent 1 12.50";
        (await database.TextAsync(balances)).ShouldBe(stood);
        var entries = await database.TextAsync(
            "select jsonb_agg(to_jsonb(e) order by transaction_id, position)::text from billing.ledger_entries e");

        await database.MigrateAsync(6);
        (await database.TextAsync(balances)).ShouldBe(stood);
        (await database.TextAsync("select jsonb_agg(to_jsonb(e) order by transaction_id, position)::text from billing.ledger_entries e"))
            .ShouldBe(entries);

        // The next entry of an account has the next number; what counts from the beginning, or leaves one out, does not follow.
        string Spending(int id, int number, string left, string spent) => string.Concat(
            "with added as (", Transaction(id, "Spending").TrimEnd(';'), " returning id) ",
            "insert into billing.ledger_entries (transaction_id, position, account_id, unit, lot_id, amount, number, balance_after) values ",
            $"('{Id(id)}', 1, '{Id(1)}', 'EUR', '{Id(9)}', -7.50, {number}, {left}), ('{Id(id)}', 2, '{Id(3)}', 'EUR', null, 7.50, 2, {spent})");
        (await database.RefusedAsync(Spending(13, 1, "20.00", "20.00"))).ShouldBe("ledger_entries_number");
        (await database.RefusedAsync(Spending(13, 4, "20.00", "20.00"))).ShouldBe("ledger_chained");
        (await database.RefusedAsync(Spending(13, 3, "19.00", "20.00"))).ShouldBe("ledger_chained");
        await database.ExecuteAsync(Spending(13, 3, "20.00", "20.00"));
        (await database.TextAsync(balances)).ShouldBe("Funded 1 -40.00; Prepaid 3 20.00; Spent 2 20.00");
        (await database.TextAsync("select remaining::text from billing.credit_lots")).ShouldBe("20.00");
        (await database.RefusedAsync(Transaction(14, "Spending"))).ShouldBe("ledger_balanced");
    }

    [Fact]
    public async Task Lines_of_before_are_billed_in_advance_of_nothing_and_a_thing_is_adjusted_once_as_ever()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await database.MigrateAsync(1, 2, 3, 4, 5, 6, 7, 8, 9);
        await database.ExecuteAsync($"""
            insert into billing.invoices (id, tenant_id, owner_path, seller_id, period_start, period_end, kind, currency, net, tax, total,
                usage_exact, line_count, taxes, status, created_at, version)
            values ('{Id(1)}', '{Owner}', '7.', '{Seller}', '2025-01-01', '2025-02-01', 'Regular', 'EUR', 1, 0, 1, '0', 2, '[]', 'Draft', now(), 1)
            """);
        string Line(int position, string days, string more, string values) => $"""
            insert into billing.invoice_lines (invoice_id, tenant_id, position, subscription_id, charge_key, meter, sku, region, is_usage, starts_on,
                ends_on, description, quantity, days, period_days, unrounded, currency, net, tax, steps, adjusts, adjustment, billed_before{more})
            values ('{Id(1)}', '{Owner}', {position}, '{Id(2)}', 'base', '', '', '', false, {days}, 'x', '1', 1, 31, '1', 'EUR', 1, 0, '[]', {values})
            """;
        await database.ExecuteAsync(Line(1, "'2025-01-01', '2025-02-01'", "", "null, 0, null"));
        await database.ExecuteAsync(Line(2, "'2024-12-01', '2025-01-01'", "", "'2024-12-01', 1, 5"));
        var before = await database.TextAsync("select jsonb_agg(to_jsonb(l) order by position)::text from billing.invoice_lines l");

        await database.MigrateAsync(10, 11);
        (await database.TextAsync(
            "select jsonb_agg(to_jsonb(l) - array['ahead_of', 'keyed_on'] order by position)::text from billing.invoice_lines l")).ShouldBe(before);
        (await database.TextAsync("select count(coalesce(ahead_of, keyed_on))::text from billing.invoice_lines")).ShouldBe("0");
        // The thing is known by its first day, whatever days the difference is of.
        const string more = ", ahead_of, keyed_on";
        (await database.RefusedAsync(Line(3, "'2024-12-16', '2025-01-01'", more, "'2024-12-01', 1, 5, null, '2024-12-01'")))
            .ShouldBe("invoice_lines_adjusted_once");
        (await database.RefusedAsync(Line(3, "'2025-01-01', '2025-02-01'", more, "null, 0, null, '2025-01-01', null")))
            .ShouldBe("invoice_lines_billed_once");
        (await database.RefusedAsync(Line(3, "'2025-02-01', '2025-03-01'", more, "'2025-02-01', 1, 0, '2025-02-01', null")))
            .ShouldBe("invoice_lines_ahead");
        (await database.RefusedAsync(Line(3, "'2025-02-16', '2025-03-01'", more, "null, 0, null, null, '2025-02-01'")))
            .ShouldBe("invoice_lines_keyed");
        await database.ExecuteAsync(Line(3, "'2025-02-01', '2025-03-01'", more, "null, 0, null, '2025-02-01', null"));
    }

    private static string Id(int number) => $"00000000-0000-0000-0000-{number:000000000000}";

    private static string Account(int id, string kind) =>
        $"insert into billing.ledger_accounts (id, owner_id, owner_path, kind, unit, created_at) "
        + $"values ('{Id(id)}', '{Owner}', '7.', '{kind}', 'EUR', now());";

    private static string Transaction(int id, string kind) =>
        $"insert into billing.ledger_transactions (id, owner_id, owner_path, kind, key, reference, entries, created_at) "
        + $"values ('{Id(id)}', '{Owner}', '7.', '{kind}', 'key-{id}', 'r', 2, now());";

    private static string Entry(int transaction, int position, int account, string amount, bool lot = false) =>
        $"insert into billing.ledger_entries (transaction_id, position, account_id, unit, lot_id, amount) "
        + $"values ('{Id(transaction)}', {position}, '{Id(account)}', 'EUR', {(lot ? $"'{Id(9)}'" : "null")}, {amount});";
}
