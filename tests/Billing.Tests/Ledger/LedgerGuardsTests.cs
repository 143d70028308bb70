using Licensing.Billing.Ledger;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Billing.Tests.Ledger;

/// <summary>What keeps the ledger right where everything else about an action is.</summary>
public sealed class LedgerGuardsTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_prepaid_credit_is_in_lots()
    {
        var branch = await app.BranchAsync();
        var transaction = await TopUpAsync(branch);
        // All of a top-up taken back, balanced and chained; what it came from gets it into a lot of its own.
        string TakenBack(string lot) =>
            $"""
            with lot as (
                insert into billing.credit_lots (id, account_id, created_at)
                select gen_random_uuid(), account_id, now() from billing.ledger_entries where transaction_id = '{transaction}' and lot_id is null
                returning id),
            back as (
                insert into billing.ledger_transactions (id, owner_id, owner_path, kind, key, reference, entries, created_at)
                select gen_random_uuid(), owner_id, owner_path, 'Lapse', 'back', '', 2, now()
                from billing.ledger_transactions where id = '{transaction}'
                returning id)
            insert into billing.ledger_entries (transaction_id, position, account_id, unit, lot_id, amount, number, balance_after)
            select back.id, e.position, e.account_id, e.unit, {lot}, -e.amount, b.entries + 1, b.balance - e.amount
            from back, lot, billing.ledger_entries e join billing.ledger_balances b using (account_id) where e.transaction_id = '{transaction}'
            """;

        (await Should.ThrowAsync<PostgresException>(() => ExecuteAsync(TakenBack("coalesce(e.lot_id, lot.id)"))))
            .ConstraintName.ShouldBe("ledger_chained");
        // And without that lot it is taken.
        await ExecuteAsync(TakenBack("e.lot_id"));
        await CommonChecker.HoldsAsync(app, Ct);
    }

    [Fact]
    public async Task A_lot_does_not_lapse_before_its_time_whoever_says_so()
    {
        var branch = await app.BranchAsync();
        var transaction = await TopUpAsync(branch, app.Now.AddDays(1));
        var lot = await ScalarAsync<Guid>($"select lot_id from billing.ledger_entries where transaction_id = '{transaction}' and lot_id is not null");
        Task<decimal> LeftAsync() => ScalarAsync<decimal>($"select remaining from billing.credit_lots where id = '{lot}'");

        // As a process would whose clock is ahead.
        app.Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        await LapseAsync(lot);
        (await LeftAsync()).ShouldBe(10m);

        app.Clock.Advance(TimeSpan.FromSeconds(1));
        await LapseAsync(lot);
        (await LeftAsync()).ShouldBe(0m);
        // Nor twice: the message that says so may come again.
        await LapseAsync(lot);
        await CommonChecker.HoldsAsync(app, Ct);
    }

    private static async Task<Guid> TopUpAsync(Branch branch, DateTimeOffset? expiresAt = null)
    {
        using var administrator = branch.Administrator();
        using var added = await LedgerTests.TopUpAsync(administrator, branch, "all", "10.00", null, expiresAt);
        added.IsSuccessStatusCode.ShouldBeTrue(await added.Content.ReadAsStringAsync(Ct));
        return (await added.JsonAsync()).GetProperty("id").GetGuid();
    }

    private async Task LapseAsync(Guid lot)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(Ct);
        await scope.ServiceProvider.GetRequiredService<CreditLedger>().LapseAsync(lot, Ct);
        await session.SaveAsync(Ct);
        await session.CommitAsync(Ct);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = app.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = app.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Ct))!;
    }
}
