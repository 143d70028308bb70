using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Xml.Linq;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Tests.Reseller;

/// <summary>The reseller service's report of chargeable activity: what the rows add up to, in each form.</summary>
public sealed class ReportTests(BillingApp app) : IClassFixture<BillingApp>
{
    private const string Method = "/WebApi/ResellerService/GetChargeableActivityReport";

    private static readonly object Calls = new
    {
        key = "calls",
        name = "Calls",
        meter = "calls",
        price = new
        {
            model = "graduated",
            tiers = new object[] { new { upTo = "10", unitPrice = "10", flatFee = "2" }, new { unitPrice = "5", flatFee = "3" } },
        },
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_accounts_used_adds_up_by_day_month_meter_and_account_in_every_form()
    {
        var branch = await app.BranchAsync();
        var second = await app.TenantAsync(branch.Platform, branch.Partner);
        var plan = await app.PlanAsync("report", [Calls], usesPriceLists: true);
        foreach (var tenant in (OrganizationRef[])[branch.Tenant, second])
        {
            var subscription = app.Subscribe(tenant, plan, "2022-08");
            app.Usage.Add(tenant, subscription, "2022-08-02", "calls", "7");
            app.Usage.Add(tenant, subscription, "2022-08-09", "calls", "5");
            app.Usage.Add(tenant, subscription, "2022-08-05", "gb", "233.4", "STORAGE", "eu");
        }

        using var reseller = branch.As(Roles.PartnerReader);
        int[] codes = [branch.Tenant.Code, second.Code];
        async Task AddsUpAsync()
        {
            (await RowsAsync(reseller, "")).ShouldBe(
                codes.SelectMany(c => (string[])[$"{c} 2022-08-01 2022-09-01 calls 12 - 115.00", $"{c} 2022-08-01 2022-09-01 gb 233.4 0.05 11.67"]),
                ignoreOrder: true);
            (await RowsAsync(reseller, "&GroupBy=Meter")).ShouldBe(
                ["- 2022-08-01 2022-09-01 calls 24 - 230.00", "- 2022-08-01 2022-09-01 gb 466.8 0.05 23.34"]);
            (await RowsAsync(reseller, "&GroupBy=Account")).ShouldBe(codes.Select(c => $"{c} 2022-08-01 2022-09-01 - - - 126.67"), ignoreOrder: true);
            (await RowsAsync(reseller, $"&GroupBy=Day&AccountId={second.Code}")).ShouldBe(
            [
                $"{second.Code} 2022-08-02 2022-08-03 calls 7 - 67.08", $"{second.Code} 2022-08-05 2022-08-06 gb 233.4 0.05 11.67",
                $"{second.Code} 2022-08-09 2022-08-10 calls 5 - 47.92",
            ]);
            // Of a part of the month what was used on its days.
            (await RowsAsync(reseller, $"&GroupBy=Month&AccountId={second.Code}", "2022-08-03", "2022-08-10")).ShouldBe(
            [
                $"{second.Code} 2022-08-03 2022-08-10 calls 5 - 47.92", $"{second.Code} 2022-08-03 2022-08-10 gb 233.4 0.05 11.67",
            ]);
        }

        await AddsUpAsync();
        await app.BillAsync("2022-08");
        await AddsUpAsync();

        var query = $"{Method}?StartDate=2022-08-01&EndDate=2022-09-01&AccountId={second.Code}";
        var xml = XDocument.Parse(await reseller.TextAsAsync(query, "application/xml")).Root!;
        xml.Name.ToString().ShouldBe("ChargeableActivityReport");
        xml.Element("Rows")!.Elements("ActivityReportRow").Select(r => $"{r.Element("Meter")!.Value} {r.Element("Amount")!.Value}")
            .ShouldBe(["calls 115.00", "gb 11.67"]);
        var json = await reseller.TextAsAsync(query, "application/json");
        JsonDocument.Parse(json).RootElement.GetProperty("Rows").GetArrayLength().ShouldBe(2);
        var csv = (await reseller.TextAsAsync(query, "text/csv, application/json;q=0.5")).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        csv.ShouldBe(
        [
            "AccountId,AccountName,Amount,CurrencyCode,EndDate,Meter,NetAmount,Quantity,StartDate,Unit,UnitPrice",
            $"{second.Code},{second.DisplayName},115.00,EUR,2022-09-01,calls,115.00,12,2022-08-01,Calls,",
            $"{second.Code},{second.DisplayName},11.67,EUR,2022-09-01,gb,11.67,233.4,2022-08-01,GB,0.05",
        ]);
        // By POST too.
        using var posted = await reseller.PostAsJsonAsync(
            Method, new Dictionary<string, string> { ["StartDate"] = "2022-08-01", ["EndDate"] = "2022-09-01T00:00:00" }, Ct);
        XDocument.Parse(await posted.Content.ReadAsStringAsync(Ct)).Descendants("ActivityReportRow").Count().ShouldBe(4);
    }

    [Fact]
    public async Task Nothing_is_an_empty_list_in_every_form_and_others_have_nothing_here()
    {
        var (near, far) = (await app.BranchAsync(), await app.BranchAsync());
        var plan = await app.PlanAsync("others", [Calls]);
        app.Usage.Add(far.Tenant, app.Subscribe(far.Tenant, plan, "2022-09"), "2022-09-02", "calls", "7");
        using var reseller = near.As(Roles.PartnerAdministrator);
        const string Query = $"{Method}?StartDate=2022-09-01&EndDate=2022-10-01";

        (await reseller.TextAsAsync(Query, "application/json")).ShouldBe("""{"Rows":[]}""");
        XDocument.Parse(await reseller.TextAsAsync(Query, "application/xml")).Root!.Element("Rows")!.IsEmpty.ShouldBeTrue();
        (await reseller.TextAsAsync(Query, "text/csv")).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(1);
        foreach (var account in new[] { far.Tenant.Code, -1 })
        {
            using var refused = await reseller.GetAsAsync($"{Query}&AccountId={account}", "application/json");
            refused.StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await refused.Content.ReadAsStringAsync(Ct)).ShouldBe(
                $$$"""{"ErrorDetail":{"Message":"There is no account {{{account}}}."},"ErrorType":"NotFoundFaultContract"}""");
        }
    }

    [Theory]
    [InlineData("StartDate=2022-08-01", "EndDate")]
    [InlineData("StartDate=2022-08-01&EndDate=2022-08-01", "EndDate")]
    [InlineData("StartDate=2022-08-02&EndDate=2022-08-01", "EndDate")]
    [InlineData("StartDate=2021-08-01&EndDate=2022-08-03", "EndDate")]
    [InlineData("StartDate=august&EndDate=2022-08-03", "StartDate")]
    [InlineData("StartDate=2022-08-01T10:00:00&EndDate=2022-08-03", "StartDate")]
    [InlineData("StartDate=2022-08-01&EndDate=2022-08-03&GroupBy=Week", "GroupBy")]
    [InlineData("StartDate=2022-08-01&EndDate=2022-08-03&AccountId=one", "AccountId")]
    public async Task What_cannot_be_read_is_refused_by_its_name(string query, string name)
    {
        var branch = await app.BranchAsync();
        using var refused = await branch.As(Roles.PartnerReader).GetAsAsync($"{Method}?{query}", "application/json");

        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await refused.Content.ReadAsStringAsync(Ct)).ShouldContain($"Parameter name: {name}\"");
    }

    private static async Task<List<string>> RowsAsync(HttpClient client, string more, string from = "2022-08-01", string until = "2022-09-01")
    {
        var text = await client.TextAsAsync($"{Method}?StartDate={from}&EndDate={until}{more}", "application/json");
        string Of(JsonElement row, string name) => row.TryGetProperty(name, out var value) ? value.ToString() : "-";
        return [.. JsonDocument.Parse(text).RootElement.GetProperty("Rows").EnumerateArray().Select(row =>
            string.Join(' ', new[] { "AccountId", "StartDate", "EndDate", "Meter", "Quantity", "UnitPrice", "Amount" }.Select(n => Of(row, n))))];
    }
}
