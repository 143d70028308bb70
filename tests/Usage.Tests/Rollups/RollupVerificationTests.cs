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

        await app.SqlAsync<object>("update usage.daily_rollups set quantity = 6 where tenant_id = $1 and meter = 'sum'", customer.Tenant.Id.Value);
        await app.SqlAsync<object>("delete from usage.daily_rollups where tenant_id = $1 and meter = 'max'", customer.Tenant.Id.Value);
        await app.SqlAsync<object>("update usage.daily_resources set resource_id = 'vm-9' where tenant_id = $1", customer.Tenant.Id.Value);
        await app.SqlAsync<object>("""
            insert into usage.daily_rollups select tenant_id, subscription_id, day, 'count', sku, region, owner_path, 'Count', 1, 1
            from usage.daily_rollups where tenant_id = $1 and meter = 'sum'
            """, customer.Tenant.Id.Value);

        var path = customer.Tenant.Path;
        (await app.DifferencesAsync(period))
            .Select(d => $"{d.Meter} {d.What}: {d.FromRecords ?? "-"} / {d.FromRollup ?? "-"}").ShouldBe(
            [
                $"count rollup: - / Count 1 1 {path}",
                $"max rollup: Max 2 1 {path} / -",
                $"sum rollup: Sum 5 1 {path} / Sum 6 1 {path}",
                "unique resource: vm-1 / -",
                "unique resource: - / vm-9",
            ]);
    }
}
