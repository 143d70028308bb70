using static Licensing.Billing.Tests.StoredRows;

namespace Licensing.Billing.Tests;

/// <summary>Migrations on a database in which something goes on.</summary>
public sealed class UpgradeTests
{
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
    public async Task A_ledger_of_before_stays_and_takes_credits_and_both_sides_of_transfers()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await database.MigrateAsync(1, 2, 3, 4, 5);
        await database.ExecuteAsync(string.Concat(
            Account(1, "Prepaid"), Account(2, "Funded"),
            $"insert into billing.credit_lots (id, account_id, created_at) values ('{Id(9)}', '{Id(1)}', now());",
            Transaction(11, "TopUp"), Entry(11, 1, 1, "40.00", lot: true), Entry(11, 2, 2, "-40.00")));
        await database.MigrateAsync([.. Enumerable.Range(6, 12)]);
        const string all = """
            select (select jsonb_agg(to_jsonb(t) - 'counterpart_id')::text from billing.ledger_transactions t)
                || (select jsonb_agg(to_jsonb(l) - 'source_id')::text from billing.credit_lots l)
            """;
        var before = await database.TextAsync(all);

        await database.MigrateAsync(18);
        (await database.TextAsync(all)).ShouldBe(before);
        (await database.RefusedAsync(Transaction(12, "TransferOut"))).ShouldBe("ledger_transactions_kind_check");
        (await database.RefusedAsync(Account(5, "Prepaid").Replace("EUR", "gold", StringComparison.Ordinal))).ShouldBe("ledger_accounts_unit_check");
        await database.ExecuteAsync(Account(3, "Transferred") + Account(4, "Prepaid").Replace("EUR", "credits", StringComparison.Ordinal));
        (await database.RefusedAsync(Transaction(12, "TransferOut").Replace("entries,", "counterpart_id, entries,", StringComparison.Ordinal)
            .Replace("'r', 2", $"'r', '{Id(13)}', 2", StringComparison.Ordinal))).ShouldBeOneOf("ledger_paired", "ledger_balanced");
    }

    [Fact]
    public async Task Lines_of_before_are_billed_in_advance_of_nothing_and_a_thing_is_adjusted_once_as_ever()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await database.MigrateAsync(1, 2, 3, 4, 5, 6, 7, 8, 9);
        await database.ExecuteAsync(Invoice(1, 7, "2025-01-01"));
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

    [Fact]
    public async Task Rates_of_countries_stay_and_those_of_organisations_join_them_once()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await database.MigrateAsync([.. Enumerable.Range(1, 13)]);
        await database.ExecuteAsync(Rate("'DE', 'S', 20, '2020-01-01'") + Rate("'DE', 'S', 25, '2024-01-01'") + Rate("'AT', 'S', 20, '2020-01-01'"));
        const string rates = """
            select jsonb_agg(jsonb_build_array(id, country, category, percent, valid_from, created_at, version) order by id)::text
            from billing.tax_rates
            """;
        var before = await database.TextAsync(rates);
        await database.MigrateAsync(14);
        (await database.TextAsync(rates)).ShouldBe(before);

        const string more = "organization_id, organization_kind, owner_path";
        var own = $"'{Owner}', 'Tenant', '1.7.'";
        (await database.RefusedAsync(Rate("'DE', 'S', 7, '2020-01-01'"))).ShouldBe("tax_rates_one_per_day");
        await database.ExecuteAsync(Rate($"'DE', 'S', 7, '2020-01-01', {own}", more) + Rate($"null, 'S', 7, '2020-01-01', {own}", more));
        (await database.RefusedAsync(Rate($"'DE', 'S', 8, '2020-01-01', {own}", more))).ShouldBe("tax_rates_one_per_day");
        (await database.RefusedAsync(Rate($"null, 'S', 8, '2020-01-01', {own}", more))).ShouldBe("tax_rates_one_per_day");
        (await database.RefusedAsync(Rate("null, 'S', 7, '2020-01-01'"))).ShouldBe("tax_rates_of_someone");
        (await database.RefusedAsync(Rate($"null, 'S', 7, '2021-01-01', '{Owner}', null, null", more))).ShouldBe("tax_rates_placed");
        (await database.RefusedAsync(Rate("'DE', 'S', 7, '2021-01-01', '2021-01-01'", "valid_until"))).ShouldBe("tax_rates_days");
    }

    private static string Rate(string values, string more = "") =>
        $"insert into billing.tax_rates (id, created_at, version, country, category, percent, valid_from{(more == "" ? "" : $", {more}")}) "
        + $"values (gen_random_uuid(), now(), 1, {values});";

    [Fact]
    public async Task What_credits_paid_in_advance_is_of_the_month_that_it_was_for()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await database.MigrateAsync([.. Enumerable.Range(1, 13)]);
        await database.ExecuteAsync(string.Concat(
            Credit(91, 7, "60.00"), Credit(92, 8, "30.00", "2025-06-01"), Credit(93, 8, "20.00", "2025-07-01"), Credit(94, 9, "40.00"),
            // As one use of January, and what February gave back of its part as of January, too.
            Invoice(1, 7, "2025-01-01"), Line(1, 7, 1, "25.00", "2025-01-01"), Line(1, 7, 2, "25.00", "2025-02-01", ahead: "2025-02-01"),
            Use(1, 7, 91, "50"),
            Invoice(2, 7, "2025-02-01"), Line(2, 7, 1, "-10.00", "2025-02-01", adjusts: "2025-02-01"), Use(2, 7, 91, "-10", "2025-01-01"),
            // By two credits; and what an adjustment of January gave back is January's.
            Invoice(3, 8, "2025-01-01"), Line(3, 8, 1, "25.01", "2025-01-01"), Line(3, 8, 2, "24.99", "2025-02-01", ahead: "2025-02-01"),
            Use(3, 8, 92, "30"), Use(3, 8, 93, "20"),
            Invoice(4, 8, "2025-02-01"), Line(4, 8, 1, "-5.00", "2025-01-01", adjusts: "2025-01-01"), Use(4, 8, 93, "-5", "2025-01-01"),
            // As it is kept since; a coupon is no credit.
            Invoice(5, 9, "2025-01-01"), Line(5, 9, 1, "15.00", "2025-01-01"), Line(5, 9, 2, "5.00", "2025-02-01", ahead: "2025-02-01"),
            Use(5, 9, 94, "15"), Use(5, 9, 94, "5", "2025-02-01"), Use(5, 9, 95, "1/3", kind: "Coupon")));
        const string left = "select string_agg(remaining::text, ' ' order by id) from billing.credits";
        (await database.TextAsync(left)).ShouldBe("10.00 0.00 0.00 20.00");

        await database.MigrateAsync(15);
        (await database.TextAsync("""
            select string_agg(format('%s %s of %s: %s', right(invoice_id::text, 1), right(reduction_id::text, 2), adjusts, amount), '; '
                order by invoice_id, reduction_id, adjusts nulls first)
            from billing.reduction_uses where case when kind = 'Coupon' then true else consumed = amount::numeric end
            """)).ShouldBe(
            "1 91 of : 25; 1 91 of 2025-02-01: 25; 2 91 of 2025-02-01: -10; 3 92 of : 15.01; 3 92 of 2025-02-01: 14.99; 3 93 of : 10; "
            + "3 93 of 2025-02-01: 10; 4 93 of 2025-01-01: -5; 5 94 of : 15; 5 94 of 2025-02-01: 5; 5 95 of : 1/3");
        (await database.TextAsync(left)).ShouldBe("10.00 0.00 0.00 20.00");
        // What holds them holds again.
        (await database.RefusedAsync("update billing.reduction_uses set consumed = 1")).ShouldBe("what an invoice used does not change");
        (await database.RefusedAsync(Use(2, 7, 91, "-16", "2025-02-01").Replace(Id(2), Id(1), StringComparison.Ordinal)))
            .ShouldBe("reduction_uses_once");
    }

    [Fact]
    public async Task A_round_that_is_drafted_by_older_rules_in_part_begins_anew()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await database.MigrateAsync([.. Enumerable.Range(1, 13)]);
        var runs = new (string State, int?[] Drafts)[]
        {
            ("Drafting", [null]), ("Drafting", [4]), ("Drafting", [null, 4]), ("Held", [null, null]), ("Held", [null, 4]), ("Issuing", [null, 4]),
            ("Planning", [null]), ("Drafting", []),
        };
        for (var i = 0; i < runs.Length; i++)
        {
            await database.ExecuteAsync($"""
                insert into billing.runs (id, seller_id, period_start, period_end, state, issue, operation_id, step, not_billed, created_at, round,
                    round_at)
                values ('{Id(100 + i)}', '{Seller}', '2025-0{i + 1}-01', date '2025-0{i + 1}-01' + interval '1 month', '{runs[i].State}', true,
                    gen_random_uuid(), 3, 1, '2025-09-01Z', 4, '2025-09-01Z')
                """);
            foreach (var (round, j) in runs[i].Drafts.Select((round, j) => (round, j)))
                await database.ExecuteAsync(
                    Invoice(200 + 10 * i + j, 10 + j, $"2025-0{i + 1}-01")
                    + $"update billing.invoices set round = {round?.ToString() ?? "null"} where id = '{Id(200 + 10 * i + j)}'");
        }

        await database.MigrateAsync(15);
        (await database.TextAsync("""
            select string_agg(format('%s %s %s %s', state, round, not_billed, round_at = created_at), '; ' order by period_start) from billing.runs
            """)).ShouldBe(
            "Planning 5 0 f; Drafting 4 1 t; Planning 5 0 f; Held 4 1 t; Planning 5 0 f; Issuing 4 1 t; Planning 4 1 t; Drafting 4 1 t");
    }

    private static string Credit(int id, int tenant, string amount, string? until = null) => $"""
        insert into billing.credits (id, tenant_id, owner_path, reference, name, amount, currency, valid_from, valid_until, remaining, created_at)
        values ('{Id(id)}', '{Id(tenant)}', '7.', 'r{id}', 'x', {amount}, 'EUR', '2024-01-01', {(until is null ? "null" : $"'{until}'")}, {amount},
            now());
        """;

    private static string Use(int invoice, int tenant, int reduction, string amount, string? adjusts = null, string kind = "Credit") => $"""
        insert into billing.reduction_uses (invoice_id, tenant_id, reduction_id, kind, amount, consumed, adjusts)
        values ('{Id(invoice)}', '{Id(tenant)}', '{Id(reduction)}', '{kind}', '{amount}', {(kind == "Credit" ? amount : "0")},
            {(adjusts is null ? "null" : $"'{adjusts}'")});
        """;

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
