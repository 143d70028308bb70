using System.Text.Json.Nodes;

namespace Licensing.Usage.Tests.Rollups;

public sealed class VerifyUsageTests(UsageApp app) : IClassFixture<UsageApp>
{
    [Fact]
    public async Task Differences_are_shown_fail_and_are_repaired()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(
            customer.Record("a", "5"), customer.Record("b", "1", "unique", resourceId: "vm-1"),
            customer.Record("c", "2", "max", "2026-01-11T00:00:00Z"));
        var clean = await OpsOutcome.RunAsync(app, "usage", "verify", "--period", "2026-01", "--json");
        (clean.ExitCode, (string)JsonNode.Parse(clean.Output)!["rollups"]!).ShouldBe((0, "equal to the records"), clean.Errors);

        await app.SqlAsync<object>(
            "update usage.daily_rollups set total = total + 1 where tenant_id = $1 and meter = 'sum'", customer.Tenant.Id.Value);
        await app.SqlAsync<object>("delete from usage.monthly_rollups where tenant_id = $1 and meter = 'max'", customer.Tenant.Id.Value);
        var broken = await OpsOutcome.RunAsync(app, "usage", "verify", "--period", "2026-01");
        broken.ExitCode.ShouldBe(1);
        broken.Output.ShouldContain("month");
        broken.Output.ShouldContain("day");

        var repaired = await OpsOutcome.RunAsync(app, "usage", "verify", "--repair", "--json");
        (repaired.ExitCode, (int)JsonNode.Parse(repaired.Output)!["repaired"]!).ShouldBe((0, 2), repaired.Output);
        (await customer.TotalAsync()).ShouldBe("5");
        (await customer.TotalAsync("max")).ShouldBe("2");
        (await OpsOutcome.RunAsync(app, "usage", "verify")).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Resources_of_a_month_that_its_days_do_not_have_are_shown_and_repaired()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(
            customer.Record("a", "1", "unique", resourceId: "vm-1"), customer.Record("b", "1", "unique", "2026-01-12T00:00:00Z", "vm-2"));
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
        // Their number is right, and so is each day.
        await app.SqlAsync<object>(
            "update usage.monthly_resources set resource_id = 'vm-9' where tenant_id = $1 and resource_id = 'vm-2'", customer.Tenant.Id.Value);

        (await app.DifferencesAsync(Customer.January)).Select(d => $"{d.Day:yyyy-MM-dd} {d.What} {d.FromRecords} {d.FromRollup}").ShouldBe(
            ["2026-01-01 month resource vm-2 ", "2026-01-01 month resource  vm-9"], ignoreOrder: true);
        var repaired = await OpsOutcome.RunAsync(app, "usage", "verify", "--period", "2026-01", "--repair");
        repaired.ExitCode.ShouldBe(0, repaired.Output + repaired.Errors);
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
        (await app.SqlAsync<string>("select string_agg(resource_id, ' ' order by 1) from usage.monthly_resources where tenant_id = $1",
            customer.Tenant.Id.Value)).ShouldBe("vm-1 vm-2");
    }

    [Fact]
    public async Task What_cannot_be_merged_is_told_and_mended_where_computing_anew_mends_it()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "5"));
        (await customer.TotalAsync()).ShouldBe("5");
        // Nothing can be added to it any more.
        await app.SqlAsync<object>("update usage.daily_rollups set records = $2 where tenant_id = $1", customer.Tenant.Id.Value, long.MaxValue);
        await customer.SendAsync(customer.Record("b", "2"));

        var broken = await OpsOutcome.RunAsync(app, "usage", "verify", "--period", "2026-01", "--json");
        broken.ExitCode.ShouldBe(1, broken.Errors);
        JsonNode.Parse(broken.Output)!.AsArray().Select(x => $"{x!["tenantId"]} {x["day"]} {x["what"]}")
            .ShouldContain($"{customer.Tenant.Id.Value} 2026-01-10 not merged");
        var mended = await OpsOutcome.RunAsync(app, "usage", "verify", "--period", "2026-01", "--repair");
        mended.ExitCode.ShouldBe(0, mended.Output + mended.Errors);
        (await customer.TotalAsync()).ShouldBe("7");
    }

    [Fact]
    public async Task Whose_days_can_neither_be_merged_nor_computed_keeps_no_others_from_being_repaired()
    {
        var (damaged, other) = (await app.CustomerAsync(), await app.CustomerAsync());
        await other.SendAsync(other.Record("a", "5"));
        (await other.TotalAsync()).ShouldBe("5");
        await app.SqlAsync<object>("update usage.daily_rollups set total = 6 where tenant_id = $1", other.Tenant.Id.Value);
        await damaged.SendAsync(damaged.Record("a", "5"));
        (await damaged.TotalAsync()).ShouldBe("5");
        await damaged.SendAsync(damaged.Record("b", "2"));
        await app.SqlAsync<object>(
            $"alter table usage.daily_rollups add constraint broken check (tenant_id <> '{damaged.Tenant.Id.Value}') not valid");
        try
        {
            var repaired = await OpsOutcome.RunAsync(app, "usage", "verify", "--period", "2026-01", "--repair", "--json");
            repaired.ExitCode.ShouldBe(1);
            JsonNode.Parse(repaired.Output)!.AsArray().Select(x => $"{x!["tenantId"]} {x["what"]}")
                .ShouldBe([$"{damaged.Tenant.Id.Value} not merged"], repaired.Output);
            (await other.TotalAsync()).ShouldBe("5");
        }
        finally
        {
            await app.SqlAsync<object>("alter table usage.daily_rollups drop constraint broken");
        }

        (await OpsOutcome.RunAsync(app, "usage", "verify", "--period", "2026-01")).ExitCode.ShouldBe(0);
        (await damaged.TotalAsync()).ShouldBe("7");
    }

    [Fact]
    public async Task Whose_rows_cannot_be_read_is_told_and_the_others_are_proved()
    {
        Customer[] customers = [await app.CustomerAsync(), await app.CustomerAsync(), await app.CustomerAsync()];
        foreach (var customer in customers)
            await customer.SendAsync(customer.Record("a", "5", "max"));
        foreach (var customer in customers)
            (await customer.TotalAsync("max")).ShouldBe("5");
        // A value that no text of the server can be made of, as that of a damaged row: reading it fails.
        await app.SqlAsync<object>("""
            create function usage.unreadable(numeric) returns numeric language plpgsql immutable as
                $$ begin raise exception using errcode = 'XX001'; end $$
            """);
        await app.SqlAsync<object>("alter table usage.monthly_rollups rename to monthly_rollups_stored");
        await app.SqlAsync<object>($"""
            create view usage.monthly_rollups as select tenant_id, subscription_id, month, meter, sku, region, records,
                case when tenant_id = '{customers[1].Tenant.Id.Value}' then usage.unreadable(total) else total end as total, largest, last_quantity,
                last_started_at, last_received_at, last_record_id, resources, negative_records
            from usage.monthly_rollups_stored
            """);
        try
        {
            await app.SqlAsync<object>("grant select on usage.monthly_rollups to public");
            await app.SqlAsync<object>(
                "update usage.monthly_rollups_stored set largest = 6 where tenant_id = $1", customers[2].Tenant.Id.Value);
            (await app.DifferencesAsync(Customer.January)).Select(d => $"{d.TenantId} {d.What}").ShouldBe(
                [$"{customers[1].Tenant.Id.Value} cannot be read", $"{customers[2].Tenant.Id.Value} month"], ignoreOrder: true);
        }
        finally
        {
            await app.SqlAsync<object>("drop view usage.monthly_rollups");
            await app.SqlAsync<object>("alter table usage.monthly_rollups_stored rename to monthly_rollups");
            await app.SqlAsync<object>("update usage.monthly_rollups set largest = 5 where tenant_id = $1", customers[2].Tenant.Id.Value);
        }
    }

    [Fact]
    public async Task A_period_that_cannot_be_read_is_wrongly_typed() =>
        (await OpsOutcome.RunAsync(app, "usage", "verify", "--period", "January")).ExitCode.ShouldBe(2);
}
