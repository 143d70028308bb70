namespace Licensing.Usage.Tests.Thresholds;

public sealed class AlertMigrationTests(UsageApp app) : IClassFixture<UsageApp>
{
    [Fact]
    public async Task What_was_told_before_belongs_to_where_its_threshold_stands()
    {
        var (customer, other) = (await app.CustomerAsync(), await app.CustomerAsync());
        var threshold = Guid.Parse("0197a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b");
        await app.SqlAsync<object>("alter table usage.threshold_alerts drop column owner_path cascade");
        await app.SqlAsync<object>("""
            insert into usage.thresholds (id, tenant_id, owner_path, meter, basis, levels, active, created_at, version)
            values ($1, $2, $3, 'sum', 'Quantity', '["5"]', true, '2026-01-01', 1)
            """, threshold, customer.Tenant.Id.Value, customer.Tenant.Path);
        await app.SqlAsync<object>("""
            insert into usage.threshold_alerts (id, threshold_id, tenant_id, subject_id, month, level, quantity, fired_at)
            values ($1, $1, $2, $2, '2025-12-01', 5, '7', '2026-01-02')
            """, threshold, customer.Tenant.Id.Value);

        await app.SqlAsync<object>(await File.ReadAllTextAsync(
            Path.Combine(Checkout.Folder, "src", "Modules", "Usage", "Usage", "Data", "Migrations", "0004_alerts_of_their_time.sql")));

        async Task<int?> SeenAsync(Customer by) => (await Outcome.OfAsync(
            by.Partner().GetAsync($"/api/v1/usage/thresholds/{threshold}/alerts"))).Body["items"]?.AsArray().Count;
        (await SeenAsync(customer), await SeenAsync(other)).ShouldBe((1, null));
    }
}

/// <summary>While processes of before and after an upgrade serve together.</summary>
public sealed class AlertOfAnOlderProcessTests(UsageApp app) : IClassFixture<UsageApp>
{
    [Fact]
    public async Task One_that_does_not_say_where_its_tenant_stood_lies_where_its_threshold_does()
    {
        var customer = await app.CustomerAsync();
        var threshold = Guid.Parse("0197a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2c");
        await app.SqlAsync<object>("""
            insert into usage.thresholds (id, tenant_id, owner_path, meter, basis, levels, active, created_at, version)
            values ($1, $2, $3, 'sum', 'Quantity', '["5"]', true, '2026-01-01', 1)
            """, threshold, customer.Tenant.Id.Value, customer.Tenant.Path);
        // As it was written before there was a place.
        await app.SqlAsync<object>("""
            insert into usage.threshold_alerts (id, threshold_id, tenant_id, subject_id, month, level, quantity, quota, fired_at)
            select a.*, '2026-01-02' from unnest(
                array[$1], array[$1], array[$2], array[$2], array[date '2026-01-01'], array[5::numeric], array['7'], array[null::numeric]) as a
            on conflict on constraint threshold_alerts_once do nothing
            """, threshold, customer.Tenant.Id.Value);
        (await app.SqlAsync<string>("select owner_path from usage.threshold_alerts where threshold_id = $1", threshold))
            .ShouldBe(customer.Tenant.Path);
    }
}
