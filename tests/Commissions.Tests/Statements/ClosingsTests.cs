using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Statements;

public sealed class ClosingsTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    [Fact]
    public async Task Months_that_were_passed_over_are_told_until_they_are_closed()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "10")], validFrom: "2025-01");
        // The clock says 15 January 2026, which is not over.
        foreach (var month in (string[])["2025-08", "2025-09", "2025-10", "2025-11", "2026-01"])
            app.Invoices.Issue(month, branch.Tenant, "100.00");
        (await ClosingsAsync(platform)).ShouldBe("closed , open 2025-08 2025-09 2025-10 2025-11, skipped ");
        await CloseAsync(platform, "2025-08");
        await CloseAsync(platform, "2025-10");
        (await ClosingsAsync(platform)).ShouldBe("closed 2025-10 2025-08, open 2025-09 2025-11, skipped 2025-09");
        var first = await Sent(await platform.GetAsync("/api/v1/commissions/closings?limit=1"));
        (await ClosingsAsync(platform, $"?limit=1&after={first.GetProperty("next").GetString()}"))
            .ShouldBe("closed 2025-08, open 2025-09 2025-11, skipped 2025-09");
        await CloseAsync(platform, "2025-09");
        (await ClosingsAsync(platform)).ShouldBe("closed 2025-10 2025-09 2025-08, open 2025-11, skipped ");

        using var distributor = branch.As(Roles.DistributorAdministrator);
        (await distributor.GetAsync("/api/v1/commissions/closings")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    private static async Task<string> ClosingsAsync(HttpClient client, string query = "")
    {
        var told = await Sent(await client.GetAsync($"/api/v1/commissions/closings{query}"));
        string Months(string of) => string.Join(' ', told.GetProperty(of).EnumerateArray().Select(x => x.GetString()));
        var closed = string.Join(' ', told.GetProperty("items").EnumerateArray().Select(Month));
        return $"closed {closed}, open {Months("open")}, skipped {Months("skipped")}";
    }

    private static string Month(JsonElement x) => x.GetProperty("period").GetProperty("start").GetString()![..7];
}
