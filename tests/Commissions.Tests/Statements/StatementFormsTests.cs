using System.Net;
using System.Net.Http.Headers;
using System.Xml.Linq;
using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Statements;

/// <summary>Statements as a page and as files.</summary>
public sealed class StatementFormsTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    [Fact]
    public async Task A_statement_is_a_page_to_print_and_a_file_with_all_of_its_documents()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Distributor, [Tier("0", null, "20")], basis: "Override");
        await SchemeAsync(platform, branch.Partner, Usual);
        // More than one part of a streamed page.
        var numbers = Enumerable.Range(0, 450).Select(_ => app.Invoices.Issue("2024-05", branch.Tenant, "10.00").Number).ToList();
        await CloseAsync(platform, "2024-05");
        using var distributor = branch.As(Roles.DistributorReader);
        var statement = await StatementAsync(distributor, branch.Distributor, "2024-05");
        var path = $"/api/v1/commissions/statements/{statement.GetProperty("id").GetString()}";

        using var page = await GetAsync(distributor, path, "text/html");
        page.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
        page.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem().ShouldStartWith("default-src 'none'");
        var body = XDocument.Parse((await page.Content.ReadAsStringAsync()).Replace("<!DOCTYPE html>", "", StringComparison.Ordinal)).Root!;
        var rows = body.Descendants("tr").Select(x => string.Join(" | ", x.Elements("td").Select(y => y.Value))).ToList();
        foreach (var row in new[]
        {
            "Basis: net of issued invoices less credit notes | 4500.00 EUR", "Commission by the scheme | 900.00 EUR",
            "Commissions of partners, taken off | -330.00 EUR", "Commission of the month | 570.00 EUR",
            "Paid out from 2024-06-01 on | 570.00 EUR", "0 |  | 20 % | 4500 | 900",
        })
            rows.ShouldContain(row);
        rows.Count(x => x.StartsWith("2024-05 | ", StringComparison.Ordinal)).ShouldBe(450);
        rows.ShouldContain($"2024-05 | {numbers[0]} | 10.00 EUR |  | 10.00 EUR | 2.00 EUR");

        using var file = await GetAsync(distributor, $"{path}/lines", "text/csv");
        var lines = (await file.Content.ReadAsStringAsync()).TrimEnd().Split("\r\n");
        lines[0].ShouldBe(
            "month,number,invoiceId,creditNoteId,tenantId,reverses,invoiced,invoicedCurrency,rate,net,commission,currency,parts");
        lines.Skip(1).Select(x => x.Split(',')[1]).Order().ShouldBe(numbers.Order());
        lines[1].ShouldEndWith(",false,10.00,EUR,1,10.00,2.00,EUR,");

        using var all = await GetAsync(distributor, "/api/v1/commissions/statements?period=2024-05", "text/csv");
        (await all.Content.ReadAsStringAsync()).TrimEnd().Split("\r\n").Skip(1).Select(x => string.Join(',', x.Split(',')[7..])).ShouldBe(
        [
            "4500.00,900.00,330.00,570.00,0.00,0.00,570.00,0.00,2024-06-01", "4500.00,330.00,0.00,330.00,0.00,0.00,330.00,0.00,2024-06-01",
        ], ignoreOrder: true);

        using var stranger = (await app.BranchAsync()).As(Roles.DistributorAdministrator);
        foreach (var (of, accept) in new[] { (path, "text/html"), ($"{path}/lines", "text/csv") })
            (await GetAsync(stranger, of, accept)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await (await GetAsync(stranger, "/api/v1/commissions/statements?period=x", "text/csv")).CodeAsync()).ShouldBe("invalid_period");
    }

    private static async Task<HttpResponseMessage> GetAsync(HttpClient client, string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Accept = { new MediaTypeWithQualityHeaderValue(accept) } } };
        return await client.SendAsync(request);
    }
}
