using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Statements;

/// <summary>What comes after a month is closed.</summary>
public sealed class AdjustmentTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    [Fact]
    public async Task A_closed_month_that_changes_is_worked_out_anew_and_the_next_statement_tells_the_difference()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Distributor, [Tier("0", null, "20")], basis: "Override", validFrom: "2023-01");
        await SchemeAsync(platform, branch.Partner, Usual, validFrom: "2023-01");
        var first = app.Invoices.Issue("2023-01", branch.Tenant, "900.00");
        await CloseAsync(platform, "2023-01");
        using var partner = branch.As(Roles.PartnerReader);
        Balance(await StatementAsync(partner, branch.Partner, "2023-01")).ShouldBe("900.00 -> 45.00 + 0.00 + 0.00 = 45.00, on 0.00, due 2023-02-01");

        // 4,000 in all: 50 + 240, less 45 that was told; its distributor 800 less 290, less 180 - 45.
        var late = app.Invoices.Issue("2023-01", branch.Tenant, "3100.00");
        app.Invoices.Issue("2023-02", branch.Tenant, "100.00");
        var summary = (await ItemsAsync(partner, "/api/v1/commissions/summary?period=2023-02")).ShouldHaveSingleItem();
        (Amount(summary, "commission"), Amount(summary, "adjusted"), Amount(summary, "payable")).ShouldBe(("5.00", "245.00", "250.00"));
        await CloseAsync(platform, "2023-02");
        var second = await StatementAsync(partner, branch.Partner, "2023-02");
        Balance(second).ShouldBe("100.00 -> 5.00 + 245.00 + 0.00 = 250.00, on 0.00, due 2023-03-01");
        second.GetProperty("adjustments").EnumerateArray()
            .Select(x => $"{x.GetProperty("month").GetString()} {Amount(x, "basis")} {Amount(x, "commission")}")
            .ShouldBe(["2023-01 3100.00 245.00"]);
        (await LinesAsync(partner, second)).ShouldBe(["2023-02 100.00 5.00 False", "2023-01 3100.00 245.00 False"]);
        Balance(await StatementAsync(platform, branch.Distributor, "2023-02"))
            .ShouldBe("100.00 -> 15.00 + 375.00 + 0.00 = 390.00, on 0.00, due 2023-03-01");

        // What is void was never: both are taken back from whom they were paid. Nothing of March's own.
        app.Invoices.Void(first);
        app.Invoices.Void(late);
        await CloseAsync(platform, "2023-03");
        var third = await StatementAsync(partner, branch.Partner, "2023-03");
        Balance(third).ShouldBe("0.00 -> 0.00 + -290.00 + 0.00 = -290.00, on -290.00, due ");
        (await LinesAsync(partner, third)).ShouldBe(["2023-01 -900.00 -65.25 True", "2023-01 -3100.00 -224.75 True"], ignoreOrder: true);

        // Owed until it is earned.
        app.Invoices.Issue("2023-04", branch.Tenant, "1000.00");
        await CloseAsync(platform, "2023-04");
        Balance(await StatementAsync(partner, branch.Partner, "2023-04")).ShouldBe("1000.00 -> 50.00 + 0.00 + -290.00 = -240.00, on -240.00, due ");
        (await ItemsAsync(partner, "/api/v1/commissions/payouts")).Select(x => Amount(x, "amount")).ShouldBe(["250.00", "45.00"], ignoreOrder: true);

        // A month of before the scheme: nobody earns in it, but what has changed in a newer one is told, and held as long as that.
        app.Invoices.Issue("2023-04", branch.Tenant, "9000.00");
        await CloseAsync(platform, "2022-12");
        Balance(await StatementAsync(partner, branch.Partner, "2022-12"))
            .ShouldBe("0.00 -> 0.00 + 820.00 + -240.00 = 580.00, on 0.00, due 2023-05-01");

        // A closed month's summary is of that month alone.
        var closed = (await ItemsAsync(partner, "/api/v1/commissions/summary?period=2023-02")).ShouldHaveSingleItem();
        (Amount(closed, "commission"), Amount(closed, "adjusted"), Amount(closed, "carriedIn")).ShouldBe(("5.00", "0.00", "0.00"));
    }
}
