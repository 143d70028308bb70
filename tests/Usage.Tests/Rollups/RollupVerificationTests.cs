namespace Licensing.Usage.Tests.Rollups;

public sealed class RollupVerificationTests(UsageApp app) : IClassFixture<UsageApp>
{
    [Fact]
    public async Task A_corrupted_rollup_is_seen()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(
            customer.Record("a", "5"), customer.Record("b", "1", "unique", resourceId: "vm-1"), customer.Record("c", "2", "max"));
        var period = new Period(new(2026, 1, 10), new(2026, 1, 11));
        (await app.DifferencesAsync(period)).ShouldBeEmpty();

        await app.SqlAsync<object>("update usage.daily_rollups set total = 6 where tenant_id = $1 and meter = 'sum'", customer.Tenant.Id.Value);
        await app.SqlAsync<object>("delete from usage.daily_rollups where tenant_id = $1 and meter = 'max'", customer.Tenant.Id.Value);
        await app.SqlAsync<object>("update usage.daily_resources set resource_id = 'vm-9' where tenant_id = $1", customer.Tenant.Id.Value);
        await app.SqlAsync<object>("""
            insert into usage.daily_rollups
            select tenant_id, subscription_id, day, 'count', sku, region, owner_path, 1, 1, 1, 1, last_started_at, last_received_at, 'x', 0
            from usage.daily_rollups where tenant_id = $1 and meter = 'sum'
            """, customer.Tenant.Id.Value);

        (await app.DifferencesAsync(period)).Select(d => $"{d.Meter} {d.What}: {Short(d.FromRecords)} / {Short(d.FromRollup)}").ShouldBe(
        [
            "count day: - / 1 1",
            "max day: 1 2 / -",
            "sum day: 1 5 / 1 6",
            "unique resource: vm-1 / -",
            "unique resource: - / vm-9",
        ]);
    }

    [Fact]
    public async Task A_month_that_is_not_the_sum_of_its_days_is_seen()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(
            customer.Record("a", "5", start: "2025-11-03T00:00:00Z"), customer.Record("b", "4", start: "2025-11-04T00:00:00Z"));
        (await app.DifferencesAsync(Period.Month(2025, 11))).ShouldBeEmpty();
        await app.SqlAsync<object>("update usage.monthly_rollups set total = 8 where tenant_id = $1", customer.Tenant.Id.Value);
        (await app.DifferencesAsync(Period.Month(2025, 11)))
            .Select(d => $"{d.Day:yyyy-MM-dd} {d.What}: {Short(d.FromRecords)} / {Short(d.FromRollup)}")
            .ShouldBe(["2025-11-01 month: 2 9 / 2 8"]);
    }

    [Fact]
    public async Task However_many_days_are_not_merged_the_others_are_proved()
    {
        var (stuck, other) = (await app.CustomerAsync(), await app.CustomerAsync());
        await other.SendAsync(other.Record("a", "5"));
        // Another test has spoilt what is its own.
        (await app.DifferencesAsync(Customer.January)).Where(d => d.TenantId == other.Tenant.Id.Value).ShouldBeEmpty();
        await app.SqlAsync<object>("update usage.daily_rollups set total = 6 where tenant_id = $1", other.Tenant.Id.Value);
        await stuck.SendAsync(stuck.Record("a", "1"));
        await app.SqlAsync<object>(
            "insert into usage.dirty_days (tenant_id, day) select $1, d from generate_series('2023-04-20'::date, '2026-01-31', '1 day') d",
            stuck.Tenant.Id.Value);
        // Of each month by itself, also where there is no usage.
        await app.SqlAsync<object>($"alter table usage.month_changes add constraint stuck check (tenant_id <> '{stuck.Tenant.Id.Value}') not valid");
        try
        {
            var told = await app.DifferencesAsync(new Period(new(2023, 4, 20), new(2026, 2, 1)));
            told.Where(d => d.TenantId == other.Tenant.Id.Value).Select(d => d.What).ShouldBe(["day", "month"], ignoreOrder: true);
            var left = told.Where(d => d.TenantId == stuck.Tenant.Id.Value).ToList();
            (left.Count, left[0].What, left[^1].What).ShouldBe((1000, "not merged", "not merged, the last told of 1018 such days"));
        }
        finally
        {
            await app.SqlAsync<object>("alter table usage.month_changes drop constraint stuck");
            await app.SqlAsync<object>("update usage.daily_rollups set total = 5 where tenant_id = $1", other.Tenant.Id.Value);
        }
    }

    // Records and their sum; the rest is instants.
    private static string Short(string? figures) => figures is null ? "-" : string.Join(' ', figures.Split(' ').Take(2));
}
