using System.Net;
using Licensing.Kernel.Persistence;
using Npgsql;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Statements;

/// <summary>How lines are kept (ADR 0073). Each test closes months, so each has a host of its own.</summary>
public sealed class LineBlockTests : IAsyncLifetime
{
    private readonly CommissionsApp _app = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await CommonChecker.HoldsAsync(_app, Ct);
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Lines_are_read_in_their_order_over_all_blocks_and_the_adjustments_behind_them()
    {
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: "2025-10");
        var gone = _app.Invoices.Issue("2025-10", branch.Tenant, "100.00");
        await CloseAsync(platform, "2025-10");
        _app.Invoices.Void(gone);
        var issued = Enumerable.Range(1, 2_050).Select(i => _app.Invoices.Issue("2025-11", branch.Tenant, $"{i}.00")).ToList();
        var note = _app.Invoices.Credit("2025-11", issued[0], "0.50");
        await CloseAsync(platform, "2025-11");
        (await _app.RowsAsync("select first_position || ' ' || last_position from commissions.line_blocks order by first_position, last_position"))
            .ShouldBe(["1 1", "1 1000", "1001 2000", "2001 2051"]);

        var id = (await StatementAsync(platform, branch.Partner, "2025-11")).GetProperty("id").GetString();
        var (lines, after) = (new List<string>(), (string?)null);
        do
        {
            var page = await Sent(await platform.GetAsync(
                $"/api/v1/commissions/statements/{id}/lines?limit=199{(after is null ? "" : $"&after={after}")}", Ct));
            lines.AddRange(page.GetProperty("items").EnumerateArray().Select(x =>
                $"{x.GetProperty("number").GetString()} {x.GetProperty("invoiceId").GetString()} {x.GetProperty("creditNoteId").GetString()} "
                + $"{Amount(x, "invoiced")} {Amount(x, "net")} {x.GetProperty("reverses").GetBoolean()}"));
            after = page.GetProperty("next").GetString();
        }
        while (after is not null);

        var own = issued.Append(note).Select(x => (Document: x, Reverses: false)).OrderBy(x => x.Document.Number, StringComparer.Ordinal);
        lines.ShouldBe(own.Append((Document: gone with { Net = -gone.Net }, Reverses: true)).Select(x =>
            $"{x.Document.Number} {x.Document.InvoiceId.Value} {x.Document.CreditNoteId?.Value} "
            + $"{x.Document.Net.ToAmountString()} {x.Document.Net.ToAmountString()} {x.Reverses}"));
        using var csv = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/commissions/statements/{id}/lines")
        { Headers = { { "Accept", "text/csv" } } };
        var rows = (await (await platform.SendAsync(csv, Ct)).Content.ReadAsStringAsync(Ct)).TrimEnd().Split("\r\n");
        rows.Skip(1).Select(x => x.Split(',')[1]).ShouldBe(lines.Select(x => x.Split(' ')[0]));
    }

    [Fact]
    public async Task What_counts_in_a_block_is_not_counted_by_a_row_and_neither_changes()
    {
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: "2025-10");
        _app.Invoices.Issue("2025-10", branch.Tenant, "100.00");
        await CloseAsync(platform, "2025-10");

        const string Row =
            """
            insert into commissions.statement_lines
            select statement_id, 9, organization_id, month, document_id, invoice_id, {0}, number, tenant_id, invoiced, currency, rate, net,
                commission, parts
            from commissions.lines
            """;
        (await FailsAsync(Row.Replace("{0}", "false"))).ShouldBe((PostgresErrorCodes.UniqueViolation, "statement_lines_once"));
        (await FailsAsync("update commissions.line_blocks set commissions = '{1}'")).Code.ShouldBe(PostgresErrorCodes.RestrictViolation);
        (await FailsAsync("delete from commissions.line_blocks")).Code.ShouldBe(PostgresErrorCodes.RestrictViolation);
        (await FailsAsync(
            "insert into commissions.line_blocks (statement_id, first_position, last_position, document_ids, numbers, tenant_ids, invoiced, "
            + "commissions) select statement_id, 2, 3, document_ids, numbers, tenant_ids, invoiced, commissions from commissions.line_blocks"))
            .Code.ShouldBe(PostgresErrorCodes.CheckViolation);
    }

    [Fact]
    public async Task A_month_of_another_time_zone_than_those_before_is_not_closed()
    {
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: "2025-10");
        await CloseAsync(platform, "2025-10");
        await CloseAsync(platform, "2025-12");
        const string Told = "select count(*) filter (where counted_from is not null) || ' of ' || count(*) from commissions.closings";
        foreach (var (end, start) in new[] { ("2025-11-01 01:00+00", "2025-12-01 00:00+00"), ("2025-10-31 23:00+00", "2025-12-01 00:00+00"),
            ("2025-11-01 00:00+00", "2025-11-30 23:00+00"), ("2025-11-01 00:00+00", "2025-12-01 01:00+00") })
        {
            await RunAsync(
                $"""
                update commissions.closings set counted_until = '{end}' where period_start = '2025-10-01';
                update commissions.closings set counted_from = '{start}' where period_start = '2025-12-01'
                """);
            // Beside it or not.
            foreach (var month in (string[])["2025-11", "2025-06"])
            {
                var refused = await platform.PostAsync($"/api/v1/commissions/close/{month}", null, Ct);
                (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "billing_time_zone_changed"), $"{end} {start}");
            }
        }

        (await FailsAsync("""
            insert into commissions.closings (period_start, period_end, statements, number, closed_at, counted_from, counted_until)
            values ('2025-11-01', '2025-12-01', 0, 3, now(), '2025-10-31 22:00+00', '2025-12-01 00:00+00')
            """)).ShouldBe((PostgresErrorCodes.ExclusionViolation, "closings_count_once"));
        // Those of before say it by the next one.
        await RunAsync("update commissions.closings set counted_from = null, counted_until = null");
        await CloseAsync(platform, "2025-11");
        (await _app.RowsAsync(Told)).ShouldBe(["3 of 3"]);
    }

    private async Task<(string Code, string? Constraint)> FailsAsync(string sql)
    {
        var failure = await Should.ThrowAsync<PostgresException>(() => RunAsync(sql));
        return (failure.SqlState, failure.ConstraintName);
    }

    private Task<bool> RunAsync(string sql) => _app.InAsync<DbSession, bool>(async session =>
    {
        await session.BeginAsync(Ct);
        await using var command = new NpgsqlCommand($"set local role none; {sql}", session.Connection);
        await command.ExecuteNonQueryAsync(Ct);
        await session.CommitAsync(Ct);
        return true;
    });
}
