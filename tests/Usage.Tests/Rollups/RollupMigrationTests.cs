using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Usage.Rollups;
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

    [Fact]
    public async Task Days_of_meters_whose_resources_have_dimensions_now_are_computed_anew_and_no_others()
    {
        var platform = await app.InAsync<IOrganizationDirectory, OrganizationRef>(d => d.PlatformAsync(TestContext.Current.CancellationToken));
        using var administrator = app.As(Roles.PlatformAdministrator, platform.Id.Value, platform.Path);
        foreach (var (key, aggregation) in ((string, string)[])[("machines", "unique"), ("traffic", "sum")])
            (await administrator.PostAsJsonAsync("/api/v1/meters", new { key, unit = "pieces", aggregation, dimensions = new[] { "site" } }))
                .IsSuccessStatusCode.ShouldBeTrue();
        var branch = await app.BranchAsync();
        var customer = new Customer(app, branch, branch.Tenant, await app.SubscribeAsync(branch, branch.Tenant, from: "2024-12-15"));
        // The first day of which the retention cannot have taken a record, and the one before.
        var first = app.Services.GetRequiredService<UsageSettings>()
            .FirstWhole(app.Services.GetRequiredService<BillingCalendar>(), app.Clock.GetUtcNow());
        var (whole, old) = ($"{first:yyyy-MM-dd}T12:00:00Z", $"{first.AddDays(-1):yyyy-MM-dd}T12:00:00Z");
        JsonObject At(JsonObject record, string site)
        {
            record["dimensions"] = new JsonObject { ["site"] = site };
            return record;
        }

        var sent = await customer.SendAsync(
            At(customer.Record("a", "1", "machines", whole, "vm-1"), "Wien"), At(customer.Record("b", "1", "machines", whole, "vm-2"), "Wien"),
            customer.Record("c", "1", start: whole), At(customer.Record("d", "1", "machines", old, "vm-1"), "Wien"),
            At(customer.Record("e", "1", "unique", "2026-01-05T12:00:00Z", "vm-1"), "Wien"),
            At(customer.Record("f", "1", "traffic", "2026-01-06T12:00:00Z"), "Wien"), customer.Record("g", "1", start: "2026-01-07T12:00:00Z"));
        sent.Counts.ShouldBe("7 0 0", sent.Body.ToJsonString());
        await app.InAsync<RollingUp, bool>(rollups => rollups.CatchUpAsync(null, null, TestContext.Current.CancellationToken));
        // As before the upgrade.
        await RunAsync(
            "drop table usage.daily_dimension_resources, usage.upgrade_steps", "delete from usage.daily_dimension_rollups where meter = 'machines'",
            "delete from usage.dimension_sets d where d.dimension_set <> all (select dimension_set from usage.daily_dimension_rollups)",
            await MigrationAsync("0008_resources_by_dimensions"),
            "grant select, insert, update, delete on all tables in schema usage to licensing_app");

        await PrepareAsync();
        await PrepareAsync();
        (await MarksAsync()).ShouldBe($"{first:yyyy-MM-dd} 3");
        (await app.DifferencesAsync(new Period(first, Customer.January.End))).ShouldBeEmpty();
        (await MarksAsync()).ShouldBeNull();
        var groups = await Outcome.OfAsync(customer.Partner().GetAsync(
            $"/api/v1/usage/summary?period={first:yyyy-MM-dd}/{first.AddDays(1):yyyy-MM-dd}&meter=machines&groupBy=dimension.site"));
        groups.Body["items"]!.AsArray().Select(g => $"{g!["dimensions"]!["site"]} {g["quantity"]}").ShouldBe(["Wien 2"]);
        // What may lack records is what it was.
        (await app.TotalsAsync(customer.Tenant, new Period(first.AddDays(-1), first))).Select(t => $"{t.Meter} {t.Quantity}")
            .ShouldBe(["machines 1"]);

        Task PrepareAsync() => app.Services.GetServices<IPreparation>().OfType<DaysWithoutDimensions>().Single()
            .PrepareAsync(TestContext.Current.CancellationToken);
        Task<string?> MarksAsync() => app.SqlAsync<string?>(
            "select string_agg(day || ' ' || records, ', ' order by day) from usage.dirty_days where tenant_id = $1 and batch_id is null",
            customer.Tenant.Id.Value);
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
