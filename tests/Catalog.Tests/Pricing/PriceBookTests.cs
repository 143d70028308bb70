using Licensing.Catalog.Contracts;
using Licensing.Catalog.Pricing;
using Licensing.Identity.Contracts;

namespace Licensing.Catalog.Tests.Pricing;

public sealed class PriceBookTests
{
    private static readonly Currency Eur = Currency.Parse("EUR");
    private static readonly OrganizationId Tenant = new(new Guid(1, 0, 0, new byte[8]));
    private static readonly OrganizationId Nobody = new(Guid.Empty);
    private static readonly Guid Subscription = new(2, 0, 0, new byte[8]);

    private static PriceRow Row(PriceTarget target, decimal price, int validFrom = 1, string currency = "EUR") => new(
        target, Currency.Parse(currency), new DateOnly(2026, 1, validFrom),
        new SkuPrice(Sold.NewListId(), "vm", "hours", "VM", new Price(PriceModel.PerUnit, UnitPrice: price)));

    private static readonly PriceRow[] All =
    [
        Row(new PriceTarget(PriceScope.Subscription, null, Tenant, Subscription), 4),
        Row(new PriceTarget(PriceScope.Global), 1),
        Row(new PriceTarget(PriceScope.Tenant, null, Tenant), 3),
        Row(new PriceTarget(PriceScope.Region, "eu"), 2),
    ];

    private static decimal? Find(
        IEnumerable<PriceRow> rows, string? region, OrganizationId tenant, Guid subscription, string currency = "EUR", string? other = null) =>
        new PriceBook(rows).Find("vm", "hours", Currency.Parse(currency), Currency.Parse(other ?? currency), region, tenant, subscription)
            ?.Price.Price.UnitPrice;

    [Fact]
    public void The_most_specific_price_wins()
    {
        Find(All, "eu", Tenant, Subscription).ShouldBe(4);
        Find(All, "eu", Tenant, Guid.Empty).ShouldBe(3);
        Find(All, "eu", Nobody, Guid.Empty).ShouldBe(2);
        Find(All, "us", Nobody, Guid.Empty).ShouldBe(1);
        Find(All, null, Nobody, Guid.Empty).ShouldBe(1);
    }

    [Fact]
    public void What_is_not_priced_in_the_currency_has_no_price()
    {
        Find(All, "eu", Tenant, Subscription, "USD").ShouldBeNull();
        new PriceBook(All).Find("vm", "days", Eur, Eur, null, Tenant, Subscription).ShouldBeNull();
        Find([], null, Tenant, Subscription).ShouldBeNull();
    }

    [Fact]
    public void The_scope_goes_before_the_currency()
    {
        PriceRow[] rows =
        [
            Row(new PriceTarget(PriceScope.Global), 10), Row(new PriceTarget(PriceScope.Tenant, null, Tenant), 7),
            Row(new PriceTarget(PriceScope.Tenant, null, Tenant), 8, currency: "USD"),
            Row(new PriceTarget(PriceScope.Subscription, null, Tenant, Subscription), 5, currency: "USD"),
        ];
        Find(rows, null, Tenant, Subscription, "EUR", "USD").ShouldBe(5);
        Find(rows, null, Tenant, Subscription).ShouldBe(7);
        Find(rows, null, Tenant, Guid.Empty, "EUR", "USD").ShouldBe(7);
        Find(rows, null, Nobody, Guid.Empty, "EUR", "USD").ShouldBe(10);
        var found = new PriceBook(rows).Find("vm", "hours", Eur, Currency.Parse("USD"), null, Tenant, Subscription);
        found!.Value.Currency.ShouldBe(Currency.Parse("USD"));
    }

    [Fact]
    public void Of_two_lists_for_the_same_the_one_that_came_into_force_last_wins()
    {
        var target = new PriceTarget(PriceScope.Tenant, null, Tenant);

        Find([Row(target, 8, validFrom: 10), Row(target, 9, validFrom: 1)], null, Tenant, Guid.Empty).ShouldBe(8);
    }
}
