using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Licensing.Billing.Activity;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.Activity.ActivityTests;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Exports;

public sealed class DailyRowTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task Usage_falls_on_the_days_on_which_it_was_used_and_seats_on_every_day()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("daily", [Seats("10")], usesPriceLists: true);
        var subscription = app.Subscribe(branch.Tenant, plan, "2023-04", seats: 1);
        app.Usage.Add(branch.Tenant, subscription, "2023-04-02", "gb", "100", "STORAGE");
        app.Usage.Add(branch.Tenant, subscription, "2023-04-05", "gb", "233.4", "STORAGE");
        await app.BillAsync("2023-04");
        using var tenant = branch.As(Roles.TenantAdministrator);

        var rows = await AllAsync(tenant, "/api/v1/billing/yearmonth/2023-04", limit: 7);
        var usage = rows.Where(x => x.GetProperty("sku").GetString() == "STORAGE").ToList();
        // 333.4 × 0.05 is 16.67, of which 5.00 and 11.67.
        usage.Select(x => (x.Text("day"), x.Text("quantity"), x.Amount("amount")))
            .ShouldBe([("2023-04-02", "100", "5.00"), ("2023-04-05", "233.4", "11.67")]);
        var seats = rows.Where(x => x.GetProperty("chargeKey").GetString() == "seats").ToList();
        seats.Count.ShouldBe(30);
        seats.ShouldAllBe(x => x.Text("quantity") == "1");
        seats.Sum(x => decimal.Parse(x.Amount("amount"))).ShouldBe(10.00m);
        rows.Count.ShouldBe(32);

        // The days of a range are the same days.
        var some = await AllAsync(tenant, "/api/v1/billing/range?from=2023-03-20&until=2023-04-03", limit: 200);
        some.Select(x => (x.Text("day"), x.Text("description"), x.Amount("amount"))).ShouldBe(
            rows.Where(x => string.CompareOrdinal(x.Text("day"), "2023-04-03") < 0)
                .Select(x => (x.Text("day"), x.Text("description"), x.Amount("amount"))));
    }

    [Fact]
    public async Task The_days_add_up_to_the_invoices_also_as_CSV_and_nobody_sees_anothers()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("sums", [Flat("base", "9.99"), Seats("3.33")]);
        foreach (var tenant in (OrganizationRef[])[branch.Tenant, await app.TenantAsync(branch.Platform, branch.Partner)])
            for (var i = 0; i < 12; i++)
                app.Subscribe(tenant, plan, "2023-05-03/2023-06-01", seats: i);
        await app.BillAsync("2023-05");
        using var partner = branch.As(Roles.PartnerReader);
        var total = (await ItemsAsync(partner, "/api/v1/invoices?period=2023-05")).Sum(x => decimal.Parse(x.Amount("net")));

        var rows = await AllAsync(partner, "/api/v1/billing/yearmonth/2023-05", limit: 200);
        rows.Sum(x => decimal.Parse(x.Amount("amount"))).ShouldBe(total);
        rows.Select(x => (x.Text("invoiceId"), x.GetProperty("position").GetInt32(), x.Text("day"))).ShouldBeUnique();

        var csv = await partner.TextAsAsync("/api/v1/billing/yearmonth/2023-05", "text/csv");
        var lines = csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)[1..];
        lines.Length.ShouldBe(rows.Count);
        lines.Sum(x => decimal.Parse(x.Split(',')[9])).ShouldBe(total);
        using var stranger = (await app.BranchAsync()).As(Roles.DistributorReader);
        (await ItemsAsync(stranger, "/api/v1/billing/yearmonth/2023-05")).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_void_is_on_no_day_and_what_cannot_be_read_is_refused()
    {
        var branch = await app.BranchAsync();
        var (path, _) = await app.InvoiceAsync(branch, "2023-06", issue: true, "10");
        using var platform = branch.Administrator();
        var mine = $"/api/v1/billing/yearmonth/2023-06?tenantId={branch.Tenant.Id.Value}";
        (await ItemsAsync(platform, mine)).Count.ShouldBe(30);
        await Sent(await VoidInvoiceTests.VoidAsync(platform, path));
        (await ItemsAsync(platform, mine)).ShouldBeEmpty();

        (await (await platform.GetAsync("/api/v1/billing/yearmonth/june")).CodeAsync()).ShouldBe("invalid_period");
        (await (await platform.GetAsync("/api/v1/billing/range?from=2023-06-01&until=2023-06-01")).CodeAsync()).ShouldBe("invalid_parameter");
        (await platform.GetAsync($"{mine}&after=bm90aGluZw")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public void Whatever_was_used_the_days_are_the_line_to_the_cent()
    {
        var days = Period.Parse("2024-02");
        var samples =
            from cents in Gen.Choose(-100_000, 10_000_000)
            from currency in Gen.Elements("EUR", "JPY", "KWD")
            from used in Gen.ListOf(Gen.Choose(-5, 1_000_000), days.Days)
            from some in Gen.Choose(0, days.Days)
            from isUsage in Gen.Elements(true, false)
            select (Net: ((Exact)(cents / 1000m)).Round(Currency.Parse(currency)), isUsage
                ? used.Take(some).Select((x, i) => (days.Start.AddDays(i), (Exact)(x / 1000m))).ToDictionary(x => x.Item1, x => x.Item2)
                : null);
        Prop.ForAll(samples.ToArbitrary(), sample =>
        {
            var parts = DailySpread.Of(days, sample.Net, sample.Net, 3, sample.Item2).ToList();
            parts.Sum(x => x.Amount.Amount).ShouldBe(sample.Net.Amount);
            parts.ShouldAllBe(x => x.Amount == x.Amount.Round() && days.Contains(x.Day));
        }).QuickCheckThrowOnFailure();
    }
}
