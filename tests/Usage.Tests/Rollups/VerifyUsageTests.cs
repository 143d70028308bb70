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
    public async Task A_period_that_cannot_be_read_is_wrongly_typed() =>
        (await OpsOutcome.RunAsync(app, "usage", "verify", "--period", "January")).ExitCode.ShouldBe(2);
}
