using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Payouts;

/// <summary>What statements carry on, when nothing comes after them. Each test closes months, so each has a host of its own.</summary>
public sealed class SettledTests : IAsyncLifetime
{
    private readonly CommissionsApp _app = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await CommonChecker.HoldsAsync(_app, Ct);
        (await OpsOutcome.RunAsync(_app, "billing", "verify")).ExitCode.ShouldBe(0);
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Who_is_closed_has_been_paid_what_was_carried_on_however_little()
    {
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: "2025-08", holdingDays: 14, minimumPayout: "25.00");
        await CloseAsync(platform, "2025-08", branch.Tenant, "100.00");
        await CloseAsync(platform, "2025-09", branch.Tenant, "20.00");
        var (first, last) = (
            await StatementAsync(platform, branch.Partner, "2025-08"), await StatementAsync(platform, branch.Partner, "2025-09"));
        (await CarriedAsync(platform)).ShouldBe(["12.00"]);
        await Gone(platform, "tenants", branch.Tenant);
        (await HeldAsync(platform, branch.Partner)).ShouldContain("1 carried commissions");

        (await CodeAsync(platform, first, "Closing")).ShouldBe("carried_on");
        (await SettleAsync(platform, last, "")).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await CodeAsync(platform, branch.Partner.Id.Value, "Closing")).ShouldBe("statement_not_found");
        foreach (var role in (string[])[Roles.PartnerAdministrator, Roles.DistributorAdministrator])
            using (var other = branch.As(role))
                (await SettleAsync(other, last, "Mine")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        // However many settle it, and however often: it is one payout.
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => SettleAsync(platform, last, $"Closing {i}")));
        var told = (await Task.WhenAll(answers.Select(Sent))).Append(await Sent(await SettleAsync(platform, last, "Again")))
            .Select(x => x.GetRawText()).Distinct().ShouldHaveSingleItem();
        told.ShouldContain("\"12.00\"");
        (await StatementAsync(platform, branch.Partner, "2025-09")).GetProperty("settledAt").GetDateTimeOffset().ShouldBe(_app.Clock.GetUtcNow());
        (await CarriedAsync(platform)).ShouldBeEmpty();
        var payout = (await ItemsAsync(platform, "/api/v1/commissions/payouts")).ShouldHaveSingleItem();
        (Amount(payout, "amount"), payout.GetProperty("dueOn").GetString(), payout.GetProperty("statementId").GetString())
            .ShouldBe(("12.00", "2025-10-15", last.GetProperty("id").GetString()));
        (await HeldAsync(platform, branch.Partner)).ShouldContain("1 payouts");
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/commissions/payouts/{payout.GetProperty("id").GetString()}/paid", new { paidOn = "2026-01-15", reference = "Last" }, Ct));
        await CommonChecker.HoldsAsync(_app, Ct);
        await Gone(platform, "partners", branch.Partner);

        // What comes after that is paid out as well, and what takes some of it back stays until somebody writes it off.
        await CloseAsync(platform, "2025-10", branch.Tenant, "1.00");
        Balance(await StatementAsync(platform, branch.Partner, "2025-10")).ShouldBe("1.00 -> 0.10 + 0.00 + 0.00 = 0.10, on 0.00, due 2025-11-15");
        await CloseAsync(platform, "2025-11", branch.Tenant, "-3.00");
        var owed = await StatementAsync(platform, branch.Partner, "2025-11");
        Balance(owed).ShouldBe("-3.00 -> -0.30 + 0.00 + 0.00 = -0.30, on -0.30, due ");
        (await CodeAsync(platform, await StatementAsync(platform, branch.Partner, "2025-10"), "None")).ShouldBe("nothing_carried");
        await Sent(await SettleAsync(platform, owed, "Closed"));
        (await CarriedAsync(platform)).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_was_carried_on_is_held_as_long_as_the_newest_of_it_and_what_is_settled_no_statement_takes_over()
    {
        var branch = await _app.BranchAsync();
        var second = await _app.PartnerAsync(branch.Platform, branch.Distributor);
        var of = await _app.TenantAsync(branch.Platform, second);
        using var platform = branch.Administrator();
        foreach (var earner in (OrganizationRef[])[branch.Partner, second])
            await SchemeAsync(platform, earner, [Tier("0", null, "10")], validFrom: "2025-08", holdingDays: 14, minimumPayout: "25.00");
        foreach (var (month, net) in new[] { ("2025-11", "100.00"), ("2025-10", "20.00"), ("2025-09", "0.00") })
        {
            _app.Invoices.Issue(month, branch.Tenant, net);
            _app.Invoices.Issue(month, of, net == "0.00" ? "200.00" : net);
            if (month == "2025-09")
                await Sent(await SettleAsync(platform, await StatementAsync(platform, branch.Partner, "2025-10"), "Closing"));
            await CommissionsApp.CloseAsync(platform, month);
        }

        (await ItemsAsync(platform, "/api/v1/commissions/payouts"))
            .Select(x => $"{Amount(x, "amount")} {x.GetProperty("dueOn").GetString()} {x.GetProperty("organizationId").GetString()}").ShouldBe(
                [$"12.00 2025-12-15 {branch.Partner.Id.Value}", $"32.00 2025-12-15 {second.Id.Value}"], ignoreOrder: true);
        var september = await StatementAsync(platform, branch.Partner, "2025-09");
        Amount(september, "carriedIn").ShouldBe("0.00");

        // As a host of before would: it does not know what was settled.
        var failure = await Should.ThrowAsync<PostgresException>(() => _app.InAsync<DbSession, bool>(async session =>
        {
            await session.BeginAsync(Ct);
            await using var command = new NpgsqlCommand(
                $$"""
                set local role none;
                insert into commissions.settlements select id, organization_id, owner_path, 1, currency, 'Test', now() from commissions.statements
                where id = '{{september.GetProperty("id").GetString()}}';
                insert into commissions.statements
                select (jsonb_populate_record(s, '{"id": "00000000-0000-7000-8000-000000000001", "period_start": "2025-08-01", "closing": 9,
                    "carried_in": 1, "payable": 1, "carried_out": 1}')).* from commissions.statements s
                where id = '{{september.GetProperty("id").GetString()}}'
                """, session.Connection);
            await command.ExecuteNonQueryAsync(Ct);
            return true;
        }));
        failure.ConstraintName.ShouldBe("settled_not_carried");
    }

    [Fact]
    public async Task What_somebody_owes_is_written_off_once_and_booked_and_the_next_month_begins_with_nothing()
    {
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: "2025-09");
        await CloseAsync(platform, "2025-09", branch.Tenant, "-70.00");
        var statement = await StatementAsync(platform, branch.Partner, "2025-09");
        await Gone(platform, "tenants", branch.Tenant);
        (await HeldAsync(platform, branch.Partner)).ShouldContain("1 carried commissions");
        (await HeldAsync(platform, branch.Distributor)).ShouldNotBeEmpty();

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => SettleAsync(platform, statement, "Not to be had")));
        foreach (var answer in answers)
            Amount(await Sent(answer), "amount").ShouldBe("-7.00");
        (await _app.RowsAsync("""
            select concat_ws(' ', document_kind, account, amount, reference) from billing.journal_entries order by document_number, position
            """)).ShouldBe(
        [
            "Commission CommissionExpense -7.00 2025-09", "Commission CommissionPayable 7.00 ", "Commission CommissionExpense 7.00 write-off",
            "Commission CommissionPayable -7.00 ",
        ]);
        (await ItemsAsync(platform, "/api/v1/commissions/payouts")).ShouldBeEmpty();
        await CommonChecker.HoldsAsync(_app, Ct);
        foreach (var change in (string[])["update commissions.settlements set amount = 1", "delete from commissions.settlements"])
            await Should.ThrowAsync<PostgresException>(() => _app.InAsync<DbSession, int>(async session =>
            {
                await using var command = new NpgsqlCommand(change, await session.OpenAsync(Ct));
                return await command.ExecuteNonQueryAsync(Ct);
            }));
        using var trail = await platform.GetAsync("/api/v1/audit?resourceType=settlement", Ct);
        (await trail.Content.ReadAsStringAsync(Ct)).ShouldContain("Not to be had");

        await CloseAsync(platform, "2025-10", branch.Tenant, "50.00");
        Balance(await StatementAsync(platform, branch.Partner, "2025-10")).ShouldBe("50.00 -> 5.00 + 0.00 + 0.00 = 5.00, on 0.00, due 2025-11-01");
        (await CodeAsync(platform, await StatementAsync(platform, branch.Partner, "2025-10"), "None")).ShouldBe("nothing_carried");
        Amount(await Sent(await SettleAsync(platform, statement, "Later")), "amount").ShouldBe("-7.00");
    }

    [Fact]
    public async Task A_month_that_is_being_closed_keeps_whom_it_comes_to_owe_something()
    {
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: "2025-09", minimumPayout: "25.00");
        _app.Invoices.Issue("2025-09", branch.Tenant, "100.00");
        await Gone(platform, "tenants", branch.Tenant);
        var (reading, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        _app.Invoices.BeforeTold = _ =>
        {
            reading.TrySetResult();
            return goOn.Task;
        };
        var month = platform.PostAsync("/api/v1/commissions/close/2025-09", null, Ct);
        await reading.Task.WaitAsync(Ct);
        var partner = HeldAsync(platform, branch.Partner);
        await Eventually.TrueAsync(async () => partner.IsCompleted || await WaitingAsync() > 0);
        partner.IsCompleted.ShouldBeFalse();
        goOn.SetResult();

        await Sent(await month);
        (await partner).ShouldContain("1 carried commissions");
        (await CarriedAsync(platform)).ShouldBe(["10.00"]);
    }

    [Fact]
    public async Task A_month_waits_for_whom_is_being_closed_and_then_pays_out_however_little()
    {
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: "2025-09", minimumPayout: "25.00");
        _app.Invoices.Issue("2025-09", branch.Tenant, "100.00");
        await Gone(platform, "tenants", branch.Tenant);
        var (asked, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        _app.BeforeClosed = () =>
        {
            asked.TrySetResult();
            return goOn.Task;
        };
        var partner = platform.DeleteAsync($"/api/v1/partners/{branch.Partner.Id.Value}", Ct);
        await asked.Task.WaitAsync(Ct);
        var month = platform.PostAsync("/api/v1/commissions/close/2025-09", null, Ct);
        await Eventually.TrueAsync(async () => month.IsCompleted || await WaitingAsync() > 0);
        month.IsCompleted.ShouldBeFalse();
        goOn.SetResult();

        (await partner).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await Sent(await month);
        Balance(await StatementAsync(platform, branch.Partner, "2025-09"))
            .ShouldBe("100.00 -> 10.00 + 0.00 + 0.00 = 10.00, on 0.00, due 2025-10-01");
    }

    private async Task CloseAsync(HttpClient platform, string month, OrganizationRef tenant, string net)
    {
        _app.Invoices.Issue(month, tenant, net);
        await CommissionsApp.CloseAsync(platform, month);
    }

    private static async Task<IEnumerable<string>> CarriedAsync(HttpClient client) =>
        (await ItemsAsync(client, "/api/v1/commissions/statements?carried=true")).Select(x => Amount(x, "carriedOut"));

    private static async Task Gone(HttpClient client, string kind, OrganizationRef organization) =>
        (await client.DeleteAsync($"/api/v1/{kind}/{organization.Id.Value}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

    private static async Task<string> HeldAsync(HttpClient client, OrganizationRef organization)
    {
        var kind = organization.Kind is OrganizationKind.Partner ? "partners" : "distributors";
        using var refused = await client.DeleteAsync($"/api/v1/{kind}/{organization.Id.Value}", Ct);
        refused.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        return await refused.Content.ReadAsStringAsync(Ct);
    }

    private static Task<HttpResponseMessage> SettleAsync(HttpClient client, JsonElement statement, string reason) =>
        SettleAsync(client, statement.GetProperty("id").GetGuid(), reason);

    private static Task<HttpResponseMessage> SettleAsync(HttpClient client, Guid statement, string reason) =>
        client.PostAsJsonAsync($"/api/v1/commissions/statements/{statement}/settled", new { reason }, Ct);

    private static async Task<string?> CodeAsync(HttpClient client, JsonElement statement, string reason) =>
        await (await SettleAsync(client, statement, reason)).CodeAsync();

    private static async Task<string?> CodeAsync(HttpClient client, Guid statement, string reason) =>
        await (await SettleAsync(client, statement, reason)).CodeAsync();

    private Task<long> WaitingAsync() => _app.InAsync<DbSession, long>(async session =>
    {
        await using var command = new NpgsqlCommand(
            """
            select count(*) from pg_locks
            where not granted and locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
            """,
            await session.OpenAsync(Ct));
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    });
}
