using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Payouts;

public sealed class CarriedTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    [Fact]
    public async Task Less_than_the_minimum_is_carried_on_until_it_is_enough()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: "2025-01", minimumPayout: "25.00");
        using var partner = branch.As(Roles.PartnerReader);
        foreach (var (month, net, payable, carriedOut) in new[]
            { ("2025-01", "100.00", "10.00", "10.00"), ("2025-02", "149.90", "24.99", "24.99"), ("2025-03", "0.10", "25.00", "0.00") })
        {
            app.Invoices.Issue(month, branch.Tenant, net);
            await CloseAsync(platform, month);
            var statement = (await ItemsAsync(partner, $"/api/v1/commissions/statements?period={month}")).ShouldHaveSingleItem();
            (Amount(statement, "payable"), Amount(statement, "carriedOut")).ShouldBe((payable, carriedOut));
        }

        (await ItemsAsync(partner, "/api/v1/commissions/payouts")).Select(x => $"{Amount(x, "amount")} {x.GetProperty("dueOn").GetString()}")
            .ShouldBe(["25.00 2025-04-01"]);
    }
}
