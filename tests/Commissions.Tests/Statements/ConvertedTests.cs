using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Statements;

/// <summary>Documents in another currency than that of whoever earns on them.</summary>
public sealed class ConvertedTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    [Fact]
    public async Task A_credit_note_takes_back_in_the_month_of_its_issue_by_the_rate_of_its_invoice()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: "2023-05");
        foreach (var (date, rate) in new[] { ("2023-05-20", "0.90"), ("2023-06-20", "0.50") })
            await RecordAsync(platform, date, rate);
        var invoice = app.Invoices.Issue("2023-05", branch.Tenant, "1000.00", "USD");
        app.Invoices.Issue("2023-05", branch.Tenant, "100.00");
        app.Invoices.Credit("2023-06", invoice, "400.00");
        app.Invoices.Issue("2023-06", branch.Tenant, "2000.00", "USD");
        await CloseAsync(platform, "2023-05");
        await CloseAsync(platform, "2023-06");

        using var partner = branch.As(Roles.PartnerReader);
        Balance(await StatementAsync(partner, branch.Partner, "2023-05"))
            .ShouldBe("1000.00 -> 100.00 + 0.00 + 0.00 = 100.00, on 0.00, due 2023-06-01");
        var june = await StatementAsync(partner, branch.Partner, "2023-06");
        // 2,000 at 0.50 less 400 at 0.90.
        Balance(june).ShouldBe("640.00 -> 64.00 + 0.00 + 0.00 = 64.00, on 0.00, due 2023-07-01");
        (await LinesAsync(partner, june)).ShouldBe(["2023-06 1000.00 100.00 False", "2023-06 -360.00 -36.00 False"], ignoreOrder: true);

        // A rate recorded later for a day in between does not change what is worked out again.
        await RecordAsync(platform, "2023-05-30", "2");
        app.Invoices.Issue("2023-05", branch.Tenant, "10.00", "USD");
        await CloseAsync(platform, "2023-07");
        Balance(await StatementAsync(partner, branch.Partner, "2023-07")).ShouldBe("0.00 -> 0.00 + 0.90 + 0.00 = 0.90, on 0.00, due 2023-08-01");
    }

    private static async Task RecordAsync(HttpClient platform, string date, string rate) => await Sent(await platform.PostAsJsonAsync(
        "/api/v1/directory/exchange-rates", new { rates = new[] { new { from = "USD", to = "EUR", date, rate } } }));
}
