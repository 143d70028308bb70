using System.Net;
using Licensing.Billing.Ledger;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Licensing.Billing.Tests.Ledger.LedgerTests;

namespace Licensing.Billing.Tests.Ledger;

/// <summary>Each test tampers with a database of its own, as someone could who owns it and takes the constraints away first.</summary>
public sealed class VerifyLedgerTests : IAsyncLifetime
{
    private readonly App _app = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Theory]
    [InlineData("update billing.ledger_entries set amount = 11 where transaction_id = $1 and position = 1",
        "out of balance by 1 EUR; its first entry there is $1/1")]
    // Still balanced: only what the account said after it shows it.
    [InlineData("update billing.ledger_entries set amount = 2 * amount where transaction_id = $1", "entry $1/1")]
    [InlineData("update billing.ledger_entries set amount = 11, balance_after = 11 where transaction_id = $1 and position = 1",
        "out of balance by 1 EUR; its first entry there is $1/1")]
    [InlineData("delete from billing.ledger_entries where transaction_id = $1 and position = 2", "transaction $1 has 1 entries instead of 2")]
    [InlineData("delete from billing.ledger_entries where transaction_id = $1", "transaction $1 has 0 entries instead of 2")]
    [InlineData("update billing.ledger_balances set balance = balance + 1 where kind = 'Prepaid' and $1::uuid is not null",
        "shows 31 after 3 entries instead of 30")]
    [InlineData(
        "update billing.credit_lots set remaining = 100 "
        + "where id = (select lot_id from billing.ledger_entries where transaction_id = $1 and position = 1)",
        "shows 100 left instead of 10")]
    // A gap alone, with every sum as it was: as if entries that cancel each other out had been taken away.
    [InlineData("update billing.ledger_entries set number = number + 2 where number = 3 and $1::uuid is not null", "entry $3/1 is not what account")]
    public async Task What_was_done_to_the_ledger_shows_at_its_place(string tampering, string finding)
    {
        var branch = await _app.BranchAsync();
        var ids = new List<Guid>();
        foreach (var reference in (string[])["1", "2", "3"])
        {
            _app.Clock.Advance(TimeSpan.FromSeconds(1));
            using var added = await TopUpAsync(branch.Administrator(), branch, reference, "10.00", null);
            added.StatusCode.ShouldBe(HttpStatusCode.Created);
            ids.Add((await added.JsonAsync()).GetProperty("id").GetGuid());
        }

        var verify = _app.Services.GetRequiredService<VerifyLedger>();
        (await verify.RunAsync(Ct)).ShouldBe(new VerifyLedger.Outcome(2, 3, 6, []), new WithoutFindings());

        await TamperAsync(tampering, ids[1]);

        (await verify.RunAsync(Ct)).Findings[0].ShouldContain(finding.Replace("$1", ids[1].ToString()).Replace("$3", ids[2].ToString()));
    }

    private sealed class WithoutFindings : IEqualityComparer<VerifyLedger.Outcome>
    {
        public bool Equals(VerifyLedger.Outcome? x, VerifyLedger.Outcome? y) =>
            (x!.Accounts, x.Transactions, x.Entries, x.Findings.Count) == (y!.Accounts, y.Transactions, y.Entries, y.Findings.Count);

        public int GetHashCode(VerifyLedger.Outcome obj) => 0;
    }

    private async Task TamperAsync(string sql, Guid transaction)
    {
        await using var connection = await _app.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(Ct);
        await using (var before = new NpgsqlCommand("set role none; set session_replication_role = replica", connection))
            await before.ExecuteNonQueryAsync(Ct);
        await using (var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = transaction } } })
            (await command.ExecuteNonQueryAsync(Ct)).ShouldBeGreaterThan(0);
        await using var after = new NpgsqlCommand("reset session_replication_role; reset role", connection);
        await after.ExecuteNonQueryAsync(Ct);
    }
}
