using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Faults;

/// <summary>A checker that finds nothing says nothing: each of its rules is seen to find what is done against it.</summary>
public sealed class CommonCheckerTests(CheckedMonth app) : IClassFixture<CheckedMonth>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Something that breaks each of the rules, which the database forbids where it can.</summary>
    public static TheoryData<string, string> Wrongs => new()
    {
        { "a day is what its records add up to", "update usage.records set quantity = quantity + 1 where record_id = 'a'" },
        { "a day is what its records add up to", "delete from usage.corrections" },
        { "a day is what its records add up to", "update usage.daily_rollups set last_quantity = -1 where meter = 'peak'" },
        { "a day is what its records add up to", "update usage.records set resource_id = 'one' where record_id = 'm3'" },
        { "a day is what its records add up to", "delete from usage.records where record_id = 'b'" },
        { "a day is what its records add up to", "delete from usage.daily_rollups where meter = 'machines'" },
        { "a day counts the resources that it names", "delete from usage.daily_resources where resource_id = 'two'" },
        { "a day by its dimensions is the day", "update usage.daily_dimension_rollups set total = total + 1" },
        { "a month is what its days add up to", "update usage.monthly_rollups set total = total + 1 where meter = 'calls'" },
        { "a month is what its days add up to", "update usage.monthly_rollups set resources = 3 where meter = 'machines'" },
        { "a month is what its days add up to", "delete from usage.monthly_rollups where meter = 'peak'" },
        { "a usage line has the quantity of its days", "update billing.invoice_lines set quantity = '17' where charge_key = 'calls'" },
        { "a usage line has the quantity of its days", "update billing.invoice_lines set quantity = '3' where charge_key = 'machines'" },
        { "a usage line has the quantity of its days", "update billing.invoice_lines set quantity = '8' where charge_key = 'peak'" },
        {
            "a line is rounded once, half away from zero, before what was taken off it",
            "update billing.invoice_lines set unrounded = '0.615', net = 0.61 where charge_key = 'peak'"
        },
        {
            "a line is rounded once, half away from zero, before what was taken off it",
            "update billing.invoice_lines set unrounded = '100000000000000000000000/3', net = 33333333333333333333333.34 where charge_key = 'base'"
        },
        {
            "an invoice's taxes are those of its lines, each rounded once",
            "update billing.invoices set taxes = jsonb_set(taxes, '{0,tax}', '\"1\"')"
        },
        { "an invoice's taxes are those of its lines, each rounded once", "update billing.invoices set taxes = '[]'" },
        {
            "an invoice's taxes are those of its lines, each rounded once",
            "update billing.invoice_lines set tax = tax + case position when 1 then 0.01 when 2 then -0.01 else 0 end"
        },
        { "a usage record counts once for its tenant", "insert into usage.records select * from usage.records where record_id = 'a'" },
        { "an invoice is the sum of its lines", "update billing.invoices set net = net + 1, total = total + 1" },
        {
            "a tenant has one invoice of a seller, period and kind that is not void",
            """
            drop index billing.invoices_one_per_tenant_and_period; insert into billing.invoices select (jsonb_populate_record(i, jsonb_build_object(
                'id', gen_random_uuid(), 'number', null, 'issued_at', null, 'document', null, 'status', 'Draft'))).* from billing.invoices i
            """
        },
        {
            "nothing is billed twice",
            """
            drop index billing.invoice_lines_billed_once;
            insert into billing.invoice_lines select (jsonb_populate_record(l, jsonb_build_object('position', 100 + position))).*
            from billing.invoice_lines l
            """
        },
        {
            "a numbered invoice is in the journal as what it is, and balances there",
            "delete from billing.journal_entries where document_id in (select id from billing.invoices)"
        },
        { "an invoice shows what was paid and credited of it, and no more is credited than it was", "delete from billing.payments" },
        { "numbers have no gaps", "update billing.invoices set number = regexp_replace(number, '\\d+$', '000002')" },
        { "numbers of credit notes have none either", "update billing.credit_notes set number = regexp_replace(number, '\\d+$', '000002')" },
        {
            "a credit note is the sum of its lines and in the journal as what it is",
            "delete from billing.journal_entries where document_id in (select id from billing.credit_notes)"
        },
        { "a line belongs to its invoice's tenant", "update billing.invoice_lines set tenant_id = invoice_id" },
        { "a line is of its tenant's subscription", "update provisioning.subscriptions set tenant_id = id" },
        { "a usage record is of its tenant's subscription", "update usage.records set tenant_id = subscription_id" },
        { "a balance is the sum of its entries and never overspent", "update billing.ledger_balances set balance = balance + 1" },
        { "an entry follows the one before it in its account", "update billing.ledger_entries set number = number + 1000" },
        { "a money action is done once and has all its entries", "update billing.ledger_transactions set entries = entries + 1" },
        { "no more is given back than was spent", "delete from billing.ledger_transactions where kind = 'Spending'" },
        { "a ledger transaction balances", "update billing.ledger_entries set amount = amount * 2 where lot_id is not null" },
        { "all accounts of a unit come to nothing", "update billing.ledger_balances set balance = balance + 1 where kind = 'Prepaid'" },
        {
            "a transfer has two sides, of the same with the same ends",
            "update billing.ledger_transactions set kind = 'TransferOut', counterpart_id = gen_random_uuid() where kind = 'TopUp'"
        },
        {
            "the journal owes of commissions what is not paid out, and what the last statements carry on",
            """
            insert into commissions.payouts (id, statement_id, organization_id, owner_path, amount, currency, due_on, created_at, version)
            values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '', 1, 'EUR', '2026-01-01', now(), 1)
            """
        },
        { "a lot holds what its entries leave, never less than nothing", "update billing.credit_lots set remaining = remaining + 1" },
    };

    [Theory, MemberData(nameof(Wrongs))]
    public async Task Each_rule_finds_what_is_done_against_it(string rule, string wrong)
    {
        await using var connection = await app.TamperAsync(wrong);
        (await CommonChecker.BrokenAsync(connection, Ct)).ShouldContain(broken => broken.StartsWith($"{rule}: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_rule_is_seen_to_find_something_and_nothing_where_all_is_right()
    {
        Wrongs.Select(wrong => wrong.Data.Item1).Distinct().ShouldBe(CommonChecker.Rules, ignoreOrder: true);
        (await app.StoredRowsAsync("select quantity::numeric::text from billing.invoice_lines where is_usage order by position"))
            .ShouldBe(["13.005", "2", "5"]);
        await CommonChecker.HoldsAsync(app, Ct);
    }
}

/// <summary>What may differ for a while, or for good, is no fault; what stands beside it is checked all the same.</summary>
public sealed class CheckedWhileItWaitsTests : IAsyncLifetime
{
    private readonly CheckedMonth _app = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task What_is_not_merged_yet_came_after_the_invoice_or_is_kept_no_more_is_no_fault()
    {
        await _app.UseAsync(_app.Record("late", "calls"));
        await HoldsAsync("a batch that waits for its merge");
        await FindsAsync("update usage.records set quantity = quantity + 1 where record_id = 'a'");
        await _app.MergeAsync();
        await HoldsAsync("what came after the invoice");
        await _app.CorrectAsync("b");
        await HoldsAsync("a day that waits to be computed anew");
        await FindsAsync("update usage.records set quantity = quantity + 1 where record_id = 'a'");

        // All of it was received in January, also what is of December.
        _app.Clock.Advance(TimeSpan.FromDays(480));
        await _app.Services.GetRequiredService<Housekeeping>().CleanAsync(Ct);
        (await _app.StoredRowsAsync("select count(*)::text from usage.records")).ShouldBe(["0"]);
        await HoldsAsync("records that are dropped");
        await FindsAsync("update usage.monthly_rollups set records = records + 1");
    }

    private async Task HoldsAsync(string why)
    {
        await using var connection = await _app.TamperAsync("");
        (await CommonChecker.BrokenAsync(connection, Ct)).ShouldBeEmpty(why);
    }

    private async Task FindsAsync(string wrong)
    {
        await using var connection = await _app.TamperAsync(wrong);
        (await CommonChecker.BrokenAsync(connection, Ct)).ShouldNotBeEmpty();
    }
}
