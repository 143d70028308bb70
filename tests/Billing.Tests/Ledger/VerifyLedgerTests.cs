using System.Net;
using System.Net.Http.Json;
using Licensing.Billing.Ledger;
using Microsoft.Extensions.DependencyInjection;
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
    [InlineData("delete from billing.ledger_transactions where id = $1", "entry $1/1 names a transaction, an account or a lot that there is not")]
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

        await _app.TamperAsync(tampering, ids[1]);

        (await verify.RunAsync(Ct)).Findings[0].ShouldContain(finding.Replace("$1", ids[1].ToString()).Replace("$3", ids[2].ToString()));
    }

    [Theory]
    // Its end brought forward, before what was spent of it; what was written off, before its end.
    [InlineData("update billing.credit_lots set expires_at = created_at where expires_at is not null and $1::uuid is not null",
        "entry $1/1 spends lot")]
    [InlineData("update billing.credit_lots set expires_at = expires_at + interval '10 days' where expires_at is not null and $1::uuid is not null",
        "writes off lot")]
    [InlineData("update billing.ledger_transactions set key = 'debit:other' where kind = 'GivingBack' and $1::uuid is not null",
        "gives back what was not spent under debit:other")]
    // Taken from another lot, which had enough at that time, but not for what was taken from it later.
    [InlineData(
        "update billing.ledger_entries set lot_id = (select id from billing.credit_lots where expires_at is null order by id limit 1) "
        + "where transaction_id = $1 and lot_id is not null", "entry $2/2 takes more from lot")]
    public async Task What_was_done_to_lots_debits_and_reversals_shows_at_its_place(string tampering, string finding)
    {
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        (await TopUpAsync(platform, branch, "ends", "4.00", null, _app.Now.AddDays(1))).EnsureSuccessStatusCode();
        (await TopUpAsync(platform, branch, "stays", "3.00", null)).EnsureSuccessStatusCode();
        var ids = new List<Guid>();
        foreach (var (reference, amount) in (IEnumerable<(string, string)>)[("first", "3.00"), ("second", "3.50"), ("third", "0.50")])
        {
            _app.Clock.Advance(TimeSpan.FromSeconds(1));
            using var made = await platform.PostAsJsonAsync("/api/v1/credit/debits",
                new { organizationId = branch.Partner.Id.Value, reference, amount = new { amount, currency = "EUR" } }, Ct);
            made.EnsureSuccessStatusCode();
            ids.Add((await made.JsonAsync()).GetProperty("id").GetGuid());
            _app.Clock.Advance(TimeSpan.FromSeconds(1));
            if (reference == "second")
                (await TopUpAsync(platform, branch, "again", "0.10", null, _app.Now.AddDays(1))).EnsureSuccessStatusCode();
        }

        (await platform.PostAsync($"/api/v1/credit/debits/{ids[2]}/reversal", null, Ct)).EnsureSuccessStatusCode();
        _app.Clock.Advance(TimeSpan.FromDays(2));
        await _app.DrainAsync();
        var verify = _app.Services.GetRequiredService<VerifyLedger>();
        var told = new List<(long Done, long All)>();
        (await verify.RunAsync(Ct, (done, all) => told.Add((done, all)))).Findings.ShouldBeEmpty();
        told[^1].Done.ShouldBe(told[^1].All);

        await _app.TamperAsync(tampering, ids[0]);

        var expected = finding.Replace("$1", ids[0].ToString()).Replace("$2", ids[1].ToString());
        (await verify.RunAsync(Ct)).Findings.ShouldContain(x => x.Contains(expected));
    }

    [Theory]
    [InlineData("update billing.credit_lots set expires_at = expires_at + interval '1 day' where source_id is not null",
        "transaction $1 is one side")]
    [InlineData("update billing.credit_lots set source_id = id where source_id is not null", "transaction $1 is one side")]
    [InlineData("update billing.ledger_transactions set reference = 'other' where kind = 'TransferIn'", "transaction $1 is one side")]
    [InlineData("delete from billing.ledger_transactions where kind = 'TransferIn'", "transaction $1 is one side")]
    [InlineData("update billing.ledger_transactions set counterpart_id = id where kind = 'TransferOut'", "transaction $1 is one side")]
    [InlineData("update billing.ledger_balances b set balance = balance + 1 from billing.ledger_accounts a where a.id = b.account_id "
        + "and a.kind = 'Transferred' and b.balance > 0", "what was transferred in EUR comes to 1 instead of 0")]
    [InlineData("update billing.ledger_balances b set balance = balance + 1 where kind = 'Funded'", "all accounts in EUR come to 1 instead of 0")]
    public async Task What_was_done_to_a_transfer_shows(string tampering, string finding)
    {
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        (await TopUpAsync(platform, branch, "ends", "4.00", null, _app.Now.AddDays(5))).EnsureSuccessStatusCode();
        using var made = await platform.PostAsJsonAsync("/api/v1/credit/transfers", new
        {
            fromOrganizationId = branch.Partner.Id.Value,
            toOrganizationId = branch.Tenant.Id.Value,
            reference = "share",
            amount = new { amount = "3.00", currency = "EUR" },
        }, Ct);
        made.EnsureSuccessStatusCode();
        var verify = _app.Services.GetRequiredService<VerifyLedger>();
        (await verify.RunAsync(Ct)).Findings.ShouldBeEmpty();

        await _app.TamperAsync(tampering);

        var expected = finding.Replace("$1", (await made.JsonAsync()).GetProperty("id").GetGuid().ToString());
        (await verify.RunAsync(Ct)).Findings.ShouldContain(x => x.Contains(expected));
    }

    private sealed class WithoutFindings : IEqualityComparer<VerifyLedger.Outcome>
    {
        public bool Equals(VerifyLedger.Outcome? x, VerifyLedger.Outcome? y) =>
            (x!.Accounts, x.Transactions, x.Entries, x.Findings.Count) == (y!.Accounts, y.Transactions, y.Entries, y.Findings.Count);

        public int GetHashCode(VerifyLedger.Outcome obj) => 0;
    }
}
