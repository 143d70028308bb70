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
    public async Task A_period_that_cannot_be_read_is_wrongly_typed() =>
        (await OpsOutcome.RunAsync(app, "usage", "verify", "--period", "January")).ExitCode.ShouldBe(2);
}
