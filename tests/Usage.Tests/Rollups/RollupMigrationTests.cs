using Licensing.Host.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Tests.Rollups;

public sealed class RollupMigrationTests(UsageApp app) : IClassFixture<UsageApp>
{
    private const string Before = """
        drop table usage.daily_rollups, usage.daily_resources, usage.monthly_rollups, usage.monthly_resources, usage.dimension_sets,
            usage.daily_dimension_rollups, usage.month_changes, usage.corrections, usage.threshold_alerts, usage.thresholds;
        create table usage.daily_rollups (tenant_id uuid, quantity numeric);
        insert into usage.daily_rollups values (gen_random_uuid(), 1);
        create table usage.daily_resources (tenant_id uuid)
        """;

    [Fact]
    public async Task What_was_rolled_up_before_is_computed_anew_from_the_records()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(
            customer.Record("a", "1"), customer.Record("b", "2"), customer.Record("c", "5", "unique", "2025-12-30T00:00:00Z", "vm-1"));
        (await customer.TotalAsync()).ShouldBe("3");
        await app.SqlAsync<object>("delete from usage.dirty_days");
        var migration = await File.ReadAllTextAsync(
            Path.Combine(Checkout.Folder, "src", "Modules", "Usage", "Usage", "Data", "Migrations", "0003_rollups.sql"));
        await using (var connection = await app.Services.GetRequiredService<SchemaOwner>().Database.OpenConnectionAsync())
        {
            // As an install of before, with records and no mark.
            foreach (var sql in (string[])[Before, migration, "grant select, insert, update, delete on all tables in schema usage to licensing_app"])
            {
                await using var command = new NpgsqlCommand(sql, connection);
                await command.ExecuteNonQueryAsync();
            }
        }

        (await app.SqlAsync<long>(
            "select count(*) from usage.dirty_days where tenant_id = $1 and batch_id is null", customer.Tenant.Id.Value)).ShouldBe(2);
        (await customer.TotalAsync()).ShouldBe("3");
        (await app.TotalsAsync(customer.Tenant, Period.Month(2025, 12))).Select(t => $"{t.Meter} {t.Quantity}").ShouldBe(["unique 1"]);
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
    }
}
