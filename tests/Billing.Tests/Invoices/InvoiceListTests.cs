using System.Net;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Invoices;

/// <summary>Which invoices a list has.</summary>
public sealed class InvoiceListTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task Invoices_are_found_by_number_kind_day_of_issue_and_by_what_is_overdue()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerReader);
        Task<List<string>> FoundAsync(string query) => PeriodsAsync(partner, query);
        var today = DateOnly.FromDateTime(app.Clock.GetUtcNow().UtcDateTime);
        string Day(int later) => today.AddDays(later).ToString("yyyy-MM-dd");
        var (first, invoice) = await app.InvoiceAsync(branch, "2023-01", issue: true, "10");
        app.Clock.Advance(TimeSpan.FromDays(1));
        await app.InvoiceAsync(branch, "2023-02", issue: true, "10");
        await app.InvoiceAsync(branch, "2023-03", issue: false, "10");

        (await FoundAsync($"number={invoice.Text("number")}")).ShouldBe(["2023-01"]);
        (await FoundAsync("number=1")).ShouldBeEmpty();
        using var stranger = (await app.BranchAsync()).As(Roles.PartnerReader);
        (await PeriodsAsync(stranger, $"number={invoice.Text("number")}")).ShouldBeEmpty();
        (await FoundAsync("kind=regular")).ShouldBe(["2023-03", "2023-02", "2023-01"]);
        (await FoundAsync("kind=late")).ShouldBeEmpty();
        (await FoundAsync($"issuedFrom={Day(1)}")).ShouldBe(["2023-02"]);
        (await FoundAsync($"issuedUntil={Day(1)}")).ShouldBe(["2023-01"]);
        (await FoundAsync($"issuedFrom={Day(0)}&issuedUntil={Day(2)}&status=issued")).ShouldBe(["2023-02", "2023-01"]);

        // Due a fortnight after they were issued, and until that day is over.
        app.Clock.Set(new DateTimeOffset(today.AddDays(14), new TimeOnly(23, 59, 59), TimeSpan.Zero));
        (await FoundAsync("overdue=true")).ShouldBeEmpty();
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        (await FoundAsync("overdue=true")).ShouldBe(["2023-01"]);
        (await FoundAsync("overdue=false")).ShouldBe(["2023-03", "2023-02"]);
        (await FoundAsync("overdue=true&period=2023-02")).ShouldBeEmpty();
        await Sent(await platform.PayAsync(first, "12.00", "A", paidOn: Day(14)));
        (await FoundAsync("overdue=true")).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_was_issued_before_documents_were_kept_is_overdue_by_the_terms_of_now()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerReader);
        await app.InvoiceAsync(branch, "2023-08", issue: true, "10");
        await app.InvoiceAsync(branch, "2023-09", issue: false, "10");
        await using (var forget = app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(
            """
            alter table billing.invoices disable trigger user;
            update billing.invoices set document = null where period_start = '2023-08-01';
            alter table billing.invoices enable trigger user
            """))
            await forget.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        // Fourteen days are over when the fifteenth begins.
        var issued = app.Clock.GetUtcNow().UtcDateTime.Date;
        app.Clock.Set(new DateTimeOffset(issued.AddDays(15).AddSeconds(-1), TimeSpan.Zero));
        (await PeriodsAsync(partner, "overdue=true")).ShouldBeEmpty();
        (await PeriodsAsync(partner, "overdue=false")).ShouldBe(["2023-09", "2023-08"]);
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        (await PeriodsAsync(partner, "overdue=true")).ShouldBe(["2023-08"]);
        (await PeriodsAsync(partner, "overdue=false")).ShouldBe(["2023-09"]);
    }

    [Theory]
    [InlineData("kind=Draft", "?kind")]
    [InlineData("issuedFrom=2026-01-02&issuedUntil=2026-01-02", "?issuedFrom ?issuedUntil")]
    public async Task What_cannot_be_asked_for_is_refused_by_its_name(string query, string fields)
    {
        using var platform = await app.PlatformAsync();
        using var refused = await platform.GetAsync($"/api/v1/invoices?{query}");
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        string.Join(' ', (await refused.JsonAsync()).GetProperty("errors").EnumerateArray().Select(x => x.Text("pointer"))).ShouldBe(fields);
    }

    [Fact]
    public async Task The_file_names_the_partner_to_who_stands_above_the_tenant()
    {
        var branch = await app.BranchAsync();
        await app.InvoiceAsync(branch, "2023-05", issue: true, "10");
        foreach (var (role, partner) in (IEnumerable<(string, string)>)[
            (Roles.DistributorReader, $",{branch.Partner.Id.Value},{branch.Partner.ExternalId}"), (Roles.TenantAdministrator, ",,")])
        {
            using var reader = branch.As(role);
            var rows = (await reader.TextAsAsync("/api/v1/invoices", "text/csv")).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
            rows.Length.ShouldBe(2);
            rows[0].ShouldEndWith(",kind,partnerId,partnerExternalId");
            rows[1].ShouldEndWith($",Regular{partner}");
        }
    }

    internal static async Task<List<string>> PeriodsAsync(HttpClient client, string query) =>
        [
            .. (await ItemsAsync(client, $"/api/v1/invoices?{query}"))
                .Select(x => x.GetProperty("period").GetProperty("start").GetString()![..7]).OrderDescending(),
        ];
}

/// <summary>A host whose days begin before those of Greenwich.</summary>
public sealed class EasternApp : BillingApp
{
    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?> { ["Billing:TimeZone"] = "Pacific/Auckland" };
}

public sealed class EasternInvoiceListTests(EasternApp app) : IClassFixture<EasternApp>
{
    [Theory]
    [InlineData("issuedFrom=0001-01-01", true)]
    [InlineData("issuedFrom=0001-01-01&issuedUntil=9999-12-31", true)]
    [InlineData("issuedUntil=0001-01-01", false)]
    [InlineData("issuedFrom=9999-12-31", false)]
    public async Task The_first_and_the_last_day_are_no_bound(string query, bool isFound)
    {
        var branch = await app.BranchAsync();
        await app.InvoiceAsync(branch, "2023-01", issue: true, "10");
        using var partner = branch.As(Roles.PartnerReader);
        (await InvoiceListTests.PeriodsAsync(partner, query)).ShouldBe(isFound ? ["2023-01"] : []);
    }
}
