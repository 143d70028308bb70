using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;

namespace Licensing.Faults;

/// <summary>
/// F04: the process that closes a month's commissions dies between any two statements, also after the commit and before its answer. Here it is a
/// process that is killed; the module's own tests go through the same places within one process, to the last byte.
/// </summary>
[Trait("Fault", "F04")]
public sealed class F04KilledCloseTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Closed_again_it_says_what_it_would_have_said()
    {
        await using var faulted = await FaultedHost.StartAsync(MonthToBill.Settings, Ct);
        var month = await MonthToBill.MakeAsync(faulted, 3, Ct);
        await AgreeAsync(faulted, month);
        using (var run = faulted.Ops(MonthToBill.Settings, "billing", "run", "--period", month.Period, "--issue"))
            (await run.EndAsync(Ct)).ShouldBe(0, run.Output);
        await faulted.Host.KillAsync(Ct);
        await using var databases = await Databases.OfAsync(faulted, Ct);

        var whole = await databases.CopyAsync("whole", Ct);
        (await CloseAsync(faulted, month, whole, fault: null)).ShouldBeTrue();
        var written = await WrittenAsync(whole);

        var kills = 0;
        for (var at = 1; ; at += FaultLength.Times(inTests: 5, inFaults: 1))
        {
            var copy = await databases.CopyAsync($"killed_{at}", Ct);
            if (await CloseAsync(faulted, month, copy, $"commissions.statement:{at}"))
                break;
            kills++;
            (await CloseAsync(faulted, month, copy, fault: null)).ShouldBeTrue($"closed again after it was killed at statement {at}");
            (await WrittenAsync(copy)).ShouldBe(written, $"killed at statement {at}");
            await CommonChecker.HoldsAsync(copy, Ct);
            await databases.DropAsync($"killed_{at}", Ct);
        }

        kills.ShouldBeGreaterThan(FaultLength.Times(inTests: 1, inFaults: 10));
    }

    private static async Task AgreeAsync(FaultedHost faulted, MonthToBill month)
    {
        using var client = faulted.Client();
        foreach (var (kind, basis) in new[] { ("distributors", "Override"), ("partners", "Own") })
        {
            var found = await client.GetFromJsonAsync<JsonElement>($"/api/v1/{kind}", Ct);
            await faulted.PostAsync("commissions/schemes", new
            {
                organizationId = found.GetProperty("items")[0].GetProperty("id").GetString(),
                basis,
                validFrom = month.Period,
                tiers = new object[] { new { from = "0", to = "10", percent = "5" }, new { from = "10", to = (string?)null, percent = "8" } },
                rates = basis == "Own" ? new[] { new { plan = "plan", percent = "12.5" } } : [],
            }, Ct);
        }
    }

    /// <summary>Whether there was an answer; of a host that is killed there is none.</summary>
    private static async Task<bool> CloseAsync(FaultedHost faulted, MonthToBill month, string database, string? fault)
    {
        var settings = new Dictionary<string, string>(MonthToBill.Settings) { ["LICENSING_POSTGRES"] = database };
        if (fault is not null)
            settings["LICENSING_FAULT"] = fault;
        await faulted.ServeAsync(settings, Ct);
        try
        {
            await faulted.PostAsync($"commissions/close/{month.Period}", new { }, Ct);
            return true;
        }
        catch (HttpRequestException) when (fault is not null)
        {
            return false;
        }
        finally
        {
            await faulted.Host.KillAsync(Ct);
        }
    }

    /// <summary>All that the close wrote, but for what each makes anew: ids and instants, and days of booking at midnight.</summary>
    private static async Task<List<string>> WrittenAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(
            """
            select 'statement ' || (to_jsonb(x) - array['id', 'closed_at'])::text from commissions.statements x
            union all select 'line ' || (to_jsonb(x) - 'statement_id')::text from commissions.lines x
            union all select 'adjustment ' || (to_jsonb(x) - 'statement_id')::text from commissions.adjustments x
            union all select 'payout ' || (to_jsonb(x) - array['id', 'statement_id', 'created_at'])::text from commissions.payouts x
            union all select 'closing ' || (to_jsonb(x) - 'closed_at')::text from commissions.closings x
            union all select 'posting ' || (to_jsonb(x) - array['reference', 'document_id', 'number', 'posted_at'])::text
            from billing.commission_postings x
            union all select 'entry ' || (to_jsonb(x) - array['document_id', 'document_number', 'booked_on', 'document_on'])::text
            from billing.journal_entries x where document_kind = 'Commission' order by 1
            """, connection);
        var rows = new List<string>();
        await using var row = await command.ExecuteReaderAsync(Ct);
        while (await row.ReadAsync(Ct))
            rows.Add(row.GetString(0));
        rows.Count(x => x.StartsWith("statement", StringComparison.Ordinal)).ShouldBe(2);
        // The partner earns by a plan, as the lines of its invoices tell.
        rows.Count(x => x.StartsWith("line", StringComparison.Ordinal) && x.Contains("\"percent\": \"12.5\"", StringComparison.Ordinal)).ShouldBe(3);
        return rows;
    }
}
