using System.Net;
using Licensing.Commissions.Statements;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Statements;

/// <summary>F04 within one process: killed between any two statements, a close comes to the same to the last byte. The clock stands still.</summary>
public sealed class ClosingFaultTests : IAsyncLifetime
{
    private readonly CommissionsApp _app = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private CloseProbe Probe => _app.Services.GetRequiredService<CloseProbe>();

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact, Trait("Fault", "F04")]
    public async Task Killed_between_any_two_statements_it_comes_to_the_same_to_the_last_byte()
    {
        var branch = await _app.BranchAsync();
        var second = await _app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        await SchemeAsync(
            platform, branch.Distributor, Usual, basis: "Override", validFrom: "2024-01", rates: [new { plan = "gold", percent = "20" }]);
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "3.3")], validFrom: "2024-01", minimumPayout: "50.00");
        var first = _app.Invoices.Of(_app.Invoices.Issue("2024-01", branch.Tenant, "1234.56"), "gold cloud 1000.00", "- - 234.56");
        _app.Invoices.Issue("2024-01", await _app.TenantAsync(branch.Platform, second), "99.99");
        await CloseAsync(platform, "2024-01");
        _app.Invoices.Credit("2024-01", first, "100.00");
        _app.Invoices.Issue("2024-02", branch.Tenant, "33.33");
        var before = await BooksAsync();

        var places = new List<string>();
        Probe.At = places.Add;
        await CloseAsync(platform, "2024-02");
        var whole = await WrittenAsync();
        places.Count.ShouldBeGreaterThan(12);
        places[^1].ShouldBe("committed");

        for (var killed = 1; killed <= places.Count; killed++)
        {
            await ForgetAsync();
            if (killed == 1)
                (await BooksAsync()).ShouldBe(before);
            var (left, place) = (killed, places[killed - 1]);
            Probe.At = at => _ = --left == 0 ? throw new InvalidOperationException($"Killed at {at}.") : 0;
            (await platform.PostAsync("/api/v1/commissions/close/2024-02", null, Ct)).StatusCode.ShouldBe(HttpStatusCode.InternalServerError, place);
            left.ShouldBe(0, place);
            Probe.At = null;
            // Nothing of it is there, or all of it.
            if (killed < places.Count)
                (await _app.RowsAsync("select 'x' from commissions.statements where period_start = '2024-02-01'")).ShouldBeEmpty(place);
            await CloseAsync(platform, "2024-02");
            (await WrittenAsync()).ShouldBe(whole, place);
            await CommonChecker.HoldsAsync(_app, Ct);
        }
    }

    // So that what is done again begins where the first one began.
    private async Task<List<string>> BooksAsync() => [.. (await _app.StoredAsync()).Where(x => x.Split(' ')[0] is var table
        && (table.StartsWith("commissions.", StringComparison.Ordinal) || table.StartsWith("billing.", StringComparison.Ordinal))
        && table is not "commissions.outbox")];

    /// <summary>Every column of every row that a close writes.</summary>
    private async Task<List<string>> WrittenAsync() => [.. (await _app.RowsAsync(
        """
        select 'statement ' || to_jsonb(x)::text from commissions.statements x
        union all select 'line ' || to_jsonb(x)::text from commissions.lines x
        union all select 'adjustment ' || to_jsonb(x)::text from commissions.adjustments x
        union all select 'payout ' || to_jsonb(x)::text from commissions.payouts x
        union all select 'closing ' || to_jsonb(x)::text from commissions.closings x
        union all select 'posting ' || to_jsonb(x)::text from billing.commission_postings x
        union all select 'entry ' || to_jsonb(x)::text from billing.journal_entries x
        """)).Order(StringComparer.Ordinal)];

    /// <summary>As before the second month was closed.</summary>
    private async Task ForgetAsync()
    {
        await using var command = _app.Services.GetRequiredService<Npgsql.NpgsqlDataSource>().CreateCommand(
            $"""
            do $$ declare what text; begin
                set local role none;
                foreach what in array array['commissions.statements', 'commissions.statement_lines', 'commissions.line_blocks',
                    'commissions.adjustments', 'commissions.payouts', 'billing.commission_postings', 'billing.journal_entries'] loop
                    execute 'alter table ' || what || ' disable trigger user';
                end loop;
                delete from billing.journal_entries where document_id in (select document_id from billing.commission_postings
                    where number like 'COM-2024-02-%');
                delete from billing.commission_postings where number like 'COM-2024-02-%';
                delete from commissions.line_blocks where statement_id in (
                    select id from commissions.statements where period_start = '2024-02-01');
                delete from commissions.statement_lines where statement_id in (
                    select id from commissions.statements where period_start = '2024-02-01');
                delete from commissions.adjustments where statement_id in (select id from commissions.statements where period_start = '2024-02-01');
                delete from commissions.payouts where statement_id in (select id from commissions.statements where period_start = '2024-02-01');
                delete from commissions.statements where period_start = '2024-02-01';
                delete from commissions.closings where period_start = '2024-02-01';
                foreach what in array array['commissions.statements', 'commissions.statement_lines', 'commissions.line_blocks',
                    'commissions.adjustments', 'commissions.payouts', 'billing.commission_postings', 'billing.journal_entries'] loop
                    execute 'alter table ' || what || ' enable trigger user';
                end loop;
            end $$
            """);
        await command.ExecuteNonQueryAsync(Ct);
    }
}
