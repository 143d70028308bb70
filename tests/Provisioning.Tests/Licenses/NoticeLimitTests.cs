using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Tests.CustomerArea;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Licenses;

/// <summary>
/// What customers are told of their licences goes out in hours that have room for it: at its address, and of who has it sent and of his organisation.
/// </summary>
public sealed class NoticeLimitTests(NoticeLimitTests.Strict app) : IClassFixture<NoticeLimitTests.Strict>
{
    private static int _last;

    public sealed class Strict : SellingApp
    {
        protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
        {
            ["Security:Letters:PerRecipient"] = "2",
            ["Security:Letters:PerPrincipal"] = "5",
            ["Security:Letters:PerOrganization"] = "8",
        };
    }

    [Fact]
    public async Task What_waits_for_its_sender_is_counted_at_its_address_in_the_hour_in_which_it_goes_out()
    {
        var seller = await SellerAsync();
        var victim = await seller.CustomerAsync();
        using var sender = seller.Branch.Partner();
        await seller.FillTwoHoursAsync(sender);

        app.Clock.Advance(TimeSpan.FromMinutes(50));
        await seller.TellAsync(sender, victim, 2);
        app.Clock.Advance(TimeSpan.FromMinutes(61));
        await seller.TellAsync(sender, victim, 2);

        (await ToldAsync(victim, TimeSpan.FromMinutes(8))).ShouldBe(0);
        (await ToldAsync(victim, TimeSpan.FromMinutes(1))).ShouldBe(2);
        (await ToldAsync(victim, TimeSpan.FromMinutes(59))).ShouldBe(2);
        (await ToldAsync(victim, TimeSpan.FromMinutes(1))).ShouldBe(4);
    }

    [Fact]
    public async Task What_waits_for_its_address_is_counted_for_its_sender_in_the_hour_in_which_it_goes_out()
    {
        var seller = await SellerAsync();
        using var sender = seller.Branch.Partner();
        var slow = new[] { await seller.CustomerAsync(), await seller.CustomerAsync() };
        // Two to each in this hour and two in the next, of whose five one is left.
        foreach (var customer in slow)
            await seller.TellAsync(sender, customer, 4);
        app.Clock.Advance(TimeSpan.FromHours(1));
        var other = await seller.CustomerAsync();

        await seller.TellAsync(sender, other, 2);

        (await ToldAsync(other, TimeSpan.Zero)).ShouldBe(1);
        (await ToldAsync(other, TimeSpan.FromHours(1))).ShouldBe(2);
    }

    [Fact]
    public async Task Who_has_many_waiting_keeps_nobody_elses_back_not_to_the_same_address_either()
    {
        var seller = await SellerAsync();
        var (customer, other) = (await seller.CustomerAsync(), await seller.CustomerAsync());
        using var sender = seller.Branch.Partner();
        using var colleague = seller.Branch.As(Roles.DistributorAdministrator, seller.Branch.Partner);
        await seller.FillTwoHoursAsync(sender);
        await seller.TellAsync(sender, customer, 1);

        await seller.TellAsync(colleague, other, 1);
        await seller.TellAsync(colleague, customer, 2);

        (await ToldAsync(other, TimeSpan.Zero)).ShouldBe(1);
        (await ToldAsync(customer, TimeSpan.Zero)).ShouldBe(2);
        (await ToldAsync(customer, TimeSpan.FromHours(1))).ShouldBe(2);
        (await ToldAsync(customer, TimeSpan.FromHours(1))).ShouldBe(3);
    }

    [Fact]
    public async Task An_organization_has_so_many_sent_however_many_send_them()
    {
        var seller = await SellerAsync();
        using var first = seller.Branch.Partner();
        using var second = seller.Branch.As(Roles.DistributorAdministrator, seller.Branch.Partner);
        for (var i = 0; i < 2; i++)
            await seller.TellAsync(first, await seller.CustomerAsync(), 2);
        for (var i = 0; i < 2; i++)
            await seller.TellAsync(second, await seller.CustomerAsync(), 2);
        var customer = await seller.CustomerAsync();

        await seller.TellAsync(first, customer, 1);

        (await ToldAsync(customer, TimeSpan.FromMinutes(59))).ShouldBe(0);
        (await ToldAsync(customer, TimeSpan.FromMinutes(1))).ShouldBe(1);
    }

    [Fact]
    public async Task Of_many_at_once_by_several_to_one_address_so_many_go_out_in_each_hour()
    {
        var address = Address();
        var sellers = new[] { await SellerAsync(), await SellerAsync() };
        var customers = new List<Customer>();
        foreach (var seller in sellers)
            customers.Add(await seller.CustomerAsync(address));

        var answers = await Task.WhenAll(sellers.Select((seller, n) => app.AtOnceAsync(
            seller.Branch.Partner(), 6, (client, i) => client.SendAreaAsync("POST", "licenses/bulk", seller.Told(customers[n])))));

        answers.SelectMany(x => x).ShouldAllBe(a => a.StatusCode == HttpStatusCode.OK);
        for (var hour = 0; hour < 6; hour++)
            (await ToldAsync(customers[0], hour == 0 ? TimeSpan.Zero : TimeSpan.FromHours(1))).ShouldBe(2 * (hour + 1));
    }

    /// <summary>How many notices the customer's address has got by then.</summary>
    private async Task<int> ToldAsync(Customer customer, TimeSpan later)
    {
        app.Clock.Advance(later);
        await app.DrainAsync();
        return app.Mailbox.To(customer.Address).Count(l => l.Subject == "Platform: a licence for you");
    }

    private async Task<Seller> SellerAsync()
    {
        var branch = await app.BranchAsync();
        await branch.TopUpAsync("50.00");
        return new Seller(app, branch, await branch.EditionAsync("1.00"));
    }

    private static string Address() => $"notice-{Interlocked.Increment(ref _last)}@example.com";

    private sealed record Customer(int Code, string Address);

    private sealed record Seller(App App, Branch Branch, string Edition)
    {
        public async Task<Customer> CustomerAsync(string? address = null)
        {
            var tenant = await App.TenantAsync(Branch.Platform, Branch.Partner);
            var customer = new Customer(tenant.Code, address ?? Address());
            using var administrator = Branch.Administrator();
            using var changed = await administrator.PatchAsJsonAsync(
                $"/api/v1/tenants/{tenant.Id.Value}", new { contact = new { email = customer.Address } }, Ct);
            changed.EnsureSuccessStatusCode();
            return customer;
        }

        public object Told(Customer customer) => new { customer_code = customer.Code, license_code = Edition, license_info = "x" };

        public async Task TellAsync(HttpClient sender, Customer customer, int count)
        {
            for (var i = 0; i < count; i++)
                await sender.AreaAsync("POST", "licenses/bulk", Told(customer));
        }

        /// <summary>As many to others as the sender may have sent in this hour and in the next, and one more.</summary>
        public async Task FillTwoHoursAsync(HttpClient sender)
        {
            for (var i = 0; i < 11; i++)
                await TellAsync(sender, await CustomerAsync(), 1);
        }
    }
}
