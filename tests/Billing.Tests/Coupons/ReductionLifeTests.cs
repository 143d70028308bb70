using System.Net.Http.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Coupons;

/// <summary>What becomes of coupons and credits when what they are of changes.</summary>
public sealed class ReductionLifeTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task A_credit_comes_back_with_the_invoice_that_is_voided()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        app.Subscribe(branch.Tenant, await app.PlanAsync("voided-credit", [Flat("base", "30.00")]), "2021-02");
        await GrantAsync(platform, branch.Tenant, "20.00", "2021-02-01");
        await app.BillAsync("2021-02");
        var (path, invoice) = await app.InvoiceOfAsync(branch.Tenant, "2021-02");
        (invoice.Amount("net"), await LeftAsync(platform, branch.Tenant)).ShouldBe(("10.00", "0"));

        await Sent(await VoidInvoiceTests.VoidAsync(platform, path));
        (await LeftAsync(platform, branch.Tenant)).ShouldBe("20");
        await app.BillAsync("2021-02");
        var again = (await app.InvoiceOfAsync(branch.Tenant, "2021-02")).Invoice;
        (again.Amount("net"), await LeftAsync(platform, branch.Tenant)).ShouldBe(("10.00", "0"));
        (await app.ScalarAsync<long>($"select count(*) from billing.reduction_uses where tenant_id = '{branch.Tenant.Id.Value}'")).ShouldBe(1);
    }

    [Fact]
    public async Task What_a_tenant_has_goes_with_it_to_its_new_partner()
    {
        var branch = await app.BranchAsync();
        var to = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        using var former = branch.As(Roles.PartnerReader);
        using var next = branch.As(Roles.PartnerReader, to);
        var coupon = (await Sent(await platform.PostAsJsonAsync(
            "/api/v1/billing/coupons", new { code = "MOVES", name = "Moves", validFrom = "2020-01-01", percent = "50" }))).Text("id");
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/billing/coupons/{coupon}/redemptions", new { tenantId = branch.Tenant.Id.Value, startsOn = "2021-03-01" }));
        await GrantAsync(platform, branch.Tenant, "7.00", "2021-03-01");
        async Task<(int, int)> SeenBy(HttpClient partner) => (
            (await ItemsAsync(partner, $"/api/v1/billing/coupons/{coupon}/redemptions")).Count,
            (await ItemsAsync(partner, $"/api/v1/billing/credits?tenantId={branch.Tenant.Id.Value}")).Count);
        (await SeenBy(former), await SeenBy(next)).ShouldBe(((1, 1), (0, 0)));

        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = to.Id.Value, reason = "sold" }));
        await app.DrainAsync();
        (await SeenBy(former), await SeenBy(next)).ShouldBe(((0, 0), (1, 1)));

        // And it still counts on its bills.
        app.Subscribe(branch.Tenant, await app.PlanAsync("moved-credit", [Flat("base", "30.00")]), "2021-03");
        await app.BillAsync("2021-03");
        (await app.InvoiceOfAsync(branch.Tenant, "2021-03")).Invoice.Amount("net").ShouldBe("8.00");
    }

    internal static async Task GrantAsync(HttpClient platform, OrganizationRef tenant, string amount, string validFrom) => await Sent(
        await platform.PostAsJsonAsync("/api/v1/billing/credits", new
        {
            tenantId = tenant.Id.Value,
            reference = "given",
            name = "Given",
            amount = new { amount, currency = "EUR" },
            validFrom,
        }));

    internal static async Task<string> LeftAsync(HttpClient platform, OrganizationRef tenant) =>
        (await ItemsAsync(platform, $"/api/v1/billing/credits?tenantId={tenant.Id.Value}")).ShouldHaveSingleItem().Text("remaining");
}
