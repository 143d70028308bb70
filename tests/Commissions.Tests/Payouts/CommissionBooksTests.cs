using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Payouts;

/// <summary>Commissions in the journal. Each test moves the clock, so each has a host of its own.</summary>
public sealed class CommissionBooksTests : IAsyncLifetime
{
    private readonly CommissionsApp _app = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await CommonChecker.HoldsAsync(_app, Ct);
        foreach (var proof in (string[])["billing", "ledger"])
            (await OpsOutcome.RunAsync(_app, proof, "verify")).ExitCode.ShouldBe(0, proof);
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task What_is_earned_paid_and_given_back_is_booked_once_and_exports_to_the_same_bytes()
    {
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: "2025-10");
        var first = _app.Invoices.Issue("2025-10", branch.Tenant, "1000.00");
        await CloseAsync(platform, "2025-10");
        await CloseAsync(platform, "2025-10");
        _app.Invoices.Void(first);
        _app.Invoices.Issue("2025-11", branch.Tenant, "300.00");
        await CloseAsync(platform, "2025-11");
        var payout = (await ItemsAsync(platform, "/api/v1/commissions/payouts")).ShouldHaveSingleItem().GetProperty("id").GetString()!;
        var paid = new { paidOn = "2026-01-15", reference = "SEPA 1" };
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => PostAsync(platform, payout, "paid", paid)));
        await Sent(await PostAsync(platform, payout, "paid", paid));

        // What came back is named by its own payment, and told once.
        (await CodeAsync(platform, payout, "failed", new { reason = "Closed" })).ShouldBe("payout_paid");
        (await CodeAsync(platform, payout, "failed", new { reason = "Closed", reference = "SEPA 2" })).ShouldBe("payout_paid");
        var back = new { reason = "Closed", reference = "SEPA 1" };
        var failed = await Sent(await PostAsync(platform, payout, "failed", back));
        (failed.GetProperty("state").GetString(), failed.GetProperty("paidOn").ValueKind).ShouldBe(("Failed", JsonValueKind.Null));
        await Sent(await PostAsync(platform, payout, "failed", back));
        (await CodeAsync(platform, payout, "failed", new { reason = "Closed", reference = "SEPA 2" })).ShouldBe("payment_unknown");
        (await CodeAsync(platform, payout, "paid", paid)).ShouldBe("payment_returned");

        _app.Clock.Advance(TimeSpan.FromDays(30));
        var january = await ExportAsync(platform, "2026-01");
        var rows = Rows(january);
        var own = branch.Partner.Code;
        rows.ShouldBe(
        [
            $"Commission CommissionExpense 100.00  2025-10 {own}", $"Commission CommissionPayable  100.00  {own}",
            // Nothing is left of October, and November has its own.
            $"Commission CommissionExpense 30.00  2025-11 {own}", $"Commission CommissionExpense  100.00 2025-10 {own}",
            $"Commission CommissionPayable 70.00   {own}",
            $"CommissionPayout Cash  100.00 SEPA 1 {own}", $"CommissionPayout CommissionPayable 100.00  SEPA 1 {own}",
            $"CommissionReturn Cash 100.00  SEPA 1 {own}", $"CommissionReturn CommissionPayable  100.00 SEPA 1 {own}",
        ], ignoreOrder: true);

        // Whatever is booked from now on is of February, however old it is.
        _app.Clock.SetBack(TimeSpan.FromDays(20));
        await Sent(await PostAsync(platform, payout, "paid", new { paidOn = "2026-01-16", reference = "SEPA 3" }));
        await CloseAsync(platform, "2025-12");
        _app.Clock.SetBack(TimeSpan.FromDays(-50));
        (await ExportAsync(platform, "2026-01")).ShouldBe(january);
        Rows(await ExportAsync(platform, "2026-02")).ShouldBe(
        [
            $"CommissionPayout Cash  100.00 SEPA 3 {own}", $"CommissionPayout CommissionPayable 100.00  SEPA 3 {own}",
        ], ignoreOrder: true);
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await partner.GetAsync("/api/v1/exports/ledger?period=2026-01", Ct)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task What_was_closed_before_there_were_books_is_in_them_as_far_as_it_is_owed()
    {
        var branch = await _app.BranchAsync();
        var second = await _app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: "2025-08");
        await SchemeAsync(platform, second, [Tier("0", null, "10")], validFrom: "2025-08");
        var of = await _app.TenantAsync(branch.Platform, second);
        foreach (var month in (string[])["2025-08", "2025-09"])
            _app.Invoices.Issue(month, branch.Tenant, "1000.00");
        _app.Invoices.Issue("2025-09", of, "-50.00");
        await CloseAsync(platform, "2025-08");
        var paid = (await ItemsAsync(platform, "/api/v1/commissions/payouts")).ShouldHaveSingleItem().GetProperty("id").GetString()!;
        await Sent(await PostAsync(platform, paid, "paid", new { paidOn = "2026-01-15", reference = "A" }));
        await CloseAsync(platform, "2025-09");
        // As an installation is that closed them before.
        await RunAsync(
            """
            alter table billing.journal_entries disable trigger user; delete from billing.journal_entries;
            alter table billing.journal_entries enable trigger user;
            alter table billing.commission_postings disable trigger user; delete from billing.commission_postings;
            alter table billing.commission_postings enable trigger user; update commissions.closings set posted = false
            """);

        var open = (await ItemsAsync(platform, "/api/v1/commissions/payouts?state=Due")).ShouldHaveSingleItem().GetProperty("id").GetString()!;
        await Sent(await PostAsync(platform, open, "paid", new { paidOn = "2026-01-15", reference = "B" }));
        _app.Clock.Advance(TimeSpan.FromDays(30));
        Rows(await ExportAsync(platform, "2026-01")).ShouldBe(
        [
            $"Commission CommissionExpense 100.00  opening {branch.Partner.Code}", $"Commission CommissionPayable  100.00  {branch.Partner.Code}",
            $"Commission CommissionExpense  5.00 opening {second.Code}", $"Commission CommissionPayable 5.00   {second.Code}",
            $"CommissionPayout Cash  100.00 B {branch.Partner.Code}", $"CommissionPayout CommissionPayable 100.00  B {branch.Partner.Code}",
        ], ignoreOrder: true);
    }

    [Fact]
    public async Task A_reference_books_one_thing_whoever_sends_it_and_nothing_of_it_changes()
    {
        var branch = await _app.BranchAsync();
        CommissionPosting Posting(string amount) => new(
            "commission:same", CommissionPostingKind.Commission, "COM-2025-01-same", branch.Partner.Id, branch.Partner.Path, new(2025, 1, 31),
            Currency.Parse("EUR"), [new("2025-01", decimal.Parse(amount)), new("2024-12", -decimal.Parse(amount))]);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostAsync(Posting("12.34"))));
        (await _app.RowsAsync("select account || ' ' || amount || ' ' || reference from billing.journal_entries order by position"))
            .ShouldBe(["CommissionExpense 12.34 2025-01", "CommissionExpense -12.34 2024-12"]);
        await Should.ThrowAsync<InvalidOperationException>(() => PostAsync(Posting("12.34") with { Parts = [new("2025-01", 1m)] }));
        await PostAsync(Posting("0"));
        foreach (var change in (string[])["update billing.commission_postings set owed = 1", "delete from billing.commission_postings"])
            (await Should.ThrowAsync<PostgresException>(() => RunAsync(change))).SqlState.ShouldBe(PostgresErrorCodes.RestrictViolation);
    }

    [Fact]
    public async Task Whoever_books_a_reference_at_the_same_moment_as_another_books_nothing_and_does_not_fail()
    {
        var branch = await _app.BranchAsync();
        const int Rounds = 300, AtOnce = 6;
        for (var round = 0; round < Rounds; round++)
        {
            var posting = new CommissionPosting(
                $"commission:{round}", CommissionPostingKind.Commission, $"COM-2025-01-{round}", branch.Partner.Id, branch.Partner.Path,
                new(2025, 1, 31), Currency.Parse("EUR"), [new("2025-01", 1m), new("2024-12", -1m)]);
            using var together = new Barrier(AtOnce);
            await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Factory.StartNew(
                () => PostAsync(posting, together), Ct, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
        }

        (await _app.RowsAsync("select count(*) || ' ' || count(distinct document_id) || ' ' || sum(abs(amount)) from billing.journal_entries"))
            .ShouldBe([$"{2 * Rounds} {Rounds} {2 * Rounds}"]);
    }

    private async Task PostAsync(CommissionPosting posting, Barrier? together = null)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(Ct);
        together?.SignalAndWait(Ct);
        await scope.ServiceProvider.GetRequiredService<ICommissionJournal>().PostAsync([posting], Ct);
        await session.CommitAsync(Ct);
    }

    private Task<bool> RunAsync(string sql) => _app.InAsync<DbSession, bool>(async session =>
    {
        await session.BeginAsync(Ct);
        await using var command = new NpgsqlCommand($"set local role none; {sql}", session.Connection);
        await command.ExecuteNonQueryAsync(Ct);
        await session.CommitAsync(Ct);
        return true;
    });

    /// <summary>Each entry as <c>kind account debit credit reference whose</c>.</summary>
    private static List<string> Rows(string csv) => [.. csv.TrimEnd().Split("\r\n").Skip(1).Select(x => x.Split(','))
        .Select(x => $"{x[1]} {x[4]} {x[5]} {x[6]} {x[12]} {x[14]}")];

    private static async Task<string> ExportAsync(HttpClient client, string month)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/exports/ledger?period={month}")
        { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/csv") } } };
        using var answer = await client.SendAsync(request, Ct);
        var text = await answer.Content.ReadAsStringAsync(Ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return text;
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string payout, string what, object body) =>
        client.PostAsJsonAsync($"/api/v1/commissions/payouts/{payout}/{what}", body);

    private static async Task<string?> CodeAsync(HttpClient client, string payout, string what, object body) =>
        await (await PostAsync(client, payout, what, body)).CodeAsync();
}
