using System.Net;
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
        // As an install of before, with records and no mark.
        await RunAsync(
            Before, await MigrationAsync("0003_rollups"), await MigrationAsync("0007_negative_records"),
            "grant select, insert, update, delete on all tables in schema usage to licensing_app");

        (await app.SqlAsync<long>(
            "select count(*) from usage.dirty_days where tenant_id = $1 and batch_id is null", customer.Tenant.Id.Value)).ShouldBe(2);
        (await customer.TotalAsync()).ShouldBe("3");
        (await app.TotalsAsync(customer.Tenant, Period.Month(2025, 12))).Select(t => $"{t.Meter} {t.Quantity}").ShouldBe(["unique 1"]);
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_was_below_zero_before_is_counted_as_it_would_have_been()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(
            customer.Record("a", "9"), customer.Record("b", "-2"), customer.Record("c", "-1", start: "2026-01-11T00:00:00Z"),
            customer.Record("d", "-3"), customer.Record("e", "-3", start: "2026-01-12T00:00:00Z"));
        (await Outcome.OfAsync(customer.Partner().PostAsync("/api/v1/usage/corrections", Customer.Json(
            """{"recordId":"d","action":"reverse","reason":"sent twice"}""")))).Status.ShouldBe(HttpStatusCode.Created);
        (await app.TotalsAsync(customer.Tenant, Customer.January)).Select(t => (t.Records, t.Events)).ShouldBe([(4, 1)]);
        // One batch of which nothing is merged, on a day of which something is.
        await customer.SendAsync(customer.Record("f", "-1"), customer.Record("g", "1"));
        await RunAsync(
            "alter table usage.daily_rollups drop column negative_records; alter table usage.monthly_rollups drop column negative_records",
            await MigrationAsync("0007_negative_records"));
        (await app.SqlAsync<string>(
            "select string_agg(negative_records::text, ' ' order by day) from usage.daily_rollups where tenant_id = $1", customer.Tenant.Id.Value))
            .ShouldBe("1 1 1");
        (await app.TotalsAsync(customer.Tenant, Customer.January)).Select(t => (t.Records, t.Events)).ShouldBe([(6, 2)]);
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
    }

    private static Task<string> MigrationAsync(string name) => File.ReadAllTextAsync(
        Path.Combine(Checkout.Folder, "src", "Modules", "Usage", "Usage", "Data", "Migrations", $"{name}.sql"));

    private async Task RunAsync(params string[] statements)
    {
        await using var connection = await app.Services.GetRequiredService<SchemaOwner>().Database.OpenConnectionAsync();
        foreach (var sql in statements)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
