using System.Net.Http.Json;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Contracts;
using Licensing.Usage.Rollups;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Tests.Rollups;

/// <summary>
/// Fault F23, the half of it that is Usage's: whatever comes or changes after a month was asked for is told, so that it can be billed as an
/// adjustment, and the month's total is what was billed with what was told since.
/// </summary>
[Trait("Fault", "F23")]
public sealed class UsageChangesTests(UsageApp app) : IClassFixture<UsageApp>, IAsyncDisposable
{
    private static Period Years { get; } = new(new(2025, 1, 1), new(2027, 1, 1));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync() => await CommonChecker.HoldsAsync(app, Ct);

    [Theory]
    [InlineData("2026-01-15T08:00:00Z", "2026-01-01")]
    [InlineData("2025-12-06T09:00:00Z", "2025-12-01")]
    public async Task What_comes_late_changes_its_month(string start, string month)
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "5", start: start));
        var period = new Period(DateOnly.Parse(month), DateOnly.Parse(month).AddMonths(1));
        (await app.TotalsAsync(customer.Tenant, period)).Single().Quantity.ToString().ShouldBe("5");
        var (_, mark) = await SinceAsync(default, customer);

        // Told again while any older transaction is open on the server, and then no more.
        await Eventually.TrueAsync(async () =>
        {
            var (again, later) = await SinceAsync(mark, customer);
            mark = later;
            return again.Count == 0;
        });
        await customer.SendAsync(customer.Record("late", "2", start: start));
        (await app.TotalsAsync(customer.Tenant, period)).Single().Quantity.ToString().ShouldBe("7");
        var (months, next) = await SinceAsync(mark, customer);
        months.ShouldBe([DateOnly.Parse(month)]);
        await customer.Partner().PostAsJsonAsync("/api/v1/usage/corrections", new { recordId = "a", action = "reverse", reason = "r" }, Ct);
        (await app.TotalsAsync(customer.Tenant, period)).Single().Quantity.ToString().ShouldBe("2");
        (await SinceAsync(next, customer)).Months.ShouldBe([DateOnly.Parse(month)]);
    }

    [Fact]
    public async Task The_mark_moves_on_also_where_nothing_is_told()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "5"));
        await app.TotalsAsync(customer.Tenant, Customer.January);
        var never = new Period(new(1999, 1, 1), new(1999, 2, 1));
        var changed = await app.InAsync<IUsageChanges, ChangedUsage>(c => c.SinceAsync(default, never, null, Ct));
        changed.Months.ShouldBeEmpty();
        await Eventually.TrueAsync(async () =>
        {
            changed = await app.InAsync<IUsageChanges, ChangedUsage>(c => c.SinceAsync(changed.Next, never, null, Ct));
            return (await SinceAsync(changed.Next, customer)).Months.Count == 0;
        });
    }

    [Fact]
    public async Task What_commits_late_is_told_late_but_told()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "5"));
        await app.TotalsAsync(customer.Tenant, Customer.January);
        var database = app.Services.GetRequiredService<NpgsqlDataSource>();
        await using var connection = await database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await using (var changing = new NpgsqlCommand(
            "update usage.month_changes set changed = pg_current_xact_id()::text::bigint where tenant_id = $1", connection)
        { Parameters = { new() { Value = customer.Tenant.Id.Value } } })
            (await changing.ExecuteNonQueryAsync(Ct)).ShouldBe(1);

        // Another transaction that began later is over before it, and the caller has a mark from in between.
        var other = await app.CustomerAsync();
        await other.SendAsync(other.Record("a", "1"));
        await app.TotalsAsync(other.Tenant, Customer.January);
        var (_, mark) = await SinceAsync(default, other);
        await transaction.CommitAsync(Ct);
        (await SinceAsync(mark, customer)).Months.ShouldBe([new DateOnly(2026, 1, 1)]);
    }

    [Fact]
    public async Task Who_asks_for_some_tenants_is_told_of_them_and_nobody_else_is_read()
    {
        Customer[] all = [.. await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => app.CustomerAsync()))];
        foreach (var customer in all)
        {
            await customer.SendAsync(customer.Record("a", "5"));
            await app.TotalsAsync(customer.Tenant, Customer.January);
        }

        // As many others as make a look at all of them plain to see.
        await app.SqlAsync<object>("""
            insert into usage.month_changes (tenant_id, month, changed, unseen)
            select gen_random_uuid(), '2026-01-01', c.changed, false from usage.month_changes c, generate_series(1, 5000) where c.tenant_id = $1
            """, all[0].Tenant.Id.Value);
        await app.SqlAsync<object>("analyze usage.month_changes");

        await app.InAsync<DbSession, int>(async session =>
        {
            await session.BeginAsync(Ct);
            var changes = new UsageTotals(session, null!, null!, null!);
            var told = await RowsRead.OfAsync(session, "usage.month_changes", async () =>
                (await changes.SinceAsync(default, Years, [all[0].Tenant.Id, all[2].Tenant.Id], Ct)).Months.Select(m => m.TenantId)
                    .ShouldBe([all[0].Tenant.Id, all[2].Tenant.Id], ignoreOrder: true));
            told.ShouldBeInRange(2, 20);
            (await changes.SinceAsync(default, Years, [], Ct)).Months.ShouldBeEmpty();
            return 0;
        });
    }

    private async Task<(IReadOnlyList<DateOnly> Months, UsageMark Next)> SinceAsync(UsageMark mark, Customer customer)
    {
        var changed = await app.InAsync<IUsageChanges, ChangedUsage>(c => c.SinceAsync(mark, Years, null, Ct));
        return ([.. changed.Months.Where(m => m.TenantId == customer.Tenant.Id).Select(m => m.Month)], changed.Next);
    }
}
