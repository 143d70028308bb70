using System.Net.Http.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using Licensing.Usage.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Activity;

/// <summary>
/// A tenant was one partner's in August, September and October and is another's in November, under another name. August cannot be rated,
/// September is a draft, October is issued, November is not billed.
/// </summary>
public sealed class MovedTenant : BillingApp
{
    internal Branch Branch { get; private set; } = null!;

    internal OrganizationRef Next { get; private set; } = null!;

    /// <summary>As it stands with the next partner.</summary>
    internal OrganizationRef Moved { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Branch = await this.BranchAsync();
        Next = await this.PartnerAsync(Branch.Platform, Branch.Distributor);
        var plan = await PlanAsync("moved", [Flat("base", "10"), new
        {
            key = "calls",
            name = "Calls",
            meter = "calls",
            price = new { model = "perUnit", unitPrice = "2" },
        }], usesPriceLists: true);
        foreach (var month in (string[])["2025-08", "2025-09", "2025-10"])
            Usage.Add(Branch.Tenant, Subscribe(Branch.Tenant, plan, month), $"{month}-05", "calls", "4");
        Usage.Add(Branch.Tenant, Subscribe(Branch.Tenant, plan, "2025-08"), "2025-08-05", "gb", "1", "PRICELESS");
        await BillAsync("2025-09", issue: false);
        await BillAsync("2025-10");
        using var platform = Branch.Administrator();
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/tenants/{Branch.Tenant.Id.Value}/transfer", new { partnerId = Next.Id.Value, reason = "sold" }));
        await DrainAsync();
        await Sent(await platform.PatchAsJsonAsync(
            $"/api/v1/tenants/{Branch.Tenant.Id.Value}", new { displayName = "Called anew", externalId = "ANEW", legalName = "Anew Ltd" }));
        Moved = (await InAsync<IOrganizationDirectory, OrganizationRef?>(d => d.FindAsync(Branch.Tenant.Id, CancellationToken.None)))!;
        Usage.Add(Moved, Subscribe(Moved, plan, "2025-11"), "2025-11-05", "calls", "4");
    }

    internal HttpClient Reader(string who) => who switch
    {
        "tenant" => Branch.As(Roles.TenantAdministrator, Moved),
        "former" => Branch.As(Roles.PartnerReader),
        "present" => Branch.As(Roles.PartnerReader, Next),
        "distributor" => Branch.As(Roles.DistributorReader),
        _ => Branch.As(Roles.PlatformReader),
    };
}

/// <summary>Whoever reads charges is told organisations within his scope, and no others.</summary>
public sealed class WhoIsNamedTests(MovedTenant app) : IClassFixture<MovedTenant>
{
    private const string Range = "from=2025-09-01&until=2025-12-01&granularity=month";

    // The tenant in September and October, with its partner; the same in November.
    [Theory]
    [InlineData("tenant", null, "- ANEW Called anew")]
    [InlineData("former", "former OLD old", null)]
    [InlineData("present", null, "next ANEW Called anew")]
    [InlineData("distributor", "former ANEW Called anew", "next ANEW Called anew")]
    [InlineData("platform", "former ANEW Called anew", "next ANEW Called anew")]
    public async Task Each_reader_is_told_the_organisations_within_his_scope(string who, string? before, string? now)
    {
        using var reader = app.Reader(who);
        string[] expected = [.. new[] { before, before, now }.OfType<string>()];
        var path = $"/api/v1/usage/chargeable-activity?{Range}";
        (await ItemsAsync(reader, path)).Select(x => Told(x.GetProperty("partnerId"), x.Text("tenantExternalId"), x.Text("tenantName")))
            .ShouldBe(expected);
        var csv = await reader.TextAsAsync(path, "text/csv");
        csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)[1..].Select(x => x.Split(','))
            .Select(x => Told(x[5], x[3], x[4])).ShouldBe(expected);

        using var focus = new StringReader(await reader.TextAsAsync($"/api/v1/exports/focus?{Range}", "text/csv"));
        var rows = FocusRow.Read(focus).Where(x => x["ChargeCategory"] == "Usage").ToList();
        rows.Select(x => Told(x["BillingAccountType"] == "Partner" ? Of(x["BillingAccountId"]) : "", x["SubAccountId"], x["SubAccountName"]))
            .ShouldBe(expected);
        if (who == "tenant")
            rows.ShouldAllBe(x => x["BillingAccountId"] == "ANEW" && x["BillingAccountName"] == "Called anew" && x["BillingAccountType"] == "Tenant");
    }

    [Theory]
    [InlineData("tenant")]
    [InlineData("former")]
    [InlineData("present")]
    public async Task Nothing_that_is_answered_names_whoever_is_outside(string who)
    {
        using var reader = app.Reader(who);
        string[] outside = who switch
        {
            "tenant" => [.. Names(app.Branch.Partner), .. Names(app.Next), .. Names(app.Branch.Distributor), .. Names(app.Branch.Tenant)[1..]],
            "former" => [.. Names(app.Next), "ANEW", "Called anew", "Anew Ltd"],
            _ => [.. Names(app.Branch.Partner), .. Names(app.Branch.Tenant)[1..]],
        };
        List<string> paths =
        [
            $"/api/v1/usage/chargeable-activity?{Range}", $"/api/v1/exports/focus?{Range}", "/api/v1/billing/range?from=2025-09-01&until=2025-12-01",
            "/api/v1/invoices", .. ((string[])["2025-08", "2025-09", "2025-10", "2025-11"]).SelectMany(month =>
                ((string[])["subscription", "tenant", "partner", "distributor"]).Select(by =>
                    $"/api/v1/billing/summary?period={month}&groupBy={by}")),
        ];
        // Of a draft nothing is kept, so that it says what it would say now.
        if (who == "former")
            paths.Add($"/api/v1/invoices/{(await ItemsAsync(reader, "/api/v1/invoices?period=2025-09")).ShouldHaveSingleItem().Text("id")}");
        foreach (var path in paths)
            foreach (var form in (string[])["application/json", "text/csv", "text/html"])
            {
                var answer = await reader.TextAsAsync(path, form);
                outside.Where(name => answer.Contains(name, StringComparison.Ordinal)).ShouldBeEmpty($"{path} as {form}: {answer}");
            }
    }

    [Fact]
    public async Task Who_cannot_be_billed_is_told_by_the_name_that_the_reader_knew()
    {
        foreach (var (who, name) in new[] { ("former", app.Branch.Tenant.ExternalId), ("distributor", "ANEW") })
        {
            using var reader = app.Reader(who);
            var told = (await GetAsync(reader, "/api/v1/billing/summary?period=2025-08")).GetProperty("notBillable").EnumerateArray()
                .ShouldHaveSingleItem();
            (told.Text("subject"), told.Text("code")).ShouldBe((name, "price_missing"), who);
        }
    }

    private static string[] Names(OrganizationRef x) => [x.Id.Value.ToString(), $"\"{x.ExternalId}\"", $",{x.ExternalId},", x.DisplayName];

    private string Told(object partner, string tenant, string name)
    {
        var id = partner.ToString();
        var of = id == "" ? "-" : id == app.Branch.Partner.Id.Value.ToString() ? "former" : id == app.Next.Id.Value.ToString() ? "next" : id;
        return $"{of} {(tenant == app.Branch.Tenant.ExternalId ? "OLD" : tenant)} {(name == app.Branch.Tenant.DisplayName ? "old" : name)}";
    }

    private string Of(string externalId) => (externalId == app.Branch.Partner.ExternalId ? app.Branch.Partner : app.Next).Id.Value.ToString();
}
