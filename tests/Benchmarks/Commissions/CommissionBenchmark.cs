using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Licensing.Benchmarks;

/// <summary>
/// R8: commissions of a month closed, with a statement for the partner and one for the distributor, every invoice a line of both, over one GROUP BY
/// over the invoice lines that they come from. A close is for good, so what it wrote is wiped before the next.
/// </summary>
internal static class CommissionBenchmark
{
    private const int WarmUps = 6;

    public static Benchmark Close { get; } = new(
        "commissions", "a month's commissions closed ÷ one GROUP BY over its invoice lines", "ms", Goal.Under(2.5), async ct =>
        {
            // What was used does not matter here, only what was invoiced.
            var stage = await BillingStage.StartAsync(ct, BillingSize.Own with { Records = 1, Days = 1 });
            try
            {
                await AgreeAsync(stage.Client, ct);
                await stage.BillAsync(stage.Data.Size.Subscriptions, ct);
                await stage.Data.RunAsync("vacuum analyze billing.invoices, billing.invoice_lines", ct);
                for (var i = 0; i < WarmUps; i++)
                {
                    await CloseAsync(stage, ct);
                    await GroupAsync(stage, ct);
                }

                return new LoadPair(stop => CloseAsync(stage, stop), stop => GroupAsync(stage, stop), stage.DisposeAsync);
            }
            catch
            {
                await stage.DisposeAsync();
                throw;
            }
        });

    private static string Month => BillingData.Month.Start.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    private static async Task AgreeAsync(HttpClient client, CancellationToken ct)
    {
        foreach (var (kind, basis) in new[] { ("distributors", "Override"), ("partners", "Own") })
        {
            var found = await client.GetFromJsonAsync<JsonElement>($"/api/v1/{kind}", ct);
            await BenchHost.SendAsync(client, "/api/v1/commissions/schemes", new
            {
                organizationId = found.GetProperty("items")[0].GetProperty("id"),
                basis,
                validFrom = Month,
                tiers = new object[] { new { from = "0", to = "1000", percent = "5" }, new { from = "1000", to = (string?)null, percent = "8" } },
            }, ct);
        }
    }

    private static async Task<Load> CloseAsync(BillingStage stage, CancellationToken ct)
    {
        await stage.Data.RunAsync(
            """
            do $$ declare found text; begin
                for found in select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'commissions' and tablename in
                    ('closings', 'statements', 'line_blocks', 'statement_lines', 'adjustments', 'payouts', 'exchange_rates', 'outbox') loop
                    execute 'truncate ' || found;
                end loop;
            end $$
            """, ct);
        await stage.Data.RunAsync("checkpoint", ct);
        var used = stage.Processor.Used();
        var start = Stopwatch.GetTimestamp();
        var closed = await BenchHost.SendAsync(stage.Client, $"/api/v1/commissions/close/{Month}", new { }, ct);
        var took = Stopwatch.GetElapsedTime(start);
        var cost = stage.Processor.Used() - used;
        await CheckAsync(stage, closed, ct);
        return new Load(stage.Data.Size.Subscriptions, took.TotalMilliseconds, cost);
    }

    // Every invoice once in each statement, by the sums of the invoices themselves.
    private static async Task CheckAsync(BillingStage stage, JsonElement closed, CancellationToken ct)
    {
        await using var check = stage.Data.Owner.CreateCommand(
            """
            select (select count(*) from commissions.lines l join billing.invoices i on i.id = l.document_id and i.net = l.net),
                (select count(*) from commissions.statements s where s.basis = (select sum(net) from billing.invoices) and s.gross =
                    (select sum(l.commission) from commissions.lines l where l.statement_id = s.id) and s.gross > 0)
            """);
        check.CommandTimeout = 0;
        await using var row = await check.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        if ((row.GetInt64(0), row.GetInt64(1)) != (stage.Data.Size.Subscriptions * 2L, 2L) || closed.GetProperty("statements").GetInt32() != 2)
            throw new InvalidOperationException($"{row.GetInt64(0)} lines in {row.GetInt64(1)} statements: {closed.GetRawText()}");
    }

    private static async Task<Load> GroupAsync(BillingStage stage, CancellationToken ct)
    {
        var used = stage.Processor.Used();
        var start = Stopwatch.GetTimestamp();
        await using var command = stage.Data.Owner.CreateCommand("select invoice_id, sum(net) from billing.invoice_lines group by invoice_id");
        command.CommandTimeout = 0;
        var sums = 0;
        await using (var rows = await command.ExecuteReaderAsync(ct))
            while (await rows.ReadAsync(ct))
                sums += rows.GetDecimal(1) > 0 ? 1 : 0;
        var took = Stopwatch.GetElapsedTime(start);
        return sums == stage.Data.Size.Subscriptions
            ? new Load(sums, took.TotalMilliseconds, stage.Processor.Used() - used)
            : throw new InvalidOperationException($"{sums} sums.");
    }
}
