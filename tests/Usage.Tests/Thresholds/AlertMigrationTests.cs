namespace Licensing.Usage.Tests.Thresholds;

public sealed class AlertMigrationTests(UsageApp app) : IClassFixture<UsageApp>
{
    [Fact]
    public async Task What_was_told_before_belongs_to_where_its_threshold_stands()
    {
        var (customer, other) = (await app.CustomerAsync(), await app.CustomerAsync());
        var threshold = Guid.Parse("0197a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b");
        await app.SqlAsync<object>("alter table usage.threshold_alerts drop column owner_path");
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
