using Licensing.Billing.Tests.Ledger;
using Licensing.Kernel.Persistence;
using Npgsql;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Invoices;

/// <summary>What is money stays as it was written: the application's role may not change it, and its owner is kept from it by triggers.</summary>
public sealed class AppendOnlyTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task Not_even_its_owner_changes_what_was_booked()
    {
        var branch = await app.BranchAsync();
        var (path, _) = await app.InvoiceAsync(branch, "2023-01", issue: true, "100");
        using var platform = branch.Administrator();
        await Sent(await platform.PayAsync(path, "10.00", "A"));
        await Sent(await platform.CreditAsync(path, (1, "10.00")));
        (await LedgerTests.TopUpAsync(platform, branch, "all", "10.00", null)).EnsureSuccessStatusCode();

        foreach (var table in (string[])
            ["payments", "credit_notes", "credit_note_lines", "journal_entries", "ledger_transactions", "ledger_entries"])
            foreach (var change in (string[])
            [
                $"update billing.{table} set {(table == "ledger_transactions" ? "entries = 9" : table is "credit_notes" or "credit_note_lines"
                    ? "net = 1" : "amount = 1")}",
                $"delete from billing.{table}", $"truncate billing.{table} cascade",
            ])
                (await RefusedAsync(change)).SqlState.ShouldBe(PostgresErrorCodes.RestrictViolation, change);
    }

    private Task<PostgresException> RefusedAsync(string change) => app.InAsync<DbSession, PostgresException>(async session =>
    {
        await session.BeginAsync(CancellationToken.None);
        await using (var owner = new NpgsqlCommand("set local role none", session.Connection))
            await owner.ExecuteNonQueryAsync();
        await using var command = new NpgsqlCommand(change, session.Connection);
        return await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync(), change);
    });
}
